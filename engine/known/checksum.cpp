// SPDX-License-Identifier: Apache-2.0
#include "engine/known/checksum.h"

#define XXH_INLINE_ALL  // no library to link
#include <xxhash.h>

namespace triage {

std::uint64_t checksum_of(ByteView bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

}  // namespace triage
