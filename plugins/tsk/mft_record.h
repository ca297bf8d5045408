// SPDX-License-Identifier: Apache-2.0
// Records of the NTFS master file table, of which libtsk 4.11.1 drops contents without a word where two attributes have
// the same number. One thread, one walk.
// Format: linux fs/ntfs3/ntfs.h (MFT_REC, ATTRIB, NTFS_RECORD_HEADER), ntfs-3g layout.h.
#pragma once

#include <optional>

#include "plugins/tsk/image.h"

namespace triage::tsk {

// Bytes of a record, by the boot sector; nothing where it says what cannot be.
std::optional<std::uint64_t> mft_record_bytes(Image& image, std::uint32_t cluster_bytes);

// How many contents ($DATA) begin in a record, whole and as it stands on the media. Nothing when it is no record, or no
// chain of attributes.
std::optional<std::size_t> contents_in_record(Bytes record);

class MftRecords {
  public:
    MftRecords(TSK_FS_INFO* fs, Image& image);
    // Of the file with this address. Nothing where its record cannot be read.
    std::optional<std::size_t> contents(std::uint64_t address);

  private:
    FileHandle table_;
    std::uint64_t record_bytes_ = 0;
};

}  // namespace triage::tsk
