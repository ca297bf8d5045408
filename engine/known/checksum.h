// SPDX-License-Identifier: Apache-2.0
// The checksum of a set's blocks: XXH3, 64 bits, seed 0 (xxhash, doc/xxhash_spec.md). Against accidents, not attackers.
#pragma once

#include <cstdint>

#include "engine/base/bytes.h"

namespace triage {

std::uint64_t checksum_of(ByteView bytes);

}  // namespace triage
