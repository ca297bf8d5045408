// SPDX-License-Identifier: Apache-2.0
// What libtsk 4.11.1 does not do for ext2/3/4: extent trees with two or more leaves, block maps with large holes (its
// time grows with the square of their blocks), inline data with a hole behind them, the encryption flag, group
// descriptors of META_BG. Format: Linux Documentation/filesystems/ext4 (ondisk: ifork "Extent Tree", group_descr,
// inodes, directory).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plugins/tsk/image.h"

namespace triage::tsk {

// A run of blocks of a file. `is_zero`: allocated but never written, reads as zeros.
struct BlockExtent {
    std::uint64_t logical = 0, physical = 0, count = 0;
    bool is_zero = false;
};

// What `why` says where there are more than most_extents, which is no damage.
inline constexpr const char* too_many_extents = "more extents than the limit";

// Walks the tree whose root is the 60 bytes of i_block. Nothing when it is inconsistent; `why` says how.
std::optional<std::vector<BlockExtent>> read_extent_tree(Image& image, ByteView i_block, std::uint32_t block_size,
                                                         std::uint64_t block_count, std::string& why);

// A file system of revision 0 has inodes of 128 bytes and leaves the field of their size empty, which libtsk believes:
// it then finds no file. Shows libtsk the size.
void show_inode_size(Image& image);

// How an inode without extents names its blocks: by the number of their first unit, which is the block itself on ext
// and a fragment on UFS (FreeBSD sys/ufs/ufs/dinode.h, sys/ufs/ffs/fs.h).
struct MapForm {
    std::uint32_t block_bytes = 0, unit_bytes = 0;
    unsigned number_bytes = 4;
    bool is_big_endian = false, is_ufs = false;
    std::uint32_t units() const { return block_bytes / unit_bytes; }  // of a block
};
MapForm map_form(const TSK_FS_INFO* fs);

// What `why` says of a snapshot of UFS: numbers 1 and 2 stand for what was not in use then, and for what is as it was.
inline constexpr const char* is_snapshot = "a snapshot of the volume, whose content is elsewhere";

// Follows the 15 block numbers of such an inode: direct, indirect, double and triple indirect. Holes are left out;
// nothing past `size` bytes is looked at. `physical` counts units, the rest blocks.
std::optional<std::vector<BlockExtent>> read_block_map(Image& image, std::span<const TSK_DADDR_T> pointers,
                                                       std::uint64_t size, const MapForm& form,
                                                       std::uint64_t unit_count, std::string& why);

// A name in use of a directory.
struct DirectoryEntry {
    std::uint32_t inode = 0;
    std::uint8_t type = 0;  // as stored: 1 file, 2 directory...; 0 where the file system does not say
    std::string name;
};

// Adds the names of a directory block. False when it is no chain of entries from its first byte to its last, as the
// kernel requires.
bool read_directory_block(ByteView block, std::vector<DirectoryEntry>& entries);

// Raw inode flags, read without libtsk. Made once a file system.
class Ext4Inodes {
  public:
    explicit Ext4Inodes(Image& image);
    bool needs_recovery() const { return incompat_ & 4; }  // INCOMPAT_RECOVER
    // Why libtsk must not read, or cannot open, this file system; empty when it can.
    std::string why_unsupported() const;
    // Group descriptors that do not stand in one table behind the superblock: libtsk reads other bytes in their place.
    bool has_scattered_groups() const;
    // EXT4_ENCRYPT_FL of an inode; nothing when it could not be read.
    std::optional<bool> is_encrypted(std::uint64_t inode);
    // EXT4_EA_INODE_FL: it holds the value of another inode's extended attribute.
    bool holds_attribute(std::uint64_t inode);
    // Where the data of an inode of EXT4_INLINE_DATA_FL stand on the volume: in i_block and in the attribute
    // system.data. Nothing without that attribute: Linux does not open such a file.
    std::optional<std::vector<Extent>> inline_data(std::uint64_t inode);
    // In a group whose inodes were never used, or behind those that were: what stands in its bitmap and table there is
    // what an earlier file system left.
    bool is_never_used(std::uint64_t inode);
    bool has_resize_inode() const { return compat_ & 0x10; }  // COMPAT_RESIZE_INODE
    // The journal, the quotas, the list of orphans: in use without a name. Those that the volume has.
    std::vector<std::uint32_t> system_inodes();

  private:
    std::optional<std::uint32_t> flags_of(std::uint64_t inode);
    std::optional<Bytes> descriptor_of(std::uint64_t inode);
    std::optional<std::uint64_t> inode_offset(std::uint64_t inode);
    Image& image_;
    std::uint32_t compat_ = 0, incompat_ = 0, ro_compat_ = 0, block_size_ = 0, inodes_per_group_ = 0,
                  blocks_per_group_ = 0, inode_size_ = 128;
    std::uint32_t descriptor_size_ = 32, first_data_block_ = 0, first_meta_group_ = 0;
    std::uint64_t group_count_ = 0;
    bool has_magic_ = false;
};

}  // namespace triage::tsk
