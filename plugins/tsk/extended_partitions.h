// SPDX-License-Identifier: Apache-2.0
// The chain of tables inside an extended partition of a DOS table. libtsk 4.11.1 follows it as far as it is sound and
// says nothing where it breaks off: the logical partitions behind that place are missing.
// Format: an extended boot record is a sector like the first one (table at 446, 55 AA at 510); its entries of a plain
// type count from that sector, those of type 05, 0F and 85 from the start of the outermost extended partition.
#pragma once

#include <vector>

#include "engine/evidence/problem.h"
#include "plugins/tsk/image.h"

namespace triage::tsk {

// What is wrong with the chains of the table in the first sector of `image`. A sector that cannot be read is a flaw of
// the image.
std::vector<Problem> check_extended_partitions(Image& image, std::uint32_t sector_size);

// Shows libtsk the table without its extended partitions when a chain is longer than the check follows it: its time
// grows with the square of their number. False when there is nothing to hide.
bool hide_long_chains(Image& image);

}  // namespace triage::tsk
