// SPDX-License-Identifier: Apache-2.0
// The compression functions of MD5, SHA-1 and SHA-256 over many contents at once: one content a lane, one vector
// instruction a step for all of them. The only adaptor of Google Highway, which compiles the one source for AVX-512,
// AVX2 and portable code. Pure functions; whole blocks only: beginning, padding and everything about lengths is the
// caller's (engine/hash/lanes.h).
// Sources: RFC 1321 section 3.4; FIPS 180-4 sections 6.1.2 and 6.2.2.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/hash/digest.h"

namespace triage {

inline constexpr std::size_t block_bytes = 64;  // of all three algorithms
inline constexpr std::size_t lane_count = 16;   // as many 32-bit words as the widest vector holds

// Chaining values: word i of lane l is at [i][l].
struct LaneStates {
    alignas(64) std::uint32_t md5[4][lane_count];
    alignas(64) std::uint32_t sha1[5][lane_count];
    alignas(64) std::uint32_t sha256[8][lane_count];
};

// Where the next block of each lane begins; every pointer must be readable, also of a lane whose result is not wanted.
using LaneBlocks = std::array<const std::byte*, lane_count>;

// Advances all lanes by `blocks` blocks. Calls for different algorithms may run at the same time.
struct LaneKernel {
    std::string_view name;  // of its instruction set: "AVX-512", "AVX2", "portable"
    void (*advance)(LaneStates& states, const LaneBlocks& at, std::size_t blocks, AlgorithmSet algorithms);
};

// Those that this processor can run, the best first.
const std::vector<LaneKernel>& lane_kernels();

}  // namespace triage
