// SPDX-License-Identifier: Apache-2.0
#include <cassert>
#include <limits>
#include <tuple>

#include "engine/base/error.h"
#include "engine/known/columns.h"
#include "engine/known/known_set.h"

namespace triage {
namespace {

constexpr RecordIndex nobody = std::numeric_limits<RecordIndex>::max();

// Calls `f(rows)` for each stretch of rows with the same digest.
template <class Column, class F>
void each_digest(const Column& column, F&& f) {
    const auto rows = column.rows();
    for (std::size_t first = 0; first < rows.size();) {
        std::size_t last = first + 1;
        while (last < rows.size() && rows[last].digest == rows[first].digest) ++last;
        f(rows.subspan(first, last - first));
        first = last;
    }
}

// Finds the records that repeat an earlier one: same digests, size, category and label. Sorted columns no longer say
// which digests stand together, so each record is given, by algorithm, the first record with its digest.
class Duplicates {
  public:
    explicit Duplicates(const KnownColumns& columns) : columns_(columns), dropped_(columns.count) {
        const bool is_tied = !columns.own.empty() || std::popcount(columns.common.bits()) > 1;
        // Of a single digest the stretch of equal rows already says everything, at no cost in memory.
        if (is_tied)
            columns.each([&](Algorithm a, const auto& column) {
                first_with_[static_cast<std::size_t>(a)] = first_with(column);
            });
        columns.each([&](Algorithm, const auto& column) {
            each_digest(column, [&](auto rows) {
                if (rows.size() > 1) drop_repeated(rows);
            });
        });
    }

    std::uint64_t count() const { return count_; }
    const std::vector<bool>& dropped() const { return dropped_; }

  private:
    struct Key {
        std::array<RecordIndex, all_algorithms.size()> first_with{};
        std::optional<std::uint64_t> size;
        std::string_view category, label;
        RecordIndex record = 0;
        auto content() const { return std::tie(first_with, size, category, label); }
        bool operator<(const Key& other) const {
            return content() != other.content() ? content() < other.content() : record < other.record;
        }
    };

    template <class Column>
    std::vector<RecordIndex> first_with(const Column& column) const {
        std::vector<RecordIndex> first(columns_.count, nobody);
        each_digest(column, [&](auto rows) {
            for (const auto& row : rows) first[row.record] = rows.front().record;
        });
        return first;
    }

    Key key_of(RecordIndex record) const {
        Key key{{}, columns_.sizes.of(record), columns_.categories.of(record), columns_.labels.of(record), record};
        for (std::size_t a = 0; a < first_with_.size(); ++a)
            if (!first_with_[a].empty()) key.first_with[a] = first_with_[a][record];
        return key;
    }

    // Sorted, because a list may hold one digest a million times under different labels.
    template <class Rows>
    void drop_repeated(Rows rows) {
        std::vector<Key> keys;
        for (const auto& row : rows) keys.push_back(key_of(row.record));
        std::sort(keys.begin(), keys.end());
        for (std::size_t i = 1; i < keys.size(); ++i)
            if (keys[i].content() == keys[i - 1].content()) drop(keys[i].record);
    }

    void drop(RecordIndex record) {
        if (dropped_[record]) return;  // found by its digest of another algorithm
        dropped_[record] = true;
        ++count_;
    }

    const KnownColumns& columns_;
    std::array<std::vector<RecordIndex>, all_algorithms.size()> first_with_;
    std::vector<bool> dropped_;
    std::uint64_t count_ = 0;
};

void drop_duplicates(KnownColumns& columns) {
    const Duplicates duplicates(columns);
    if (duplicates.count() != 0) columns.each([&](Algorithm, auto& column) { column.erase(duplicates.dropped()); });
    for (RecordIndex r = 0; r < columns.count; ++r)
        if (!duplicates.dropped()[r]) ++columns.records_with[columns.algorithms_of(r).bits()];
    columns.identity.records_accepted = columns.count - duplicates.count();
    columns.identity.records_duplicate = duplicates.count();
}

AlgorithmSet algorithms_of(const KnownColumns& columns) {
    AlgorithmSet all;
    for (std::uint8_t bits = 0; bits < columns.records_with.size(); ++bits)
        if (columns.records_with[bits] != 0) all.add(AlgorithmSet::from_bits(bits));
    return all;
}

}  // namespace

KnownSetBuilder::KnownSetBuilder() : columns_(std::make_unique<KnownColumns>()) {}
KnownSetBuilder::~KnownSetBuilder() = default;
KnownSetBuilder::KnownSetBuilder(KnownSetBuilder&&) noexcept = default;
KnownSetBuilder& KnownSetBuilder::operator=(KnownSetBuilder&&) noexcept = default;

void KnownSetBuilder::expect(std::uint64_t records) {
    // A wrong guess must not exhaust the address space; beyond this the columns grow by doubling.
    columns_->expected = std::min<std::uint64_t>(records, 1u << 24);
}

std::uint64_t KnownSetBuilder::size() const { return columns_->count; }

void KnownSetBuilder::add(const KnownRecord& record) {
    KnownColumns& c = *columns_;
    assert(!record.digests.algorithms().empty());
    if (c.count == nobody) throw Error("known set", "more than 4,294,967,294 records", "split the list");
    c.each([&](Algorithm a, auto& column) {
        const auto& digest = record.digests.get(a);
        if (!digest) return;
        if (column.rows().empty()) column.reserve(c.expected);
        column.add(digest->view(), c.count);
    });
    c.add_algorithms(record.digests.algorithms());
    c.positions.add(record.position);
    c.sizes.add(c.count, record.size);
    c.categories.add(c.count, record.category);
    c.labels.add(c.count, record.label);
    ++c.count;
}

KnownSet KnownSetBuilder::build(KnownSetIdentity identity) && {
    KnownColumns& c = *columns_;
    c.identity = std::move(identity);
    c.each([](Algorithm, auto& column) { column.sort(); });
    drop_duplicates(c);
    c.identity.algorithms = algorithms_of(c);
    c.each([](Algorithm, auto& column) { column.index(); });
    return KnownSet(std::move(columns_));
}

}  // namespace triage
