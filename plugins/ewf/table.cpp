// SPDX-License-Identifier: Apache-2.0
#include "plugins/ewf/table.h"

#include <fmt/format.h>

#include <algorithm>

namespace triage::ewf {
namespace {

constexpr std::uint32_t compressed_bit = 0x8000'0000;
constexpr std::uint64_t largest_narrow = 0x7fff'ffff;
constexpr std::size_t portion = 64u << 10;

std::optional<std::uint32_t> read_u32(const SegmentFiles& files, std::uint32_t segment, std::uint64_t position) {
    std::array<std::byte, 4> bytes{};
    if (files.read(segment, position, bytes)) return std::nullopt;
    return load_le<std::uint32_t>(bytes, 0);
}

// EnCase 6.7 goes on with 32-bit offsets when 31 bits do not suffice; libewf takes a table to be "wide" from the entry
// after the chunk that ends past 2 GiB (Metz, "Table entries offset overflow").
class OverflowWatch {
  public:
    void see(std::uint32_t entry) {
        if (is_wide_) return;
        if (index_ != 0 && ends_past_limit(entry)) {
            is_wide_ = true;
            return;
        }
        previous_ = entry & ~compressed_bit;
        ++index_;
    }
    std::uint32_t first_wide() const { return index_; }

  private:
    bool ends_past_limit(std::uint32_t next) const {
        const std::uint32_t narrow = next & ~compressed_bit;
        const std::uint64_t end = narrow < previous_ ? next : narrow;
        return end > previous_ && end > largest_narrow;
    }
    std::uint32_t previous_ = 0;
    std::uint32_t index_ = 0;
    bool is_wide_ = false;
};

// Checksum, last entry and overflow of all entries.
std::optional<std::string> go_through(const SegmentFiles& files, std::uint32_t segment, TableFacts& facts,
                                      bool has_checksum) {
    Bytes buffer(std::min<std::uint64_t>(portion, std::uint64_t{facts.entry_count} * table_entry_size));
    OverflowWatch watch;
    std::uint32_t sum = 1;
    std::uint64_t position = facts.section.entries();
    std::uint64_t left = std::uint64_t{facts.entry_count} * table_entry_size;
    while (left != 0) {
        const MutableBytes part = MutableBytes(buffer).first(std::min<std::uint64_t>(left, buffer.size()));
        if (auto failure = files.read(segment, position, part)) return "cannot be read: " + failure->why;
        sum = adler32(part, sum);
        for (std::size_t at = 0; at < part.size(); at += table_entry_size) {
            facts.last_entry = load_le<std::uint32_t>(part, at).value();
            watch.see(facts.last_entry);
        }
        position += part.size();
        left -= part.size();
    }
    if (has_checksum && sum != facts.entries_checksum) return "checksum of its entries differs";
    facts.first_wide = watch.first_wide();
    return std::nullopt;
}

}  // namespace

TableFacts look_at_table(const SegmentFiles& files, std::uint32_t segment, TableSection section, bool has_checksum) {
    TableFacts facts;
    facts.section = section;
    std::array<std::byte, table_header_size> bytes{};
    if (section.entries() > section.end || files.read(segment, section.start + descriptor_size, bytes)) {
        facts.why = "its header is cut off";
        return facts;
    }
    const TableHeader header = parse_table_header(bytes);
    facts.entry_count = header.entry_count;
    facts.base = header.base;
    facts.first_wide = header.entry_count;
    if (!header.is_sound) {
        facts.why = "checksum of its header differs";
        return facts;
    }
    const std::uint64_t size = std::uint64_t{header.entry_count} * table_entry_size;
    if (size + (has_checksum ? 4 : 0) > section.end - section.entries()) {
        facts.why = fmt::format("{} entries do not fit the section", header.entry_count);
        return facts;
    }
    const auto sum = has_checksum ? read_u32(files, segment, section.entries() + size) : 0;
    facts.has_header = sum.has_value();
    facts.entries_checksum = sum.value_or(0);
    return facts;
}

TableFacts prove_table(const SegmentFiles& files, std::uint32_t segment, TableSection section, bool has_checksum) {
    TableFacts facts = look_at_table(files, segment, section, has_checksum);
    if (!facts.has_header) return facts;
    const auto flaw = go_through(files, segment, facts, has_checksum);
    facts.has_sound_entries = !flaw;
    if (flaw) facts.why = *flaw;
    return facts;
}

bool is_copy(const TableFacts& table, const TableFacts& other) {
    return table.entry_count == other.entry_count && table.base == other.base &&
           table.entries_checksum == other.entries_checksum;
}

}  // namespace triage::ewf
