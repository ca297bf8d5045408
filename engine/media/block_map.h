// SPDX-License-Identifier: Apache-2.0
// Where each byte of a media stands in the segment files of its container. A map is a short list of runs; the tables
// that some runs point at stay on disk and are read when needed, so the map of a 4 TiB image costs kilobytes.
// A map is plain data made by a container plug-in inside a worker; `check` proves it before anyone reads through it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace triage {

// One file of an evidence. Identity is taken when the evidence is opened and compared whenever the file is reopened.
struct Segment {
    std::string path;
    std::uint64_t size = 0;        // bytes; of a block device by ioctl
    std::uint64_t device = 0;      // st_dev
    std::uint64_t inode = 0;       // st_ino
    std::int64_t modified = 0;     // st_mtim, seconds...
    std::int64_t modified_ns = 0;  // ...and nanoseconds
    friend bool operator==(const Segment&, const Segment&) = default;
};

enum class Encoding : std::uint8_t {
    plain,           // `length` bytes stand at `position` of `segment`
    zero,            // nothing is stored: the bytes are zeros
    missing,         // the container says that the bytes exist but they are not here (absent segment, damaged table)
    ewf_table,       // blocks of `block_size` bytes, each found by an entry of a table of 4-byte entries at `position`:
                     // bit 31 says "compressed", the other bits are the offset
    ewf_table_wide,  // the same, but all 32 bits are the offset and no block is compressed (EnCase 6.7 past 2 GiB)
};

// The largest block that a map may have: 32,768 sectors of 4,096 bytes, the most that EnCase and libewf write.
inline constexpr std::uint32_t largest_block_size = 128u << 20;

// A contiguous piece of the media. Runs are in order, without gaps or overlaps, and cover the media exactly.
struct BlockRun {
    Encoding encoding = Encoding::plain;
    std::uint64_t offset = 0;    // first byte on the media
    std::uint64_t length = 0;    // bytes on the media
    std::uint32_t segment = 0;   // index into the segments
    std::uint64_t position = 0;  // plain: file offset of the first byte; ewf_table: of the table's first entry
    std::uint64_t base = 0;      // ewf_table: added to each entry's offset
    std::uint64_t data_end = 0;  // ewf_table: file offset where the last block's data end
    std::uint64_t twin_position =
        0;  // ewf_table: not 0 when both copies of the table are damaged: this is the other
            // copy's first entry, and only entries on which both agree are believed; equal to
            // `position` when there is no other copy. Blocks must then fill their places exactly
    std::uint32_t entry_count = 0;     // ewf_table: entries of the table that this run uses, ceil(length / block_size)
    std::uint32_t segment_number = 0;  // the segment's number as its set counts it, for messages; 0: segment + 1
    std::string reason;                // missing: why, for the Problem ("segment 2 is missing")
    friend bool operator==(const BlockRun&, const BlockRun&) = default;
};

struct BlockMap {
    std::uint64_t media_size = 0;  // bytes
    std::uint32_t sector_size = 512;
    std::uint32_t block_size = 0;  // bytes a block of ewf_table runs; 0 when there are none
    bool has_checksums = false;    // the container stores a checksum for each block
    std::vector<BlockRun> runs;
    friend bool operator==(const BlockMap&, const BlockMap&) = default;
};

// Nothing when the map is sound (runs in order, gapless, within media_size, segments and tables inside `segments`);
// otherwise the first thing that is wrong. Called by the parent on every map that a worker returns.
std::optional<std::string> find_flaw(const BlockMap& map, const std::vector<Segment>& segments);

}  // namespace triage
