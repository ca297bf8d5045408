// SPDX-License-Identifier: Apache-2.0
// The contents of a set in their order, each with the places where the sources name it; gathered in files, then written
// in rows as narrow as their largest values allow. Private to engine/known.
#pragma once

#include <functional>
#include <string>

#include "engine/known/record_row.h"
#include "engine/known/row_spool.h"
#include "engine/known/tks_layout.h"

namespace triage {

class ContentTable {
  public:
    explicit ContentTable(const std::string& folder) : records_(folder), mentions_(folder) {}

    // Returns its number.
    std::uint32_t begin_record(AlgorithmSet algorithms, std::uint64_t size_plus_one);
    void add_mention(const Mention& mention);  // of the record begun last

    std::uint64_t records() const { return record_count_; }
    std::uint64_t mentions() const { return mention_count_; }
    // The algorithms of every record, when all have the same.
    std::uint8_t common_algorithms() const { return is_mixed_ ? 0 : common_.bits(); }
    tks::RecordWidths record_widths() const;
    tks::MentionWidths mention_widths() const;

    using Take = std::function<void(ByteView)>;
    void write_records(const Take& take);
    void write_mentions(const Take& take);
    // Each record with its mention in one row; only where every record has one.
    bool has_one_mention_each() const { return mention_count_ == record_count_; }
    void write_joined(const Take& take);

  private:
    void put_record(Bytes& row, const std::byte* stored) const;
    void put_mention(Bytes& row, const std::byte* stored) const;

    BufferedFile records_, mentions_;
    std::uint64_t record_count_ = 0, mention_count_ = 0, largest_size_ = 0;
    Mention largest_;
    AlgorithmSet common_;
    bool is_mixed_ = false;
};

}  // namespace triage
