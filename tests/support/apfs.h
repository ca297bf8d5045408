// SPDX-License-Identifier: Apache-2.0
// The checksum of an APFS object, made after the Apple File System Reference, "obj_phys_t": with it, both sums of
// Fletcher 64 over the whole block, the checksum last, are zero.
#pragma once

#include "tests/support/media.h"

namespace triage::test {

inline void put_apfs_checksum(MutableBytes block) {
    constexpr std::uint64_t modulus = 0xFFFF'FFFF;
    std::uint64_t sum = 0, sum_of_sums = 0;
    for (std::size_t at = 8; at < block.size(); at += 4) {
        sum = (sum + *load_le<std::uint32_t>(block, at)) % modulus;
        sum_of_sums = (sum_of_sums + sum) % modulus;
    }
    // first + second + sum = 0 and sum_of_sums + 2 (sum + first) + second = 0, so that first = -(sum_of_sums + sum).
    const std::uint64_t first = (2 * modulus - sum_of_sums - sum) % modulus,
                        second = (2 * modulus - sum - first) % modulus;
    for (std::size_t i = 0; i < 4; ++i) {
        block[i] = static_cast<std::byte>(first >> 8 * i);
        block[4 + i] = static_cast<std::byte>(second >> 8 * i);
    }
}

}  // namespace triage::test
