// SPDX-License-Identifier: Apache-2.0
// Makes the sections of one column from its rows in sorted order: rows, buckets, filter. Private to engine/known.
#pragma once

#include <vector>

#include "engine/known/row_spool.h"
#include "engine/known/tks_layout.h"

namespace triage {

class ColumnBuilder {
  public:
    // `key_bytes`: of a row's digest as it is stored. Without links, the record of a row is its index.
    ColumnBuilder(const std::string& folder, std::uint64_t rows, std::size_t key_bytes, bool has_links);

    // `attached`: of every row the same number of bytes.
    void add(const std::byte* key, std::uint32_t record, ByteView attached = {});
    void finish();

    BufferedFile rows, buckets, shards, filter;
    tks::Section row_section, bucket_section, shard_section;  // their parameters; the place is not set

  private:
    void end_shard();

    const std::size_t key_bytes_;
    std::uint64_t count_ = 0, shard_ = 0;
    std::uint64_t buckets_begun_ = 0;
    std::vector<std::uint64_t> keys_;  // of the shard under way
};

}  // namespace triage
