// SPDX-License-Identifier: Apache-2.0
#include "engine/case/store_counts.h"

#include "engine/base/text.h"

namespace triage {
namespace {

// Sums of sizes that evidence claims stay at the largest value instead of wrapping.
void add_to(std::uint64_t& sum, std::uint64_t value) { sum = checked_add(sum, value).value_or(~std::uint64_t{0}); }

}  // namespace

void Counts::Sums::add(const Sums& other) {
    entries += other.entries;
    add_to(bytes, other.bytes);
    add_to(missing_bytes, other.missing_bytes);
}

void Counts::add(const EntryRecord& record, const std::optional<Finding>& finding) {
    const std::uint32_t volume = record.volume;
    const Entry& entry = record.entry;
    const Examined& examined = record.examined;
    const LedgerKey key{examined.status, examined.reason, entry.state};
    ledger_[{volume, key}].add({1, entry.size, examined.missing_bytes});
    if (!examined.matches.empty()) add_matches(volume, examined.matches);
    if (finding) findings_[{volume, finding->severity}].add({1});
    if (!entry.stream.empty()) return;
    if (const auto kind = unopened_kind_of(entry.path)) unopened_[{volume, *kind}].add({1, entry.size});
}

// An entry counts once for a set, category and strength, however many records of the set say the same.
void Counts::add_matches(std::uint32_t volume, const std::vector<Match>& matches) {
    std::set<MatchKey> keys;
    for (const Match& match : matches)
        keys.insert({match.set, match.category, match.alerts, match.agrees.bits(), match.differs.bits()});
    for (const MatchKey& key : keys) matches_[{volume, key}].add({1});
}

template <class Key>
Counts::Tally<Key> Counts::by_evidence(const Tally<Key>& by_volume,
                                       const std::map<std::uint32_t, std::uint32_t>& evidences,
                                       const std::string& path) {
    Tally<Key> tally;
    for (const auto& [key, sums] : by_volume) {
        const auto evidence = evidences.find(key.first);
        if (evidence == evidences.end())
            throw Error(escape_for_terminal(path), "entries of a volume that was never recorded");
        tally[{evidence->second, key.second}].add(sums);
    }
    return tally;
}

void Counts::write(const Database& database, const std::vector<VolumeRecord>& volumes) const {
    std::map<std::uint32_t, std::uint32_t> evidences;
    for (const VolumeRecord& volume : volumes) evidences[volume.id] = volume.evidence;
    const std::string& path = database.path();

    Statement ledger = database.prepare("INSERT INTO ledger VALUES (?,?,?,?,?,?,?)");
    for (const auto& [key, sums] : by_evidence(ledger_, evidences, path)) {
        const auto& [status, reason, state] = key.second;
        ledger.run(key.first, static_cast<int>(status), static_cast<int>(reason), static_cast<int>(state), sums.entries,
                   sums.bytes, sums.missing_bytes);
    }
    Statement match = database.prepare("INSERT INTO match_count VALUES (?,?,?,?,?,?,?)");
    for (const auto& [key, sums] : by_evidence(matches_, evidences, path)) {
        const auto& [set, category, alerts, agrees, differs] = key.second;
        match.run(key.first, set, category, int{alerts}, int{agrees}, int{differs}, sums.entries);
    }
    Statement finding = database.prepare("INSERT INTO finding_count VALUES (?,?,?)");
    for (const auto& [key, sums] : by_evidence(findings_, evidences, path))
        finding.run(key.first, static_cast<int>(key.second), sums.entries);
    Statement unopened = database.prepare("INSERT INTO unopened_count VALUES (?,?,?,?)");
    for (const auto& [key, sums] : by_evidence(unopened_, evidences, path))
        unopened.run(key.first, to_string(key.second), sums.entries, sums.bytes);
}

}  // namespace triage
