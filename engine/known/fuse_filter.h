// SPDX-License-Identifier: Apache-2.0
// Binary fuse filters of 8-bit fingerprints (Graf, Lemire: "Binary Fuse Filters: Fast and Smaller Than Xor Filters",
// ACM JEA 2022): about 9 bits a key; a key that is in is always found, one that is not in 255 of 256 cases refused.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <span>

#include "engine/base/bytes.h"
#include "engine/known/tks_layout.h"

namespace triage {

// Where the three fingerprints of a key lie in its shard, and what they must add up to.
struct FuseProbe {
    std::uint32_t at[3];
    std::uint8_t fingerprint;
};

inline std::uint64_t mixed(std::uint64_t key, std::uint64_t seed) {
    std::uint64_t h = key + seed;  // the finaliser of MurmurHash3
    h = (h ^ h >> 33) * 0xff51afd7ed558ccdull;
    h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53ull;
    return h ^ h >> 33;
}

inline FuseProbe probe_of(std::uint64_t hash, const tks::Shard& shard) {
    const auto span = static_cast<std::uint64_t>(shard.segment_count) * shard.segment_bytes;
    const auto first = static_cast<std::uint32_t>((static_cast<unsigned __int128>(hash) * span) >> 64);
    const std::uint32_t mask = shard.segment_bytes - 1;
    FuseProbe probe;
    probe.at[0] = first;
    probe.at[1] = (first + shard.segment_bytes) ^ (static_cast<std::uint32_t>(hash >> 18) & mask);
    probe.at[2] = (first + 2 * shard.segment_bytes) ^ (static_cast<std::uint32_t>(hash) & mask);
    probe.fingerprint = static_cast<std::uint8_t>(hash ^ hash >> 32);
    return probe;
}

// Bytes of a shard's fingerprints.
inline std::uint64_t fingerprint_bytes(const tks::Shard& shard) {
    return shard.segment_count == 0 ? 0 : (std::uint64_t{shard.segment_count} + 2) * shard.segment_bytes;
}

// Makes the filter of `keys`, whose order is lost; equal keys count once. The same keys give the same filter. Sets
// everything of the shard but its offset.
Bytes make_filter(std::vector<std::uint64_t>& keys, tks::Shard& shard);

}  // namespace triage
