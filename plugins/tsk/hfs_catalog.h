// SPDX-License-Identifier: Apache-2.0
// The leaves of the catalog of an HFS+ volume, read without libtsk 4.11.1, which finds a file by its number alone: of
// two with the same one it shows the content of one under both names, and under a hard link the file that has the
// link's number, which is that in the name of its target and need not be its target's.
// Format: Apple Technical Note TN1150, "B-Trees", "Catalog File", "Hard Links".
#pragma once

#include <map>
#include <tuple>
#include <unordered_set>

#include "plugins/tsk/ext4.h"

namespace triage::tsk {

struct HfsNumbers {
    bool is_whole = true;                      // false: the catalog has other leaves than its header says
    std::unordered_set<std::uint64_t> shared;  // that more than one file or folder has
    // Hard links by folder, name and the file that libtsk shows, where that is not the one that they lead to: its
    // number; where there is none the link's own, under which nothing opens.
    std::map<std::tuple<std::uint64_t, std::string, std::uint64_t>, std::uint32_t> links;
};
HfsNumbers numbers_in_catalog(TSK_FS_INFO* fs);

// The names in a folder, as libtsk spells them; of the root also those that it gives the file system's own files.
std::vector<DirectoryEntry> names_in_folder(TSK_FS_INFO* fs, const HfsNumbers& numbers, std::uint64_t folder);

}  // namespace triage::tsk
