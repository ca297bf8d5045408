// SPDX-License-Identifier: Apache-2.0
// Forgetting names: a sealed store is written anew without them and then takes the place of the old one. A file that
// never held a name has none in its unused pages either, and a crash leaves the one or the other, whole.
#include <cassert>
#include <filesystem>

#include "engine/base/text.h"
#include "engine/case/ledger.h"
#include "engine/case/private_file.h"
#include "engine/case/store_impl.h"
#include "engine/case/store_schema.h"

namespace triage {
namespace {

// A problem tells where it is by address or by path.
constexpr const char* find_kept = R"sql(
CREATE TEMP TABLE by_address (volume INTEGER, address INTEGER, PRIMARY KEY (volume, address)) WITHOUT ROWID;
INSERT OR IGNORE INTO by_address SELECT volume, address FROM old.problem
    WHERE volume IS NOT NULL AND address IS NOT NULL;
CREATE TEMP TABLE by_path (volume INTEGER, path BLOB, PRIMARY KEY (volume, path)) WITHOUT ROWID;
INSERT OR IGNORE INTO by_path SELECT volume, path FROM old.problem WHERE volume IS NOT NULL AND path <> x'';
CREATE TEMP TABLE kept (entry INTEGER PRIMARY KEY);
INSERT INTO kept SELECT o.entry_id FROM old.finding f CROSS JOIN old.entry_order o ON o.ordinal = f.ordinal;
INSERT OR IGNORE INTO kept SELECT e.id FROM old.entry e
    WHERE EXISTS (SELECT 1 FROM by_address b WHERE b.volume = e.volume AND b.address = e.address)
    OR EXISTS (SELECT 1 FROM by_path b WHERE b.volume = e.volume AND b.path = e.path);
INSERT OR IGNORE INTO kept SELECT o.entry_id FROM old.entry_order o LEFT JOIN old.content c ON c.id = o.content_id
    WHERE c.id IS NULL
    OR EXISTS (SELECT 1 FROM incomplete i WHERE i.status = c.status AND i.reason = c.reason);
)sql";

// What of the contents forbids exit 0 is told by the ledger alone.
void put_incomplete(Database& database, const std::vector<LedgerRow>& ledger) {
    database.execute("CREATE TEMP TABLE incomplete (status INTEGER, reason INTEGER, PRIMARY KEY (status, reason))");
    Statement insert = database.prepare("INSERT OR IGNORE INTO incomplete VALUES (?,?)");
    for (const LedgerRow& row : ledger)
        if (forbids_exit_zero(row)) insert.run(static_cast<int>(row.status), static_cast<int>(row.reason));
}

// The columns of `entry`, with an empty name where none is kept.
std::string entries_without_names(const Database& database) {
    std::string columns;
    Statement column = database.prepare("SELECT name FROM pragma_table_info('entry') ORDER BY cid");
    while (column.step()) {
        const std::string name(column.text(0));
        const bool is_name = name == "path" || name == "stream";
        columns +=
            (columns.empty() ? "" : ", ") + (is_name ? "iif(k.entry IS NULL, x'', e." + name + ")" : "e." + name);
    }
    return "SELECT " + columns + " FROM old.entry e LEFT JOIN kept k ON k.entry = e.id";
}

// The tables are those that this build makes; `code` is filled by then.
void copy_tables(Database& database) {
    std::vector<std::string> tables;
    Statement row = database.prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name <> 'code'");
    while (row.step()) tables.emplace_back(row.text(0));
    for (const std::string& name : tables)
        database.execute("INSERT INTO main." + name + " " +
                         (name == "entry" ? entries_without_names(database) : "SELECT * FROM old." + name));
}

// Returns how many entries lost their names.
std::uint64_t write_without_names(const std::string& from, const std::string& to,
                                  const std::vector<LedgerRow>& ledger) {
    PrivateFile::create(to);
    Database database(to, Database::Mode::read_write);
    database.execute(
        "PRAGMA page_size = 16384; PRAGMA journal_mode = OFF; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768;"
        "PRAGMA trusted_schema = OFF");
    create_tables(database);
    database.prepare("ATTACH ? AS old").run(from);
    put_incomplete(database, ledger);
    database.execute(find_kept);
    database.execute("BEGIN");
    database.execute(sealed_schema);
    copy_tables(database);
    database.execute("UPDATE main.run SET names_forgotten = 1");
    database.execute("COMMIT");
    return static_cast<std::uint64_t>(
        database.integer("SELECT (SELECT count(*) FROM main.entry) - (SELECT count(*) FROM kept)"));
}

}  // namespace

std::uint64_t Store::forget_names() {
    assert(impl_->is_sealed);
    namespace fs = std::filesystem;
    const std::string path = impl_->database.path(), draft = path + ".new";
    const std::string folder = fs::absolute(path).parent_path().string();
    Database::set_temp_folder(folder);
    std::error_code error;
    fs::remove(draft, error);  // of a run that died here
    try {
        const std::uint64_t forgotten = write_without_names(path, draft, ledger());
        fs::rename(draft, path, error);
        if (error) throw Error(escape_for_terminal(path), "cannot be replaced: " + error.message());
        sync_folder(folder);
        *this = open_read_only(path);
        return forgotten;
    } catch (...) {
        fs::remove(draft, error);
        throw;
    }
}

}  // namespace triage
