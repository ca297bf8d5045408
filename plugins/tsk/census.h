// SPDX-License-Identifier: Apache-2.0
// How many files and folders an HFS+ or APFS volume says it holds, against those that the walk met: what a damaged
// B-tree has lost leaves no other trace. One thread, one walk.
// Format: Apple Technical Note TN1150, "Volume Header"; Apple File System Reference, apfs_superblock_t.
#pragma once

#include <optional>
#include <string>
#include <unordered_set>

#include "plugins/tsk/content.h"

namespace triage::tsk {

class Census {
  public:
    explicit Census(OpenFilesystem& fs);
    // A name in use, but not of the file system's own metadata files.
    void add(const TSK_FS_FILE& file);
    // How many were not met, or why that is not known, in words. Empty when there are none, or when nothing is said.
    std::string missing() const;

  private:
    void read_hfs_header(OpenFilesystem& fs);
    void read_apfs_superblock(OpenFilesystem& fs);
    std::optional<std::uint64_t> claimed_;
    bool is_damaged_ = false;    // APFS: so that what it says does not count
    bool counts_names_ = false;  // HFS+: each name of a file; APFS: each file, however many names
    std::uint64_t met_ = 0;
    std::unordered_set<std::uint64_t> linked_;  // addresses of files with two or more names
};

}  // namespace triage::tsk
