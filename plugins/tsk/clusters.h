// SPDX-License-Identifier: Apache-2.0
// The clusters of FAT12/16/32 and exFAT that the names in use lead to, against those that the file system says are in
// use: a directory that was overwritten seems empty to libtsk, but what it named still has its clusters.
// Format: Microsoft "FAT: General Overview of On-Disk Format" 1.03; "exFAT file system specification", 3.1, 7.1.
#pragma once

#include <string>
#include <vector>

#include "plugins/tsk/content.h"

namespace triage::tsk {

// Why libtsk must not read this FAT or exFAT file system: it follows the chains of the first FAT, whichever the boot
// sector names. Empty when it can. Format: BPB_ExtFlags; exFAT 3.1.13.1 "ActiveFat".
std::string why_unsupported_fat(TSK_FS_TYPE_ENUM type, Image& image);

class NamedClusters {
  public:
    explicit NamedClusters(OpenFilesystem& fs);
    void add(TSK_FS_FILE* file);
    // What is in use but in no listed file, in words. Empty when there is nothing.
    std::string lost();

  private:
    bool read_boot_sector(std::uint64_t sector);
    bool read_exfat_boot_sector(ByteView boot);
    std::string lost_chains();
    unsigned fat_bits() const;
    std::uint32_t fat_entry(ByteView piece, std::uint64_t index) const;
    std::uint64_t next_cluster(std::uint64_t cluster);
    std::string lost_exfat_clusters();
    bool is_lost(std::uint64_t cluster);
    // A directory is marked twice, and nothing else more than once, unless somebody wants to keep us busy.
    bool is_overfull() const { return marks_ > 4 * named_.size(); }

    OpenFilesystem& fs_;
    std::uint64_t sector_bytes_ = 0, cluster_sectors_ = 0, fat_sector_ = 0, heap_sector_ = 0, clusters_ = 0;
    std::uint64_t marks_ = 0;
    std::vector<bool> named_;  // from cluster 0, of which the first two do not exist
};

}  // namespace triage::tsk
