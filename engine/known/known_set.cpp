// SPDX-License-Identifier: Apache-2.0
#include "engine/known/known_set.h"

#include "engine/known/columns.h"

namespace triage {

std::string_view to_string(Polarity polarity) { return polarity == Polarity::notable ? "notable" : "ignorable"; }

namespace {

struct Hit {
    RecordIndex record;
    Algorithm algorithm;  // in which record and content agree
};

std::vector<Hit> hits_of(const KnownColumns& columns, const Digests& digests) {
    std::vector<Hit> hits;
    columns.each([&](Algorithm a, const auto& column) {
        const auto& digest = digests.get(a);
        if (!digest) return;
        for (const auto& row : column.find(digest->view())) hits.push_back({row.record, a});
    });
    return hits;
}

Match match_of(const KnownColumns& columns, RecordIndex record, AlgorithmSet agrees, AlgorithmSet computed,
               std::uint64_t size) {
    const unsigned both = columns.algorithms_of(record).bits() & computed.bits();
    Match match;
    match.record = columns.positions.of(record);
    match.category = columns.categories.of(record);
    match.label = columns.labels.of(record);
    match.agrees = agrees;
    match.differs = AlgorithmSet::from_bits(static_cast<std::uint8_t>(both & ~unsigned{agrees.bits()}));
    if (const auto listed = columns.sizes.of(record)) match.size_agrees = *listed == size;
    return match;
}

}  // namespace

KnownSet::KnownSet(std::unique_ptr<KnownColumns> columns) : columns_(std::move(columns)) {}
KnownSet::~KnownSet() = default;
KnownSet::KnownSet(KnownSet&&) noexcept = default;
KnownSet& KnownSet::operator=(KnownSet&&) noexcept = default;

const KnownSetIdentity& KnownSet::identity() const { return columns_->identity; }

std::uint64_t KnownSet::records_without(AlgorithmSet algorithms) const {
    std::uint64_t records = 0;
    for (std::uint8_t bits = 0; bits < columns_->records_with.size(); ++bits)
        if ((bits & algorithms.bits()) == 0) records += columns_->records_with[bits];
    return records;
}

void KnownSet::lookup(const Digests& digests, std::uint64_t size, std::uint32_t set_index,
                      std::vector<Match>& out) const {
    std::vector<Hit> hits = hits_of(*columns_, digests);
    std::sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) { return a.record < b.record; });
    for (std::size_t i = 0; i < hits.size();) {
        const RecordIndex record = hits[i].record;
        AlgorithmSet agrees;
        for (; i < hits.size() && hits[i].record == record; ++i) agrees.add(hits[i].algorithm);
        out.push_back(match_of(*columns_, record, agrees, digests.algorithms(), size));
        out.back().set = set_index;
    }
}

std::vector<Match> lookup(const KnownSets& sets, const Digests& digests, std::uint64_t size) {
    std::vector<Match> matches;
    for (std::size_t i = 0; i < sets.size(); ++i) sets[i].lookup(digests, size, static_cast<std::uint32_t>(i), matches);
    return matches;
}

AlgorithmSet algorithms_of(const KnownSets& sets) {
    AlgorithmSet all;
    for (const KnownSet& set : sets) all.add(set.identity().algorithms);
    return all;
}

}  // namespace triage
