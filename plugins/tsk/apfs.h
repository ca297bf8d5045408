// SPDX-License-Identifier: Apache-2.0
// What libtsk 4.11.1 does not say of an APFS container: where its newest checkpoint is damaged, it lists an older one
// as if nothing had been written since, it does not ask whether the container ends with its volume, and it gives zeros
// for a file whose content is in a cloud. Format: Apple File System Reference, "Objects" (obj_phys_t, Fletcher 64),
// "Container" (nx_superblock_t, checkpoints).
#pragma once

#include <string>
#include <vector>

#include "plugins/tsk/image.h"

namespace triage::tsk {

// Whether a block, whole, has the checksum that its header says.
bool is_sound_apfs_object(ByteView block);

// Why names and contents of the container may be missing, in words; empty when there is no reason.
std::vector<std::string> apfs_container_flaws(Image& image);

// Why the container, or the volume whose superblock stands at this byte, has to be left alone: the kernel too mounts
// none with incompatible features that it does not know. Empty when it can be read.
std::string why_unsupported_apfs_container(Image& image);
std::string why_unsupported_apfs_volume(Image& image, std::uint64_t superblock);

// Whether the content of a file, or the names in a directory, of an APFS volume are elsewhere (SF_DATALESS among its
// BSD flags, which libtsk shows in its words about an inode only). False where its flags are not told.
bool is_dataless(TSK_FS_INFO* fs, std::uint64_t address);

}  // namespace triage::tsk
