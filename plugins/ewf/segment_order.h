// SPDX-License-Identifier: Apache-2.0
// Which file is which segment. The number in a file's header counts; where it contradicts the file's name, and only
// one file does so, the name counts when that makes the set whole: a flipped bit is then likelier than a renamed file.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "engine/evidence/problem.h"
#include "plugins/ewf/segment_scan.h"

namespace triage::ewf {

struct SegmentOrder {
    std::map<std::uint32_t, const SegmentScan*> by_number;  // without foreign, extra and unreadable files
    VolumeSection volume;
    std::vector<Problem> problems;
};

std::uint64_t chunk_count(const VolumeSection& volume);

// Nothing when no file holds a sound volume or data section.
std::optional<SegmentOrder> order_segments(const std::vector<SegmentScan>& scans,
                                           const std::vector<std::uint32_t>& names);

}  // namespace triage::ewf
