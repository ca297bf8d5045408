// SPDX-License-Identifier: Apache-2.0
// One pass over the section chain of one segment file: what it holds, and what is wrong with it. Nothing is placed on
// the media here; assemble.h does that for the whole set. A value without state outside; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/evidence/problem.h"
#include "engine/media/container.h"
#include "plugins/ewf/format.h"

namespace triage::ewf {

// Consecutive chunks that one table describes, or a gap: chunks that should stand here but are lost, in unknown number.
struct Piece {
    std::uint32_t file = 0;  // index into the segment files
    std::uint32_t chunk_count = 0;
    std::uint64_t position = 0;  // of the first entry
    std::uint64_t twin_position = 0;
    std::uint64_t base = 0;
    std::uint64_t data_end = 0;
    bool is_wide = false;
    bool is_gap = false;
    bool is_doubtful = false;  // `note` says why some of these chunks may be lost
    std::string note;          // gap: why; doubtful: what is wrong with the tables; else empty
};

struct AcquisitionError {
    std::uint32_t first_sector = 0;
    std::uint32_t sectors = 0;
};

struct SegmentScan {
    std::uint32_t file = 0;
    FileKind kind = FileKind::other;
    std::uint32_t stored_number = 0;      // 0: unreadable
    std::optional<VolumeSection> volume;  // of a "volume" or "disk" section
    std::optional<VolumeSection> copy;    // of a "data" section
    std::vector<Piece> pieces;
    bool has_done = false;    // the chain ends with "done": the last segment of its set
    bool has_next = false;    // the chain ends with "next"
    bool is_logical = false;  // "ltree": an L01 in all but its signature
    bool is_smart = false;
    std::string generation;  // "EnCase 5 or later", "ewfx"...; empty when nothing tells
    std::vector<StoredDigest> digests;
    std::vector<HeaderValue> header;
    std::vector<AcquisitionError> errors;
    bool has_more_errors = false;   // than `largest_errors`
    std::vector<Problem> problems;  // detail without the segment's number
};

inline constexpr std::size_t largest_errors = 1000;       // acquisition errors kept
inline constexpr std::size_t largest_sections = 1 << 20;  // sections read of one set

// `sections_left` is counted down, over all segments of a set.
SegmentScan scan_segment(const SegmentFiles& files, std::uint32_t file, bool is_smart, std::size_t& sections_left);

}  // namespace triage::ewf
