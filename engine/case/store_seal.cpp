// SPDX-License-Identifier: Apache-2.0
// Sealing: names find their contents, rules speak, entries get their order, and one file is left.
#include <fmt/format.h>

#include "engine/case/store_impl.h"
#include "engine/case/store_schema.h"

namespace triage {
namespace {

// Findings wait here, by entry, until the entries have their ordinals.
Statement insert_into_judged(Database& database) {
    database.execute(
        "CREATE TEMP TABLE IF NOT EXISTS judged (entry INTEGER PRIMARY KEY, severity INTEGER, rules TEXT)");
    return database.prepare("INSERT INTO judged VALUES (?,?,?)");
}

constexpr const char* shared_tables = R"sql(
CREATE TEMP TABLE wanted (volume INTEGER, address INTEGER, attribute INTEGER,
    PRIMARY KEY (volume, address, attribute)) WITHOUT ROWID;
CREATE TEMP TABLE shared (volume INTEGER, address INTEGER, attribute INTEGER, content INTEGER,
    PRIMARY KEY (volume, address, attribute)) WITHOUT ROWID;
)sql";

// Names that came without a content wait for the one with the same key. Where a key has several contents (a stale name
// without one, then the file), the one that was examined best counts: `status` goes from hashed to unreadable.
constexpr const char* find_shared_contents = R"sql(
INSERT OR IGNORE INTO wanted SELECT volume, address, attribute FROM entry WHERE content IS NULL;
INSERT OR IGNORE INTO shared SELECT c.volume, c.address, c.attribute, c.id FROM content c
    WHERE EXISTS (SELECT 1 FROM wanted w
                  WHERE w.volume = c.volume AND w.address = c.address AND w.attribute = c.attribute)
    ORDER BY c.status, c.id;
)sql";

constexpr const char* rank_volumes = R"sql(
CREATE TEMP TABLE ranked (id INTEGER PRIMARY KEY, rank INTEGER);
INSERT INTO ranked SELECT id, row_number() OVER (ORDER BY evidence, position, id) FROM volume;
)sql";

// The total order of the contract. `x < 0, x` sorts two's complement as unsigned; blobs compare by raw bytes. The first
// key is rank of the volume and address in one number, with all addresses of 2^40 and more as one, and those of 2^63
// and more as another. It decides nearly every comparison, and a first key that is a number is what SQLite compares
// fastest.
constexpr const char* sort_entries = R"sql(
INSERT INTO entry_order (entry_id, content_id)
SELECT e.id, {} FROM entry e CROSS JOIN ranked v ON v.id = e.volume {}
ORDER BY (v.rank << 41) + iif(e.address BETWEEN 0 AND (1 << 40) - 1, e.address, (1 << 40) + (e.address < 0)),
    e.address, e.path, e.stream, e.state, e.size < 0, e.size, e.walk_order;
)sql";
constexpr const char* join_shared = R"sql(
LEFT JOIN shared s ON e.content IS NULL AND s.volume = e.volume AND s.address = e.address
    AND s.attribute = e.attribute
)sql";

constexpr const char* order_findings = R"sql(
INSERT INTO finding SELECT o.ordinal, j.severity, j.rules FROM entry_order o CROSS JOIN judged j ON j.entry = o.entry_id
    ORDER BY o.ordinal;
)sql";

std::string join(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, " ")); }

}  // namespace

Store::Impl::Judging::Judging(Database& database, Judge chosen)
    : judge(std::move(chosen)), insert(insert_into_judged(database)) {}

void Store::Impl::Judging::add(std::uint64_t entry_id, const EntryRecord& record) {
    const std::optional<Finding> finding = judge(record);
    counts.add(record, finding);
    if (!finding) return;
    insert.run(entry_id, static_cast<int>(finding->severity), join(finding->rules));
    ++findings;
}

void Store::judge_as_they_come(Judge judge) {
    if (impl_->database.integer("SELECT EXISTS (SELECT 1 FROM entry)") != 0) return;
    impl_->judging.emplace(impl_->database, std::move(judge));
}

// What was judged when it was put is done; its names without a content are not, and need what others found.
void Store::Impl::judge_rest(const Judge& judge) {
    const bool is_begun = judging.has_value();
    if (is_begun && !has_shared_contents) return;
    if (!is_begun) judging.emplace(database, judge);
    EntryCursor cursor(database, is_begun ? EntryCursor::Of::names_without_content : EntryCursor::Of::unsorted);
    while (cursor.next()) {
        cursor.read_matches();
        cursor.read_asked();
        judging->add(cursor.ordinal(), cursor.record());
    }
}

void Store::Impl::make_sealed_tables(const Judge& judge) {
    database.execute(drop_sealed);
    database.execute(sealed_schema);
    database.execute(shared_tables);
    if (has_shared_contents) database.execute(find_shared_contents);
    judge_rest(judge);
    judging->counts.write(database, read_volumes());
    database.execute(rank_volumes);
    database.execute(has_shared_contents ? fmt::format(sort_entries, "coalesce(e.content, s.content)", join_shared)
                                         : fmt::format(sort_entries, "e.content", ""));
    if (judging->findings > 0) database.execute(order_findings);
    judging.reset();
    database.execute("DROP TABLE wanted; DROP TABLE shared; DROP TABLE judged; DROP TABLE ranked");
}

// In one transaction, so that a crash leaves the unsealed store.
void Store::seal(const Judge& judge) {
    impl_->guard([&] {
        Database& database = impl_->database;
        if (database.is_in_transaction()) database.execute("COMMIT");
        impl_->inserts.reset();
        // The journal file is deleted at commit only when the lock is not exclusive.
        database.execute(
            "PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL; PRAGMA cache_size = -65536;"
            "BEGIN EXCLUSIVE");
        try {
            impl_->make_sealed_tables(judge);
            database.execute("COMMIT");
        } catch (...) {
            if (database.is_in_transaction()) database.execute("ROLLBACK");
            throw;
        }
        impl_->is_sealed = true;
    });
}

}  // namespace triage
