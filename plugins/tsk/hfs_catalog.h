// SPDX-License-Identifier: Apache-2.0
// The leaves of the catalog of an HFS+ volume, read without libtsk 4.11.1, which finds a file by its number alone: of
// two with the same one it shows the content of one under both names.
// Format: Apple Technical Note TN1150, "B-Trees", "Catalog File".
#pragma once

#include <unordered_set>

#include "plugins/tsk/ext4.h"

namespace triage::tsk {

// Numbers that more than one file or folder has. Of a catalog that is damaged, those of the leaves before the damage.
std::unordered_set<std::uint64_t> shared_numbers(TSK_FS_INFO* fs);

// The names in a folder, as libtsk spells them; of the root also those that it gives the file system's own files.
std::vector<DirectoryEntry> names_in_folder(TSK_FS_INFO* fs, std::uint64_t folder);

}  // namespace triage::tsk
