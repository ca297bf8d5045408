// SPDX-License-Identifier: Apache-2.0
#include "engine/known/column.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/base/error.h"
#include "engine/known/fuse_filter.h"
#include "engine/known/record_row.h"

namespace triage {
namespace {

const tks::Section& section(const SetFile& file, tks::SectionKind kind, Algorithm algorithm) {
    const tks::Section* found = file.find(kind, static_cast<std::uint32_t>(algorithm));
    if (!found) throw Error("known set", "a section of a column is missing");
    return *found;
}

}  // namespace

Column::Column(const SetFile& file, Algorithm algorithm, std::size_t key_bytes)
    : file_(file),
      algorithm_(algorithm),
      rows_(section(file, tks::SectionKind::column, algorithm)),
      buckets_(section(file, tks::SectionKind::buckets, algorithm)),
      shards_(section(file, tks::SectionKind::shards, algorithm)),
      filter_(section(file, tks::SectionKind::filter, algorithm)) {
    suffix_bytes_ = key_bytes - std::min<std::size_t>(rows_.dropped, key_bytes);
    row_bytes_ = suffix_bytes_ + rows_.link_bytes + rows_.attached;
    // Bounds first: what is multiplied below must not wrap.
    const bool is_sound =
        rows_.dropped <= 4 && rows_.dropped * 8 <= buckets_.bits && (rows_.link_bytes == 0 || rows_.link_bytes == 4) &&
        rows_.attached <= 48 && buckets_.bits <= 32 && shards_.bits <= 24 && rows_.rows <= 0xFFFF'FFFF &&
        rows_.length == rows_.rows * row_bytes_ && buckets_.length == ((std::uint64_t{1} << buckets_.bits) + 1) * 4 &&
        shards_.length == (std::uint64_t{1} << shards_.bits) * sizeof(tks::Shard) && row_bytes_ > 0;
    if (!is_sound) throw Error("known set", "the sections of a column contradict each other");
    if (get_le(at(buckets_, buckets_.length - 4, 4), 4) != rows_.rows)
        throw Error("known set", "the last bucket of a column does not end with its rows");
    for (const tks::Section* jumped_about_in : {&shards_, &filter_, &buckets_}) file.will_need(*jumped_about_in);
}

struct Column::Search {
    std::uint64_t at[3];  // of the fingerprints, in the filter
    std::uint8_t fingerprint;
    bool may_be_in;
    std::uint64_t bucket, first, last, guess;
};

// The row where the key stands if the bucket's digests are spread evenly.
std::uint64_t Column::guess(const std::byte* key, std::uint64_t first, std::uint64_t last) const {
    const std::uint64_t behind_bucket = tks::leading(key, 64) << buckets_.bits;
    return first + static_cast<std::uint64_t>((static_cast<unsigned __int128>(behind_bucket) * (last - first)) >> 64);
}

void Column::find(std::span<const std::byte* const> keys, std::vector<Hit>& hits) const {
    std::array<Search, group> searches;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        Search& s = searches[i];
        tks::Shard shard;
        std::memcpy(&shard, at(shards_, tks::leading(keys[i], shards_.bits) * sizeof shard, sizeof shard),
                    sizeof shard);
        s.may_be_in = shard.segment_count > 0;
        if (!s.may_be_in) continue;
        const bool is_power = shard.segment_bytes != 0 && (shard.segment_bytes & (shard.segment_bytes - 1)) == 0;
        if (!is_power || shard.offset > filter_.length || fingerprint_bytes(shard) > filter_.length - shard.offset)
            throw Error("known set", "a filter points outside itself");
        const FuseProbe probe = probe_of(mixed(tks::filter_key(keys[i]), shard.seed), shard);
        s.fingerprint = probe.fingerprint;
        for (int k = 0; k < 3; ++k) file_.prefetch(filter_.offset + (s.at[k] = shard.offset + probe.at[k]));
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
        Search& s = searches[i];
        if (!s.may_be_in) continue;
        std::byte sum{s.fingerprint};
        for (const std::uint64_t place : s.at) sum ^= *at(filter_, place, 1);
        s.may_be_in = sum == std::byte{0};
        if (s.may_be_in) file_.prefetch(buckets_.offset + (s.bucket = tks::leading(keys[i], buckets_.bits) * 4));
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
        Search& s = searches[i];
        if (!s.may_be_in) continue;
        const std::byte* bounds = at(buckets_, s.bucket, 8);
        s.first = get_le(bounds, 4), s.last = get_le(bounds + 4, 4);
        if (s.first > s.last || s.last > rows_.rows) throw Error("known set", "a bucket points outside its column");
        if (s.first == s.last) continue;
        s.guess = guess(keys[i], s.first, s.last);
        // Digests are as good as random: within a bucket of 64 the guess is off by four rows or so.
        const std::uint64_t near = rows_.offset + s.guess * row_bytes_;
        for (const std::uint64_t at : {near - std::min<std::uint64_t>(near, 64), near, near + 64}) file_.prefetch(at);
    }
    for (std::size_t i = 0; i < keys.size(); ++i)
        if (searches[i].may_be_in) search(keys[i], static_cast<std::uint32_t>(i), searches[i], hits);
}

// The last bucket ends with the rows, so that the search for a row's ends there at the latest.
void Column::key_at(std::uint64_t row, std::uint64_t& bucket, std::byte* key) const {
    while (get_le(at(buckets_, (bucket + 1) * 4, 4), 4) <= row) ++bucket;
    const std::uint64_t prefix = bucket >> (buckets_.bits - rows_.dropped * 8);
    for (std::size_t i = 0; i < rows_.dropped; ++i)
        key[i] = static_cast<std::byte>(prefix >> (8 * (rows_.dropped - 1 - i)));
    const std::byte* suffix = file_.at(rows_.offset + row * row_bytes_, suffix_bytes_);
    std::copy(suffix, suffix + suffix_bytes_, key + rows_.dropped);
}

std::uint32_t Column::record_of(std::uint64_t row) const {
    if (rows_.link_bytes == 0) return static_cast<std::uint32_t>(row);
    return static_cast<std::uint32_t>(get_le(file_.at(rows_.offset + row * row_bytes_ + suffix_bytes_, 4), 4));
}

void Column::search(const std::byte* key, std::uint32_t query, const Search& found, std::vector<Hit>& hits) const {
    const std::uint64_t first = found.first, last = found.last;
    if (first == last) return;
    const std::byte* rows = file_.at(rows_.offset + first * row_bytes_, (last - first) * row_bytes_);
    const std::byte* wanted = key + rows_.dropped;
    const std::uint64_t wanted_word = tks::leading(wanted, 64);
    const auto compare = [&](std::uint64_t i) {
        const std::byte* row = rows + (i - first) * row_bytes_;
        const std::uint64_t word = tks::leading(row, 64);
        if (word != wanted_word) return word < wanted_word ? -1 : 1;
        return std::memcmp(row, wanted, suffix_bytes_);
    };
    // The first row that is not less: row by row from the guess, by halves when the digests are not spread evenly.
    std::uint64_t low = first, high = last, at = found.guess;
    for (int step = 0; step < 32 && low < high; ++step) {
        if (compare(at) < 0) at = low = at + 1;
        else high = at, at -= at > low ? 1 : 0;
    }
    while (low < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        if (compare(middle) < 0) low = middle + 1;
        else high = middle;
    }
    for (; low < last && compare(low) == 0; ++low) hits.push_back({query, record_of(low)});
}

}  // namespace triage
