// SPDX-License-Identifier: Apache-2.0
// The valid data length of an exFAT file, which libtsk 4.11.1 ignores: bytes after it read as zeros.
// Format: Microsoft "exFAT file system specification", section 7.6.5 (ValidDataLength), 6.2 (directory entry sets).
#pragma once

#include <optional>
#include <string_view>

#include "plugins/tsk/image.h"

namespace triage::tsk {

// Where libtsk's metadata addresses of exFAT stand on the volume: address 3 is the first directory entry of the cluster
// heap, each entry has 32 bytes. Read from the boot sector once a file system.
class ExfatEntries {
  public:
    explicit ExfatEntries(Image& image);

    // Of the entry set whose File entry has this metadata address. `directory` is the directory that lists it, needed
    // when the set crosses a cluster; may be null. Nothing when the Stream Extension entry is not found or contradicts
    // `size`. `size` when the address is no File entry (bitmap, up-case table, libtsk's virtual files).
    std::optional<std::uint64_t> valid_data_length(const TSK_FS_FILE* directory, std::uint64_t address,
                                                   std::uint64_t size);

    // Where libtsk's virtual files "$FAT1" and "$FAT2" stand, which it lists but cannot read. False for other names.
    bool locate_fat(std::string_view name, Entry& entry) const;

  private:
    Image& image_;
    std::uint64_t fat_sector_ = 0, fat_sectors_ = 0;
    std::uint64_t sector_bytes_ = 0, cluster_sectors_ = 0, heap_sector_ = 0;
};

}  // namespace triage::tsk
