// SPDX-License-Identifier: Apache-2.0
// Proves a table of chunk offsets without keeping it: entries are read 64 KiB at a time, so the tables of a 4 TiB image
// cost no memory. Metz, "Table section", "Table2 section" and "Table entries offset overflow".
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/media/media_reader.h"
#include "plugins/ewf/format.h"

namespace triage::ewf {

// Where the section of a table stands in a segment file.
struct TableSection {
    std::uint64_t start = 0;  // of its descriptor
    std::uint64_t end = 0;    // of the section
    std::uint64_t entries() const { return start + descriptor_size + table_header_size; }
};

struct TableFacts {
    TableSection section;
    bool has_header = false;         // the header's checksum holds and its entries lie within the section
    bool has_sound_entries = false;  // the entries' checksum holds (always, where the format has none)
    std::uint32_t entry_count = 0;
    std::uint64_t base = 0;
    std::uint32_t entries_checksum = 0;  // as stored
    std::uint32_t last_entry = 0;
    // First entry that uses all 32 bits for its offset; entry_count when there is none.
    std::uint32_t first_wide = 0;
    std::string why;  // what is wrong, for a Problem
};

// Header and stored checksum only.
TableFacts look_at_table(const SegmentFiles& files, std::uint32_t segment, TableSection section, bool has_checksum);

// The same, and every entry.
TableFacts prove_table(const SegmentFiles& files, std::uint32_t segment, TableSection section, bool has_checksum);

// True when the copies say the same, as far as headers and stored checksums tell.
bool is_copy(const TableFacts& table, const TableFacts& other);

}  // namespace triage::ewf
