// SPDX-License-Identifier: Apache-2.0
// Records of the NTFS master file table as they stand on the media. libtsk 4.11.1 drops contents without a word where
// two attributes have the same number, and reads 256 further records of a file. One thread, one walk.
// Format: linux fs/ntfs3/ntfs.h (MFT_REC, ATTRIB, NTFS_RECORD_HEADER), ntfs-3g layout.h; runs: its doc "mapping pairs".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plugins/tsk/image.h"

namespace triage::tsk {

// Bytes of a record, by the boot sector; nothing where it says what cannot be.
std::optional<std::uint64_t> mft_record_bytes(Image& image, std::uint32_t cluster_bytes);

// A name as libtsk spells it.
std::string ntfs_name(ByteView utf16);

struct ClusterRun {
    std::optional<std::uint64_t> first;  // nothing: a hole
    std::uint64_t count = 0;
    friend bool operator==(const ClusterRun&, const ClusterRun&) = default;
};

// Nothing when the pairs do not end, or lead before the volume.
std::optional<std::vector<ClusterRun>> read_mapping_pairs(ByteView pairs);

// An attribute, or the piece of one that a record holds.
struct MftAttribute {
    std::uint16_t flags = 0;
    bool is_resident = true;
    Bytes value;                                   // where it is resident
    std::vector<ClusterRun> runs;                  // where it is not
    std::uint64_t size = 0, initialised_size = 0;  // bytes; of a piece that is not the first: 0
};
constexpr std::uint16_t mft_compressed = 0x00FF, mft_encrypted = 0x4000;

class MftRecord {
  public:
    // Nothing when it is no record, or no chain of attributes.
    static std::optional<MftRecord> parse(Bytes stored);
    std::uint16_t sequence() const { return *load_le<std::uint16_t>(bytes_, 0x10); }
    bool is_in_use() const { return *load_le<std::uint16_t>(bytes_, 0x16) & 1; }
    std::uint64_t base() const { return *load_le<std::uint64_t>(bytes_, 0x20); }  // a reference; 0: it is one itself
    bool has(std::uint32_t type) const;                                           // an attribute of this type
    // Names and numbers of the contents ($DATA) that begin here.
    std::vector<std::pair<std::string, std::uint16_t>> contents() const;
    // `number`: of the attribute in this record; `first_cluster`: of the attribute, where the piece begins. Nothing
    // also when it makes no sense.
    std::optional<MftAttribute> find(std::uint32_t type, std::uint16_t number, const std::string& name,
                                     std::uint64_t first_cluster) const;

  private:
    std::vector<ByteView> attributes() const;
    Bytes bytes_;
    std::vector<std::pair<std::size_t, std::size_t>> places_;  // begin and length of each attribute
};

class MftRecords {
  public:
    MftRecords(TSK_FS_INFO* fs, Image& image);
    // The record with this address. Nothing where it cannot be read.
    std::optional<MftRecord> read(std::uint64_t address);

  private:
    FileHandle table_;
    std::uint64_t record_bytes_ = 0;
};

}  // namespace triage::tsk
