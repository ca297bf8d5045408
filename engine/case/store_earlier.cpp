// SPDX-License-Identifier: Apache-2.0
// Contents of unfinished volumes outlive the rows that a resumed scan forgets.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "engine/base/text.h"
#include "engine/case/earlier_contents.h"
#include "engine/case/private_file.h"
#include "engine/case/store_impl.h"

namespace triage {
namespace {

constexpr const char* earlier_schema = R"sql(
CREATE TABLE IF NOT EXISTS earlier.hashed (volume INTEGER, address INTEGER, attribute INTEGER, size INTEGER NOT NULL,
    extents BLOB NOT NULL, md5 BLOB, sha1 BLOB, sha256 BLOB, type TEXT, bits REAL, libmagic TEXT,
    PRIMARY KEY (volume, address, attribute)) STRICT, WITHOUT ROWID
)sql";

// A match is confirmed by a second reading, or a problem says that it was not: such a content is read again, problems
// of an unfinished volume being forgotten. Resident bytes are not compared, and cost nothing.
constexpr const char* keep_hashed = R"sql(
INSERT OR IGNORE INTO earlier.hashed
SELECT c.volume, c.address, c.attribute, e.size, c.extents, c.md5, c.sha1, c.sha256, c.type, n.bits, m.type
FROM entry e CROSS JOIN content c ON c.id = e.content LEFT JOIN entropy n ON n.content = c.id
    LEFT JOIN libmagic_type m ON m.content = c.id
WHERE c.volume IN ({}) AND c.status = {} AND c.matches = 0 AND e.source <> {} ORDER BY 1, 2, 3
)sql";

std::string earlier_path(const std::string& store) {
    return (std::filesystem::path(store).parent_path() / "earlier.sqlite").string();
}

}  // namespace

// The file is on the disk before anything is forgotten: a run that dies at any moment finds each content here or in the
// store. What a still earlier part left is kept.
std::unique_ptr<EarlierContents> Store::keep_contents(const std::vector<std::uint32_t>& volumes) {
    const std::string path = earlier_path(impl_->database.path());
    require_regular_files(path);
    const bool is_there = std::filesystem::exists(path);
    if (volumes.empty() && !is_there) return nullptr;
    commit();
    impl_->guard([&] {
        Database& database = impl_->database;
        if (!is_there) PrivateFile::create(path);
        database.prepare("ATTACH ? AS earlier").run(path);
        database.execute(
            "PRAGMA earlier.locking_mode = NORMAL; PRAGMA earlier.journal_mode = DELETE;"
            "PRAGMA earlier.synchronous = FULL; BEGIN IMMEDIATE");
        database.execute(earlier_schema);
        database.execute(fmt::format(keep_hashed, fmt::join(volumes, ","), static_cast<int>(Status::hashed),
                                     static_cast<int>(Source::resident)));
        database.execute("COMMIT");
        database.execute("DETACH earlier");
        sync_folder(std::filesystem::absolute(path).parent_path().string());
    });
    return std::make_unique<EarlierContents>(path);
}

void Store::drop_earlier_contents() {
    std::error_code error;
    std::filesystem::remove(earlier_path(impl_->database.path()), error);
    if (error) throw Error(escape_for_terminal(impl_->database.path()), "cannot be concluded: " + error.message());
}

EarlierContents::EarlierContents(const std::string& path)
    : database_(path, Database::Mode::immutable),
      find_(database_.prepare("SELECT size, extents, md5, sha1, sha256, type, bits, libmagic FROM hashed"
                              " WHERE volume = ? AND address = ? AND attribute = ?")) {}

std::optional<Examined> EarlierContents::find(std::uint32_t volume, const Entry& entry) {
    find_.bind(volume, entry.address, entry.attribute);
    const bool is_here = find_.step();
    std::optional<Examined> examined;
    if (is_here && find_.unsigned_integer(0) == entry.size &&
        std::ranges::equal(find_.blob(1), encode_extents(entry.extents))) {
        examined.emplace();
        examined->status = Status::hashed, examined->reason = Reason::none;
        examined->digests.md5 = digest_at(find_, 2, Algorithm::md5);
        examined->digests.sha1 = digest_at(find_, 3, Algorithm::sha1);
        examined->digests.sha256 = digest_at(find_, 4, Algorithm::sha256);
        examined->type = find_.text(5);
        if (!find_.is_null(6)) examined->entropy = find_.real(6);
        examined->libmagic_type = find_.text(7);
    }
    find_.reset();
    return examined;
}

}  // namespace triage
