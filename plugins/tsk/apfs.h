// SPDX-License-Identifier: Apache-2.0
// What libtsk 4.11.1 does not say of an APFS container: where its newest checkpoint is damaged, it lists an older one
// as if nothing had been written since, and it does not ask whether the container ends with its volume. Format: Apple
// File System Reference, "Objects" (obj_phys_t, Fletcher 64), "Container" (nx_superblock_t, checkpoints).
#pragma once

#include <string>
#include <vector>

#include "plugins/tsk/image.h"

namespace triage::tsk {

// Whether a block, whole, has the checksum that its header says.
bool is_sound_apfs_object(ByteView block);

// Why names and contents of the container may be missing, in words; empty when there is no reason.
std::vector<std::string> apfs_container_flaws(Image& image);

}  // namespace triage::tsk
