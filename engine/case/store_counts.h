// SPDX-License-Identifier: Apache-2.0
// What the store counts of its entries: ledger, matches, findings, what was not opened. Private to
// engine/case/store*.cpp; belongs to the store's thread.
#pragma once

#include <map>
#include <set>
#include <tuple>

#include "engine/base/sqlite.h"
#include "engine/case/records.h"
#include "engine/case/unopened.h"

namespace triage {

class Counts {
  public:
    void add(const EntryRecord& record, const std::optional<Finding>& finding);  // with its matches
    // Into the sealed tables. An entry of a volume that is not among `volumes` throws Error.
    void write(const Database& database, const std::vector<VolumeRecord>& volumes) const;

  private:
    struct Sums {
        std::uint64_t entries = 0, bytes = 0, missing_bytes = 0;
        void add(const Sums& other);
    };
    // By volume, since entries may come before their volume is complete, or by evidence.
    template <class Key>
    using Tally = std::map<std::pair<std::uint32_t, Key>, Sums>;
    using LedgerKey = std::tuple<Status, Reason, EntryState>;
    using MatchKey = std::tuple<std::uint32_t, std::string, bool, std::uint8_t, std::uint8_t>;

    template <class Key>
    static Tally<Key> by_evidence(const Tally<Key>& by_volume, const std::map<std::uint32_t, std::uint32_t>& evidences,
                                  const std::string& path);
    void add_matches(std::uint32_t volume, const std::vector<Match>& matches);

    Tally<LedgerKey> ledger_;
    Tally<MatchKey> matches_;
    Tally<Severity> findings_;
    Tally<UnopenedKind> unopened_;
};

}  // namespace triage
