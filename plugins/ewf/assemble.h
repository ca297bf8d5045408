// SPDX-License-Identifier: Apache-2.0
// The scans of all files of a set → one map of the media. Decides which file is which segment, which are foreign, and
// where chunks stand when segments are missing: those before the first gap are counted from the start of the media,
// those after the only gap back from its end. Every byte of the media is in exactly one run. Pure; any thread.
#pragma once

#include <vector>

#include "engine/media/container.h"
#include "plugins/ewf/segment_scan.h"

namespace triage::ewf {

inline constexpr std::size_t largest_problems = 1000;  // kept of one set

// `names` are the segment numbers that the files' names say (0: none).
Result<OpenedMedia> assemble(std::vector<SegmentScan> scans, const std::vector<std::uint32_t>& names,
                             const std::vector<Segment>& segments);

}  // namespace triage::ewf
