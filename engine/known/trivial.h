// SPDX-License-Identifier: Apache-2.0
// Contents that prove nothing: the empty file, and one byte repeated. In a list, each would match on thousands of
// honest computers. Pure after the first call; any thread.
#pragma once

#include "engine/hash/digest.h"

namespace triage {

// True when a digest is that of an empty content, of 512 to 4096 bytes (powers of two) of any one byte, or of up to
// 1 MiB of 00 or FF.
bool is_trivial(const Digest& digest);

}  // namespace triage
