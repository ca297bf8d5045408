// SPDX-License-Identifier: Apache-2.0
// MD5, SHA-1 and SHA-256 of one content, or of two at once: SHA by the processor's own instructions, MD5 beside them in
// general registers. Each digest is one chain of dependent instructions; three or six chains side by side fill the time
// in which one waits. The only user of those instructions. Pure functions; whole blocks only (engine/hash/lanes.h).
// Sources: RFC 1321 section 3.4; FIPS 180-4 sections 6.1.2 and 6.2.2; Intel 64 and IA-32 Architectures Software
// Developer's Manual, volume 2, SHA1RNDS4 to SHA256RNDS2.
#pragma once

#include <span>

#include "engine/hash/lane_kernels.h"

namespace triage {

bool has_pair_kernel();  // does this processor have the instructions?

// Advances one lane or two by `blocks` blocks, all three algorithms. Only where there is a kernel.
void advance_pair(LaneStates& states, std::span<const std::size_t> lanes, const LaneBlocks& at, std::size_t blocks);

}  // namespace triage
