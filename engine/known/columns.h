// SPDX-License-Identifier: Apache-2.0
// The columns that a KnownSet is made of; private to engine/known. Filled by one thread in the order of records, then
// immutable. A record is its index: the number of records added before it.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/hash/digest.h"
#include "engine/known/known_set.h"

namespace triage {

using RecordIndex = std::uint32_t;

// Digests of one algorithm with their records. A row has no padding: 20, 24 or 36 bytes.
template <std::size_t N>
class DigestColumn {
  public:
    struct Row {
        std::array<std::byte, N> digest;
        RecordIndex record;
    };

    void reserve(std::size_t rows) { rows_.reserve(rows); }
    void add(ByteView digest, RecordIndex record) {
        Row row;
        std::copy(digest.begin(), digest.end(), row.digest.begin());
        row.record = record;
        rows_.push_back(row);
    }
    void sort();  // by digest, then record
    void erase(const std::vector<bool>& dropped) {
        std::erase_if(rows_, [&](const Row& row) { return dropped[row.record]; });
    }
    void index();  // after sort and erase; lookups come after it
    std::span<const Row> rows() const { return rows_; }
    std::span<const Row> find(ByteView digest) const;  // the rows with this digest

  private:
    static std::uint32_t leading(const std::byte* digest) {
        std::uint32_t word = 0;
        for (std::size_t i = 0; i < 4; ++i) word = word << 8 | static_cast<std::uint32_t>(digest[i]);
        return word;
    }
    std::size_t bucket(const std::byte* digest) const { return std::uint64_t{leading(digest)} >> (32 - bits_); }

    std::vector<Row> rows_;
    unsigned bits_ = 0;                 // leading bits that choose a bucket of about eight rows
    std::vector<RecordIndex> buckets_;  // first row of each bucket, and the number of rows at the end
};

// Digests are as good as random, so their first byte parts them evenly, and 256 small sorts are cheaper than a large
// one (10 million MD5 built in 2.1 s instead of 2.9 s, 2 busy cores, 2026-11).
template <std::size_t N>
void DigestColumn<N>::sort() {
    const auto first_byte = [](const Row& row) { return static_cast<std::size_t>(row.digest[0]); };
    std::array<std::size_t, 257> start{};  // of each piece
    for (const Row& row : rows_) ++start[first_byte(row) + 1];
    for (std::size_t i = 1; i < start.size(); ++i) start[i] += start[i - 1];
    std::array<std::size_t, 257> next = start;  // where each piece's next row goes
    for (std::size_t piece = 0; piece < 256; ++piece)
        while (next[piece] < start[piece + 1]) {
            const std::size_t home = first_byte(rows_[next[piece]]);
            if (home != piece) std::swap(rows_[next[piece]], rows_[next[home]]);
            ++next[home];
        }
    for (std::size_t piece = 0; piece < 256; ++piece)
        std::sort(rows_.begin() + start[piece], rows_.begin() + start[piece + 1], [](const Row& a, const Row& b) {
            const int order = std::memcmp(a.digest.data(), b.digest.data(), N);
            return order != 0 ? order < 0 : a.record < b.record;
        });
}

template <std::size_t N>
void DigestColumn<N>::index() {
    bits_ = std::min(24u, static_cast<unsigned>(std::bit_width(rows_.size() / 8)));
    buckets_.assign((std::size_t{1} << bits_) + 1, 0);
    for (const Row& row : rows_) ++buckets_[bucket(row.digest.data()) + 1];
    for (std::size_t i = 1; i < buckets_.size(); ++i) buckets_[i] += buckets_[i - 1];
}

template <std::size_t N>
std::span<const typename DigestColumn<N>::Row> DigestColumn<N>::find(ByteView digest) const {
    if (rows_.empty()) return {};
    const std::size_t b = bucket(digest.data());
    const auto first = rows_.begin() + buckets_[b], last = rows_.begin() + buckets_[b + 1];
    const auto low = std::partition_point(
        first, last, [&](const Row& row) { return std::memcmp(row.digest.data(), digest.data(), N) < 0; });
    auto high = low;
    while (high != last && std::memcmp(high->digest.data(), digest.data(), N) == 0) ++high;
    return {low, high};
}

// Where each record stands in its source. Lines follow each other, so a run of records costs one row.
class PositionColumn {
  public:
    void add(std::uint64_t position);
    std::uint64_t of(RecordIndex record) const;

  private:
    struct Run {
        RecordIndex first;
        std::uint64_t position;  // of the first record; each next one stands one further
    };
    std::vector<Run> runs_;
    RecordIndex count_ = 0;
};

// Numbers that most lists do not have: no memory until the first one comes.
class SizeColumn {
  public:
    void add(RecordIndex record, std::optional<std::uint64_t> size);
    std::optional<std::uint64_t> of(RecordIndex record) const;

  private:
    static constexpr std::uint64_t none = ~std::uint64_t{0};  // no content is that long
    std::vector<std::uint64_t> sizes_;
};

// Words of records: equal words are stored once as long as few differ (categories); no memory without words.
class TextColumn {
  public:
    void add(RecordIndex record, std::string_view text);
    std::string_view of(RecordIndex record) const;

  private:
    std::uint32_t store(std::string_view text);
    std::string_view text(std::uint32_t id) const;

    std::vector<std::uint32_t> ids_;      // 0 is the empty text
    std::vector<std::uint64_t> ends_{0};  // of each text in the arena
    std::string arena_;
    std::unordered_map<std::string, std::uint32_t> interned_;
};

// All columns of a set. `algorithms` holds a byte a record only once two records differ in it.
struct KnownColumns {
    KnownSetIdentity identity;
    std::uint64_t expected = 0;
    RecordIndex count = 0;  // records added
    DigestColumn<16> md5;
    DigestColumn<20> sha1;
    DigestColumn<32> sha256;
    std::array<std::uint64_t, 8> records_with{};  // accepted records by the bits of their algorithms
    AlgorithmSet common;                          // of all records, while `own` is empty
    std::vector<std::uint8_t> own;
    PositionColumn positions;
    SizeColumn sizes;
    TextColumn categories, labels;

    // Calls `f(algorithm, column)` for each column.
    template <class F>
    void each(F&& f) {
        f(Algorithm::md5, md5);
        f(Algorithm::sha1, sha1);
        f(Algorithm::sha256, sha256);
    }
    template <class F>
    void each(F&& f) const {
        f(Algorithm::md5, md5);
        f(Algorithm::sha1, sha1);
        f(Algorithm::sha256, sha256);
    }

    AlgorithmSet algorithms_of(RecordIndex record) const {
        return own.empty() ? common : AlgorithmSet::from_bits(own[record]);
    }
    void add_algorithms(AlgorithmSet algorithms) {
        if (count == 0) common = algorithms;
        if (own.empty() && algorithms == common) return;
        if (own.empty()) own.assign(count, common.bits());
        own.push_back(algorithms.bits());
    }
};

}  // namespace triage
