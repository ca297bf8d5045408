// SPDX-License-Identifier: Apache-2.0
// One column of a compiled set, looked up in groups: every step of a group's keys sends for the memory of its next
// step, so that their waits overlap. Private to engine/known; any number of threads.
#pragma once

#include <functional>
#include <span>

#include "engine/known/set_file.h"

namespace triage {

class Column {
  public:
    static constexpr std::size_t group = 32;  // keys under way at once

    // Throws Error when its sections contradict each other.
    Column(const SetFile& file, Algorithm algorithm, std::size_t key_bytes);

    struct Hit {
        std::uint32_t query, record;
    };
    // Appends a hit for each row with one of the keys; at most `group` of them, each `key_bytes` long and followed by
    // as many bytes as make 32. `query` of a hit is the key's index.
    void find(std::span<const std::byte* const> keys, std::vector<Hit>& hits) const;
    std::uint64_t rows() const { return rows_.rows; }
    // What is attached to a row; none where records have a table of their own.
    std::size_t attached_bytes() const { return rows_.attached; }
    ByteView attached_at(std::uint64_t row) const {
        return {file_.at(rows_.offset + (row + 1) * row_bytes_ - rows_.attached, rows_.attached), rows_.attached};
    }
    // The key of a row, of `key_bytes`. `bucket` is the row's or an earlier one, and moves to the row's.
    void key_at(std::uint64_t row, std::uint64_t& bucket, std::byte* key) const;
    std::uint32_t record_of(std::uint64_t row) const;
    Algorithm algorithm() const { return algorithm_; }

  private:
    struct Search;
    std::uint64_t guess(const std::byte* key, std::uint64_t first, std::uint64_t last) const;
    void search(const std::byte* key, std::uint32_t query, const Search& found, std::vector<Hit>& hits) const;

    const std::byte* at(const tks::Section& section, std::uint64_t offset, std::uint64_t length) const {
        return file_.at(section.offset + offset, length);
    }

    const SetFile& file_;
    Algorithm algorithm_;
    std::size_t row_bytes_ = 0, suffix_bytes_ = 0;
    const tks::Section &rows_, &buckets_, &shards_, &filter_;
};

}  // namespace triage
