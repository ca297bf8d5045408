// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/ext4.h"

#include <fmt/format.h>
#include <tsk/fs/tsk_ffs.h>

#include <algorithm>
#include <array>

namespace triage::tsk {
namespace {

constexpr std::uint16_t extent_magic = 0xF30A;
constexpr unsigned deepest_tree = 5;  // the kernel's EXT4_MAX_EXTENT_DEPTH

struct TreeWalk {
    Image& image;
    std::uint32_t block_size;
    std::uint64_t block_count;
    std::vector<BlockExtent> extents;
    std::string why;

    bool fail(const char* reason) { return why = reason, false; }

    bool add_leaf(ByteView entry) {
        const std::uint64_t logical = *load_le<std::uint32_t>(entry, 0);
        const std::uint16_t raw_count = *load_le<std::uint16_t>(entry, 4);
        const std::uint64_t physical =
            std::uint64_t{*load_le<std::uint16_t>(entry, 6)} << 32 | *load_le<std::uint32_t>(entry, 8);
        // A length over 32768 marks an extent that is allocated but not initialised.
        const bool is_zero = raw_count > 32768;
        const std::uint64_t count = is_zero ? raw_count - 32768u : raw_count;
        if (count == 0 || physical + count > block_count) return fail("an extent lies outside the file system");
        if (!extents.empty() && logical < extents.back().logical + extents.back().count)
            return fail("extents overlap or are out of order");
        if (extents.size() >= most_extents) return fail(too_many_extents);
        extents.push_back({logical, physical, count, is_zero});
        return true;
    }

    bool add_node(ByteView node, int expected_depth) {
        const auto magic = load_le<std::uint16_t>(node, 0), entries = load_le<std::uint16_t>(node, 2);
        const auto depth = load_le<std::uint16_t>(node, 6);
        if (!depth || *magic != extent_magic) return fail("an extent node has no magic number");
        if (*depth > deepest_tree || (expected_depth >= 0 && *depth != expected_depth))
            return fail("the extent tree's depth is wrong");
        if (12 + std::uint64_t{*entries} * 12 > node.size()) return fail("an extent node claims too many entries");
        for (std::uint16_t i = 0; i < *entries; ++i) {
            const ByteView entry = node.subspan(12 + i * 12u, 12);
            if (*depth == 0 ? !add_leaf(entry) : !add_child(entry, *depth - 1)) return false;
        }
        return true;
    }

    bool add_child(ByteView entry, int depth) {
        const std::uint64_t block =
            std::uint64_t{*load_le<std::uint16_t>(entry, 8)} << 32 | *load_le<std::uint32_t>(entry, 4);
        if (block == 0 || block >= block_count) return fail("an extent node lies outside the file system");
        const std::size_t before = extents.size();
        Bytes node(block_size);
        if (!image.read(block * block_size, node)) return fail("an extent node cannot be read");
        if (!add_node(node, depth)) return false;
        // Progress in every leaf ends loops: a node met twice would repeat logical blocks.
        return extents.size() > before || fail("an extent node is empty");
    }
};

struct MapWalk {
    Image& image;
    const MapForm& form;
    std::uint64_t unit_count, wanted;  // wanted: blocks of the content
    std::uint64_t at = 0;              // the next block of the content
    std::vector<BlockExtent> extents;
    std::string why;
    std::uint64_t tables = 0;  // blocks of block numbers that were read: a sound map has no more than there are blocks

    bool fail(const char* reason) { return why = reason, false; }

    // `level` 0: the number of a content block; 1 to 3: of a block that holds numbers of the level below.
    bool add(std::uint64_t number, int level) {
        if (at >= wanted) return true;
        const std::uint64_t per_block = form.block_bytes / form.number_bytes;
        if (number == 0) {
            std::uint64_t blocks = 1;
            for (int i = 0; i < level; ++i) blocks *= per_block;
            return at += blocks, true;
        }
        if (form.is_ufs && number <= 2) return fail(is_snapshot);
        if (number >= unit_count) return fail("a block number lies outside the file system");
        if (level == 0) return add_block(number);
        if (++tables > unit_count) return fail("its block map leads to the same blocks again and again");
        Bytes numbers(form.block_bytes);
        if (!image.read(number * form.unit_bytes, numbers)) return fail("a block of block numbers cannot be read");
        for (std::uint64_t i = 0; i < per_block && at < wanted; ++i)
            if (!add(number_at(numbers, i), level - 1)) return false;
        return true;
    }

    std::uint64_t number_at(ByteView numbers, std::uint64_t index) const {
        const std::uint64_t place = index * form.number_bytes;
        if (form.number_bytes == 8)
            return *(form.is_big_endian ? load_be<std::uint64_t>(numbers, place)
                                        : load_le<std::uint64_t>(numbers, place));
        return *(form.is_big_endian ? load_be<std::uint32_t>(numbers, place) : load_le<std::uint32_t>(numbers, place));
    }

    bool add_block(std::uint64_t number) {
        BlockExtent* last = extents.empty() ? nullptr : &extents.back();
        if (last && last->logical + last->count == at && last->physical + last->count * form.units() == number)
            ++last->count;
        else if (extents.size() >= most_extents) return fail(too_many_extents);
        else extents.push_back({at, number, 1, false});
        return ++at, true;
    }
};

}  // namespace

MapForm map_form(const TSK_FS_INFO* fs) {
    if (!TSK_FS_TYPE_ISFFS(fs->ftype)) return {fs->block_size, fs->block_size};
    const auto* ufs = reinterpret_cast<const FFS_INFO*>(fs);
    return {ufs->ffsbsize_b, fs->block_size, fs->ftype == TSK_FS_TYPE_FFS2 ? 8u : 4u, fs->endian == TSK_BIG_ENDIAN,
            true};
}

std::optional<std::vector<BlockExtent>> read_block_map(Image& image, std::span<const TSK_DADDR_T> pointers,
                                                       std::uint64_t size, const MapForm& form,
                                                       std::uint64_t unit_count, std::string& why) {
    constexpr std::uint32_t largest_block = 64 << 10;
    const std::uint32_t block = form.block_bytes;
    if (block == 0 || block > largest_block || form.unit_bytes == 0 || block % form.unit_bytes != 0)
        return why = "its blocks have a size that none has", std::nullopt;
    unit_count = std::min<std::uint64_t>(unit_count, ~0ull / largest_block);
    MapWalk walk{image, form, unit_count, size / block + (size % block != 0), 0, {}, {}, 0};
    const std::uint64_t mask = form.number_bytes == 8 ? ~0ull : 0xFFFFFFFF;  // libtsk widens them with their sign
    for (std::size_t i = 0; i < pointers.size(); ++i)
        if (!walk.add(pointers[i] & mask, i < 12 ? 0 : static_cast<int>(i) - 11)) return why = walk.why, std::nullopt;
    return std::move(walk.extents);
}

bool read_directory_block(ByteView block, std::vector<DirectoryEntry>& entries) {
    std::size_t at = 0;
    while (at + 8 <= block.size()) {
        const std::size_t stored = *load_le<std::uint16_t>(block, at + 4);
        // Blocks of 64 KiB: 0 and 65535 stand for the whole block, the two low bits are the length's bits 16 and 17.
        const bool is_whole = block.size() >= 65536 && (stored == 0 || stored == 65535);
        const std::size_t length = is_whole ? block.size() : (stored & ~std::size_t{3}) | (stored & 3) << 16;
        const std::size_t name = *load_le<std::uint8_t>(block, at + 6);
        if (length < 12 || length > block.size() - at || name + 8 > length) return false;
        if (const std::uint32_t inode = *load_le<std::uint32_t>(block, at); inode != 0)
            entries.push_back(
                {inode, *load_le<std::uint8_t>(block, at + 7), std::string(as_text(block.subspan(at + 8, name)))});
        at += length;
    }
    return at == block.size();
}

std::optional<std::vector<BlockExtent>> read_extent_tree(Image& image, ByteView i_block, std::uint32_t block_size,
                                                         std::uint64_t block_count, std::string& why) {
    TreeWalk walk{image, block_size, block_count, {}, {}};
    if (walk.add_node(i_block, -1)) return std::move(walk.extents);
    why = walk.why;
    return std::nullopt;
}

void show_inode_size(Image& image) {
    constexpr std::size_t superblock = 1024, magic = 56, revision = 76, inode_size = 88;
    std::array<std::byte, 92> bytes{};
    if (!image.read(superblock, bytes)) return;
    if (load_le<std::uint16_t>(bytes, magic) == 0xEF53 && load_le<std::uint32_t>(bytes, revision) == 0)
        image.show_instead(superblock + inode_size, {std::byte{128}, std::byte{0}});
}

Ext4Inodes::Ext4Inodes(Image& image) : image_(image) {
    std::array<std::byte, 1024> super{};
    if (!image.read(1024, super)) return;
    const auto number = [&](std::size_t at) { return *load_le<std::uint32_t>(super, at); };
    if (number(24) > 6) return;
    has_magic_ = *load_le<std::uint16_t>(super, 56) == 0xEF53;
    block_size_ = 1024u << number(24);
    first_data_block_ = number(20), blocks_per_group_ = number(32), inodes_per_group_ = number(40);
    if (number(76) >= 1)
        inode_size_ = *load_le<std::uint16_t>(super, 88), compat_ = number(92), incompat_ = number(96),
        ro_compat_ = number(100);
    if (incompat_ & 0x80) descriptor_size_ = *load_le<std::uint16_t>(super, 254);  // INCOMPAT_64BIT
    first_meta_group_ = number(260);
    if (inodes_per_group_ != 0) group_count_ = number(0) / inodes_per_group_;
}

// FILETYPE, RECOVER, JOURNAL_DEV, META_BG, EXTENTS, 64BIT, MMP, FLEX_BG, EA_INODE, CSUM_SEED, LARGEDIR, INLINE_DATA,
// ENCRYPT, CASEFOLD. The kernel mounts none with another; one was the compression of e2compr.
constexpr std::uint32_t known_features = 0x3E7DE;

std::string Ext4Inodes::why_unsupported() const {
    if (!has_magic_) return {};
    if (ro_compat_ & 0x200) return "ext4 with bigalloc: not read by this build";
    if (has_scattered_groups()) return "ext4 with META_BG: not read by this build";
    if (const std::uint32_t unknown = incompat_ & ~known_features; unknown != 0)
        return fmt::format("ext2/3/4 with incompatible features that are not known ({:#x}): not read by this build",
                           unknown);
    return {};
}

bool Ext4Inodes::has_scattered_groups() const {
    if (!(incompat_ & 0x10) || descriptor_size_ == 0) return false;  // INCOMPAT_META_BG
    // The first group of descriptors stands where it always did.
    return group_count_ > std::max<std::uint64_t>(first_meta_group_, 1) * (block_size_ / descriptor_size_);
}

std::optional<Bytes> Ext4Inodes::descriptor_of(std::uint64_t inode) {
    if (inode == 0 || inode > 0xFFFFFFFF || inodes_per_group_ == 0) return {};  // inode numbers have 32 bits
    if (descriptor_size_ < 32 || block_size_ < descriptor_size_) return {};
    const std::uint64_t group = (inode - 1) / inodes_per_group_, per_block = block_size_ / descriptor_size_;
    std::uint64_t table = first_data_block_ + 1 + group / per_block;
    if ((incompat_ & 0x10) && group / per_block >= first_meta_group_)  // INCOMPAT_META_BG: in the group they describe
        table = first_data_block_ + group / per_block * per_block * blocks_per_group_ + (group < per_block ? 1 : 0);
    if (table > ~0ull / block_size_ / 2) return {};
    Bytes descriptor(std::min<std::size_t>(descriptor_size_, 64));
    if (!image_.read(table * block_size_ + group % per_block * descriptor_size_, descriptor)) return {};
    return descriptor;
}

std::optional<std::uint64_t> Ext4Inodes::inode_offset(std::uint64_t inode) {
    const std::optional<Bytes> descriptor = descriptor_of(inode);
    if (!descriptor) return {};
    std::uint64_t block = *load_le<std::uint32_t>(*descriptor, 8);
    if (descriptor->size() >= 64) block |= std::uint64_t{*load_le<std::uint32_t>(*descriptor, 40)} << 32;
    if (block > ~0ull / block_size_ / 2) return {};
    return block * block_size_ + (inode - 1) % inodes_per_group_ * inode_size_;
}

std::optional<std::uint32_t> Ext4Inodes::flags_of(std::uint64_t inode) {
    std::array<std::byte, 4> flags{};
    const std::optional<std::uint64_t> offset = inode_offset(inode);
    if (!offset || !image_.read(*offset + 32, flags)) return std::nullopt;
    return load_le<std::uint32_t>(flags, 0);
}

std::optional<bool> Ext4Inodes::is_encrypted(std::uint64_t inode) {
    const std::optional<std::uint32_t> flags = flags_of(inode);
    if (!flags) return std::nullopt;
    return (*flags & 0x800) != 0;  // EXT4_ENCRYPT_FL
}

bool Ext4Inodes::holds_attribute(std::uint64_t inode) {
    constexpr std::uint32_t incompat_ea_inode = 0x400, ea_inode = 0x200000;
    return (incompat_ & incompat_ea_inode) && (flags_of(inode).value_or(0) & ea_inode);
}

// ondisk: inode "Inline Data", attributes "Extended Attributes".
std::optional<std::vector<Extent>> Ext4Inodes::inline_data(std::uint64_t inode) {
    constexpr std::size_t i_block = 40, in_block = 60, extra_size = 128, head = 16;
    const std::optional<std::uint64_t> offset = inode_offset(inode);
    Bytes bytes(inode_size_);
    if (!offset || !image_.read(*offset, bytes)) return {};
    const std::size_t start = extra_size + load_le<std::uint16_t>(bytes, extra_size).value_or(0) + 4u;
    if (load_le<std::uint32_t>(bytes, start - 4) != 0xEA020000) return {};
    std::optional<Extent> value;
    std::size_t at = start;
    while (load_le<std::uint32_t>(bytes, at).value_or(0) != 0 && at + head <= bytes.size()) {
        const std::size_t name = *load_le<std::uint8_t>(bytes, at);
        const bool is_system = *load_le<std::uint8_t>(bytes, at + 1) == 7 && at + head + name <= bytes.size();
        if (is_system && as_text(bytes).substr(at + head, name) == "data")
            value = {start + std::uint64_t{*load_le<std::uint16_t>(bytes, at + 2)},
                     *load_le<std::uint32_t>(bytes, at + 8)};
        at += (head + name + 3) & ~std::size_t{3};
    }
    if (!value) return {};
    if (value->length == 0) return std::vector<Extent>{{*offset + i_block, in_block}};
    // A value among the names, as Linux refuses it, is none.
    if (value->media_offset < at + 4 || value->media_offset + value->length > bytes.size()) return {};
    return std::vector<Extent>{{*offset + i_block, in_block}, {*offset + value->media_offset, value->length}};
}

bool Ext4Inodes::is_never_used(std::uint64_t inode) {
    const bool has_checksums = ro_compat_ & 0x410;  // RO_COMPAT_GDT_CSUM, RO_COMPAT_METADATA_CSUM
    const std::optional<Bytes> descriptor = has_checksums ? descriptor_of(inode) : std::nullopt;
    if (!descriptor) return false;
    std::uint64_t unused = *load_le<std::uint16_t>(*descriptor, 28);
    if (descriptor->size() >= 64) unused |= std::uint64_t{*load_le<std::uint16_t>(*descriptor, 50)} << 16;
    const bool is_group_unused = *load_le<std::uint16_t>(*descriptor, 18) & 1;  // EXT4_BG_INODE_UNINIT
    return is_group_unused || (inode - 1) % inodes_per_group_ + unused >= inodes_per_group_;
}

std::vector<std::uint32_t> Ext4Inodes::system_inodes() {
    std::array<std::byte, 1024> super{};
    std::vector<std::uint32_t> inodes;
    if (!image_.read(1024, super)) return inodes;
    const auto take = [&](bool has_feature, std::size_t at) {
        if (has_feature) inodes.push_back(*load_le<std::uint32_t>(super, at));
    };
    take(compat_ & 0x4, 0xE0);         // s_journal_inum
    take(ro_compat_ & 0x100, 0x240);   // s_usr_quota_inum
    take(ro_compat_ & 0x100, 0x244);   // s_grp_quota_inum
    take(ro_compat_ & 0x2000, 0x26C);  // s_prj_quota_inum
    take(compat_ & 0x1000, 0x280);     // s_orphan_file_inum
    return inodes;
}

}  // namespace triage::tsk
