// SPDX-License-Identifier: Apache-2.0
#include "engine/known/content_table.h"

#include <algorithm>

#include "engine/base/error.h"

namespace triage {
namespace {

constexpr std::uint64_t most_records = 0xFFFF'FFFE;
constexpr std::size_t record_bytes = 1 + 8 + 6, mention_bytes = 2 + 5 + 1 + 1 + 5;  // in the files

std::uint8_t bytes_of(std::uint64_t largest) {
    std::uint8_t count = 0;
    for (; largest != 0; largest >>= 8) ++count;
    return count;
}

}  // namespace

std::uint32_t ContentTable::begin_record(AlgorithmSet algorithms, std::uint64_t size_plus_one) {
    if (record_count_ == most_records) throw Error("known set", "more than 4,294,967,294 contents", "split the list");
    if (record_count_ == 0) common_ = algorithms;
    is_mixed_ |= algorithms != common_;
    largest_size_ = std::max(largest_size_, size_plus_one);
    Bytes row;
    put_le(row, algorithms.bits(), 1);
    put_le(row, size_plus_one, 8);
    put_le(row, mention_count_, 6);
    records_.append(row);
    return static_cast<std::uint32_t>(record_count_++);
}

void ContentTable::add_mention(const Mention& m) {
    Bytes row;
    put_le(row, m.category, 2), put_le(row, m.label, 5), put_le(row, m.flags, 1);
    put_le(row, m.source, 1), put_le(row, m.position, 5);
    mentions_.append(row);
    ++mention_count_;
    largest_ = {std::max(largest_.category, m.category), std::max(largest_.label, m.label),
                std::max(largest_.flags, m.flags), std::max(largest_.source, m.source),
                std::max(largest_.position, m.position)};
}

tks::RecordWidths ContentTable::record_widths() const {
    // A record that is named once each is its own first mention.
    const bool needs_mention = mention_count_ != record_count_;
    return {static_cast<std::uint8_t>(is_mixed_ ? 1 : 0), bytes_of(largest_size_),
            needs_mention ? bytes_of(mention_count_) : std::uint8_t{0}};
}

tks::MentionWidths ContentTable::mention_widths() const {
    return {bytes_of(largest_.source), bytes_of(largest_.position), bytes_of(largest_.category),
            bytes_of(largest_.label), bytes_of(largest_.flags)};
}

void ContentTable::put_record(Bytes& row, const std::byte* stored) const {
    const tks::RecordWidths widths = record_widths();
    put_le(row, get_le(stored, 1), widths.algorithms);
    put_le(row, get_le(stored + 1, 8), widths.size);
    put_le(row, get_le(stored + 9, 6), widths.first_mention);
}

void ContentTable::put_mention(Bytes& row, const std::byte* stored) const {
    const tks::MentionWidths widths = mention_widths();
    put_le(row, get_le(stored + 8, 1), widths.source);
    put_le(row, get_le(stored + 9, 5), widths.position);
    put_le(row, get_le(stored, 2), widths.category);
    put_le(row, get_le(stored + 2, 5), widths.label);
    put_le(row, get_le(stored + 7, 1), widths.flags);
}

void ContentTable::write_records(const Take& take) {
    Bytes row;
    for (StoredRows rows(records_, record_bytes); const std::byte* stored = rows.next(); row.clear()) {
        put_record(row, stored);
        take(row);
    }
}

void ContentTable::write_mentions(const Take& take) {
    Bytes row;
    for (StoredRows rows(mentions_, mention_bytes); const std::byte* stored = rows.next(); row.clear()) {
        put_mention(row, stored);
        take(row);
    }
}

void ContentTable::write_joined(const Take& take) {
    Bytes row;
    StoredRows records(records_, record_bytes), mentions(mentions_, mention_bytes);
    for (; const std::byte* record = records.next(); row.clear()) {
        put_record(row, record);
        put_mention(row, mentions.next());
        take(row);
    }
}

}  // namespace triage
