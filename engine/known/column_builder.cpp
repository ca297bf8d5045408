// SPDX-License-Identifier: Apache-2.0
#include "engine/known/column_builder.h"

#include <algorithm>
#include <bit>

#include "engine/known/fuse_filter.h"

namespace triage {
namespace {

// With a full cache, what a look-up costs is the pages that it touches. A shard this small has its three fingerprints
// on one or two; a bucket table this small stays in the cache, and interpolation finds the row within a bucket.
constexpr unsigned rows_per_bucket_bits = 6, keys_per_shard_bits = 12;
constexpr unsigned most_bucket_bits = 28, most_shard_bits = 20;

unsigned leading_bits(std::uint64_t rows, unsigned rows_bits, unsigned most) {
    const auto width = static_cast<unsigned>(std::bit_width(rows));
    return width <= rows_bits ? 0 : std::min(width - rows_bits, most);
}

template <class T>
ByteView bytes_of(const T& value) {
    return std::as_bytes(std::span(&value, 1));
}

}  // namespace

ColumnBuilder::ColumnBuilder(const std::string& folder, std::uint64_t expected, std::size_t key_bytes, bool has_links)
    : rows(folder), buckets(folder), shards(folder), filter(folder), key_bytes_(key_bytes) {
    const unsigned bits = leading_bits(expected, rows_per_bucket_bits, most_bucket_bits);
    row_section.dropped = bits / 8;
    row_section.link_bytes = has_links ? 4 : 0;
    bucket_section.bits = bits;
    shard_section.bits = leading_bits(expected, keys_per_shard_bits, most_shard_bits);
}

void ColumnBuilder::add(const std::byte* key, std::uint32_t record, ByteView attached) {
    for (const std::uint64_t bucket = tks::leading(key, bucket_section.bits); buckets_begun_ <= bucket;
         ++buckets_begun_)
        buckets.append(bytes_of(static_cast<std::uint32_t>(count_)));
    for (const std::uint64_t shard = tks::leading(key, shard_section.bits); shard_ < shard;) end_shard();
    keys_.push_back(tks::filter_key(key));
    rows.append({key + row_section.dropped, key_bytes_ - row_section.dropped});
    if (row_section.link_bytes != 0) rows.append(bytes_of(record));
    rows.append(attached);
    row_section.attached = static_cast<std::uint32_t>(attached.size());
    ++count_;
}

void ColumnBuilder::end_shard() {
    tks::Shard shard;
    const Bytes fingerprints = make_filter(keys_, shard);
    shard.offset = filter.size();
    filter.append(fingerprints);
    shards.append(bytes_of(shard));
    keys_.clear();
    ++shard_;
}

void ColumnBuilder::finish() {
    for (const std::uint64_t all = 1ull << bucket_section.bits; buckets_begun_ <= all; ++buckets_begun_)
        buckets.append(bytes_of(static_cast<std::uint32_t>(count_)));
    while (shard_ < 1ull << shard_section.bits) end_shard();
    row_section.rows = count_;
    bucket_section.rows = buckets_begun_;
    shard_section.rows = shard_;
}

}  // namespace triage
