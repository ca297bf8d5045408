// SPDX-License-Identifier: Apache-2.0
// Sealing: names find their contents, entries get their order, rules speak, and one file is left.
#include <fmt/format.h>

#include <array>
#include <map>
#include <set>
#include <tuple>

#include "engine/base/text.h"
#include "engine/case/store_impl.h"
#include "engine/case/store_schema.h"
#include "engine/case/unopened.h"

namespace triage {
namespace {

// Sums of sizes that evidence claims stay at the largest value instead of wrapping.
void add(std::uint64_t& sum, std::uint64_t value) { sum = checked_add(sum, value).value_or(~std::uint64_t{0}); }

struct Sums {
    std::uint64_t entries = 0, bytes = 0, missing_bytes = 0;
};

// What seal counts while it judges.
class Counts {
  public:
    void add_entry(std::uint32_t evidence, const EntryRecord& record) {
        const Examined& examined = record.examined;
        Sums& sums = ledger_[{evidence, examined.status, examined.reason, record.entry.state}];
        ++sums.entries;
        add(sums.bytes, record.entry.size);
        add(sums.missing_bytes, examined.missing_bytes);
        add_matches(evidence, examined.matches);
        if (record.finding) ++findings_[{evidence, record.finding->severity}];
        if (record.entry.stream.empty()) add_unopened(evidence, record.entry);
    }

    void write(const Database& database) const {
        Statement ledger = database.prepare("INSERT INTO ledger VALUES (?,?,?,?,?,?,?)");
        for (const auto& [key, sums] : ledger_) {
            const auto& [evidence, status, reason, state] = key;
            ledger.run(evidence, static_cast<int>(status), static_cast<int>(reason), static_cast<int>(state),
                       sums.entries, sums.bytes, sums.missing_bytes);
        }
        Statement match = database.prepare("INSERT INTO match_count VALUES (?,?,?,?,?,?,?)");
        for (const auto& [key, entries] : matches_) {
            const auto& [evidence, set, category, alerts, agrees, differs] = key;
            match.run(evidence, set, category, int{alerts}, int{agrees}, int{differs}, entries);
        }
        Statement finding = database.prepare("INSERT INTO finding_count VALUES (?,?,?)");
        for (const auto& [key, entries] : findings_) finding.run(key.first, static_cast<int>(key.second), entries);
        Statement unopened = database.prepare("INSERT INTO unopened_count VALUES (?,?,?,?)");
        for (const auto& [key, sums] : unopened_)
            unopened.run(key.first, to_string(key.second), sums.entries, sums.bytes);
    }

  private:
    using MatchKey = std::tuple<std::uint32_t, std::uint32_t, std::string, bool, std::uint8_t, std::uint8_t>;

    // An entry counts once for a set, category and strength, however many records of the set say the same.
    void add_matches(std::uint32_t evidence, const std::vector<Match>& matches) {
        std::set<MatchKey> keys;
        for (const Match& match : matches)
            keys.insert({evidence, match.set, match.category, match.alerts, match.agrees.bits(), match.differs.bits()});
        for (const MatchKey& key : keys) ++matches_[key];
    }

    void add_unopened(std::uint32_t evidence, const Entry& entry) {
        const auto kind = unopened_kind_of(entry.path);
        if (!kind) return;
        Sums& sums = unopened_[{evidence, *kind}];
        ++sums.entries;
        add(sums.bytes, entry.size);
    }

    std::map<std::tuple<std::uint32_t, Status, Reason, EntryState>, Sums> ledger_;
    std::map<MatchKey, std::uint64_t> matches_;
    std::map<std::pair<std::uint32_t, Severity>, std::uint64_t> findings_;
    std::map<std::pair<std::uint32_t, UnopenedKind>, Sums> unopened_;
};

// Names that came without a content wait for the one with the same key. Where a key has several contents (a stale name
// without one, then the file), the one that was examined best counts: `status` goes from hashed to unreadable.
constexpr const char* find_shared_contents = R"sql(
CREATE TEMP TABLE wanted (volume INTEGER, address INTEGER, attribute INTEGER,
    PRIMARY KEY (volume, address, attribute)) WITHOUT ROWID;
CREATE TEMP TABLE shared (volume INTEGER, address INTEGER, attribute INTEGER, content INTEGER,
    PRIMARY KEY (volume, address, attribute)) WITHOUT ROWID;
INSERT OR IGNORE INTO wanted SELECT volume, address, attribute FROM entry WHERE content IS NULL;
INSERT OR IGNORE INTO shared SELECT c.volume, c.address, c.attribute, c.id FROM content c
    WHERE EXISTS (SELECT 1 FROM wanted w
                  WHERE w.volume = c.volume AND w.address = c.address AND w.attribute = c.attribute)
    ORDER BY c.status, c.id;
)sql";

// The total order of the contract. `x < 0, x` sorts two's complement as unsigned; blobs compare by raw bytes.
constexpr const char* sort_entries = R"sql(
INSERT INTO entry_order (entry_id, content_id)
SELECT e.id, coalesce(e.content, s.content)
FROM entry e JOIN volume v ON v.id = e.volume
LEFT JOIN shared s ON e.content IS NULL AND s.volume = e.volume AND s.address = e.address
    AND s.attribute = e.attribute
ORDER BY v.evidence, v.position, e.address < 0, e.address, e.path, e.stream, e.state, e.size < 0, e.size, e.walk_order;
)sql";

std::string join(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, " ")); }

}  // namespace

void Store::Impl::resolve_and_sort() {
    database.execute(drop_sealed);
    database.execute(sealed_schema);
    database.execute(find_shared_contents);
    database.execute(sort_entries);
    database.execute("DROP TABLE wanted; DROP TABLE shared");
    if (database.integer("SELECT count(*) FROM entry") != database.integer("SELECT count(*) FROM entry_order"))
        throw Error(escape_for_terminal(database.path()), "entries of a volume that was never recorded");
}

void Store::Impl::judge_all(const Judge& judge) {
    std::map<std::uint32_t, std::uint32_t> evidence_of;
    for (const VolumeRecord& volume : read_volumes()) evidence_of[volume.id] = volume.evidence;
    Counts counts;
    Statement insert = database.prepare("INSERT INTO finding VALUES (?,?,?)");
    for (EntryCursor cursor(database); cursor.next();) {
        cursor.read_matches();
        cursor.record().finding = judge(cursor.record());
        const auto& finding = cursor.record().finding;
        if (finding) insert.run(cursor.ordinal(), static_cast<int>(finding->severity), join(finding->rules));
        counts.add_entry(evidence_of[cursor.record().volume], cursor.record());
    }
    counts.write(database);
}

// The log is folded in first: what seal makes is appended to the file directly, under a rollback journal, so that a
// crash in between leaves the unsealed store.
void Store::seal(const Judge& judge) {
    impl_->guard([&] {
        Database& database = impl_->database;
        if (database.is_in_transaction()) database.execute("COMMIT");
        impl_->inserts.reset();
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
        // The journal file is deleted at commit only when the lock is not exclusive.
        database.execute(
            "PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL; PRAGMA cache_size = -65536;"
            "BEGIN EXCLUSIVE");
        try {
            impl_->resolve_and_sort();
            impl_->judge_all(judge);
            database.execute("COMMIT");
        } catch (...) {
            if (database.is_in_transaction()) database.execute("ROLLBACK");
            throw;
        }
        impl_->is_sealed = true;
    });
}

}  // namespace triage
