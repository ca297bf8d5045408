// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <functional>

namespace triage::tsk {
namespace {

using namespace std::string_view_literals;

// Calls `check` for each whole part of `size` bytes, a power of 2. What libtsk cannot read is its own error, which the
// walk reports.
void for_each_part(TSK_FS_FILE* file, std::size_t size, const std::function<void(ByteView)>& check) {
    constexpr std::size_t piece_bytes = 64 << 10;
    read_pieces(file, std::max(size, piece_bytes), [&](std::uint64_t, ByteView piece) {
        for (; piece.size() >= size; piece = piece.subspan(size)) check(piece.first(size));
    });
}

struct FatRecords {
    std::size_t names = 0;  // in use, before the end
    bool goes_on = false;   // a record in use stands behind the end
};

FatRecords read_fat_records(TSK_FS_FILE* file) {
    FatRecords records;
    bool has_ended = false;
    for_each_part(file, 32, [&](ByteView record) {
        const auto first = std::to_integer<unsigned>(record[0]), attributes = std::to_integer<unsigned>(record[11]);
        has_ended |= first == 0;
        const bool is_in_use = first != 0 && first != 0xE5 && (attributes & 0x3F) != 0x0F;
        if (!is_in_use) return;
        if (has_ended) records.goes_on = true;
        else ++records.names;
    });
    return records;
}

constexpr unsigned file_type = 0x85, stream_type = 0xC0;

// Allocation bitmap, up-case table, label; volume GUID, TexFAT padding and others that may be ignored.
bool stands_alone(unsigned type) { return (type >= 0x81 && type <= 0x83) || (type >= 0xA0 && type <= 0xBF); }

// Names in use that libtsk did not make up for a record that stands alone, or for a part of the volume.
std::size_t exfat_files(const TSK_FS_DIR& listing) {
    constexpr std::array made_up{"$ALLOC_BITMAP"sv, "$UPCASE_TABLE"sv, "$VOLUME_GUID"sv, "$TEX_FAT"sv, "$ACT"sv};
    std::size_t files = 0;
    for (std::size_t i = 0; i < listing.names_used; ++i) {
        const TSK_FS_NAME& name = listing.names[i];
        const bool is_virtual = name.type == TSK_FS_NAME_TYPE_VIRT || name.type == TSK_FS_NAME_TYPE_VIRT_DIR;
        if (!name.name || is_virtual || (name.flags & TSK_FS_NAME_FLAG_UNALLOC)) continue;
        const std::string_view text = name.name;
        files += !text.ends_with(" (Volume Label Entry)") &&
                 std::find(made_up.begin(), made_up.end(), text) == made_up.end();
    }
    return files;
}

}  // namespace

void ExfatSets::add(ByteView record) {
    const auto type = std::to_integer<unsigned>(record[0]);
    const bool is_in_use = type & 0x80, is_secondary = (type & 0xC0) == 0xC0;
    if (has_ended_) return void(goes_on_ |= is_in_use);
    if (left_ > 0 && is_secondary && (has_stream_ || type == stream_type)) {
        has_stream_ = true;
        add_to_checksum(record, 0, 0);
        if (--left_ == 0) ++(checksum_ == stored_checksum_ ? sound_ : bad_);
        return;
    }
    bad_ += left_ > 0;
    left_ = 0;
    has_ended_ = type == 0;
    if (type == file_type) begin_set(record);
    else bad_ += is_in_use && !stands_alone(type);
}

void ExfatSets::begin_set(ByteView record) {
    constexpr unsigned fewest = 2, most = 18;  // a stream extension and 1 to 17 names
    left_ = *load_le<std::uint8_t>(record, 1);
    if (left_ < fewest || left_ > most) ++bad_, left_ = 0;
    stored_checksum_ = *load_le<std::uint16_t>(record, 2);
    checksum_ = 0, has_stream_ = false;
    add_to_checksum(record, 2, 4);
}

// Figure 2 of section 6.3.3.
void ExfatSets::add_to_checksum(ByteView record, std::size_t skip_from, std::size_t skip_to) {
    for (std::size_t i = 0; i < record.size(); ++i)
        if (i < skip_from || i >= skip_to)
            checksum_ =
                static_cast<std::uint16_t>((checksum_ << 15 | checksum_ >> 1) + std::to_integer<unsigned>(record[i]));
}

// libtsk leaves out a set whose content would lie outside the volume, or in clusters that are not in use.
void DirectoryCheck::check_exfat(const TSK_FS_DIR& listing) {
    ExfatSets sets;
    for_each_part(listing.fs_file, 32, [&](ByteView record) { sets.add(record); });
    const std::size_t listed = exfat_files(listing);
    if (sets.goes_on()) flaw_ = "names stand behind its end: a part of it was overwritten";
    else if (sets.bad() > 0)
        flaw_ = fmt::format("{} of its entry sets contradict themselves; names may be missing", sets.bad());
    else if (sets.sound() > listed)
        flaw_ = fmt::format("{} of its entry sets contradict the volume and are not listed", sets.sound() - listed);
}

DirectoryCheck::DirectoryCheck(const TSK_FS_DIR* listing) {
    if (!listing->fs_file || !listing->fs_file->meta) return;
    if (!TSK_FS_IS_DIR_META(listing->fs_file->meta->type)) {
        flaw_ = "its metadata are not a directory's";
        return;
    }
    const TSK_FS_TYPE_ENUM type = listing->fs_info->ftype;
    if (TSK_FS_TYPE_ISEXT(type)) check_ext(*listing);
    if (TSK_FS_TYPE_ISFFS(type)) check_ufs(*listing);
    if (type == TSK_FS_TYPE_EXFAT) check_exfat(*listing);
    else if (TSK_FS_TYPE_ISFAT(type)) check_fat(*listing);
}

bool DirectoryCheck::names(std::uint64_t address, std::string_view name) const {
    if (!has_names_) return true;
    const std::pair key{address, name};
    const auto found =
        std::partition_point(names_.begin(), names_.end(), [&](const Named& n) { return key_of(n) < key; });
    return found != names_.end() && key_of(*found) == key;
}

// libtsk takes a name up to its first zero.
std::pair<std::uint64_t, std::string_view> DirectoryCheck::key_of(const Named& name) const {
    const std::string_view text = std::string_view(texts_).substr(name.at, name.length);
    return {name.address, text.substr(0, text.find('\0'))};
}

bool read_ufs_block(ByteView block, bool is_big_endian, bool has_types, std::vector<DirectoryEntry>& entries) {
    constexpr std::size_t head = 8;
    std::size_t at = 0;
    while (at + head <= block.size()) {
        const ByteView record = block.subspan(at);
        const auto number = [&](std::size_t offset) -> std::size_t {
            return is_big_endian ? *load_be<std::uint16_t>(record, offset) : *load_le<std::uint16_t>(record, offset);
        };
        const std::uint32_t address =
            is_big_endian ? *load_be<std::uint32_t>(record, 0) : *load_le<std::uint32_t>(record, 0);
        const std::size_t length = number(4);
        const std::size_t name = has_types ? std::to_integer<std::size_t>(record[7]) : number(6);
        const std::size_t needed = (head + name + 1 + 3) & ~std::size_t{3};  // with its 0, padded
        if (length < needed || length % 4 != 0 || length > record.size()) return false;
        const std::string_view text = as_text(record.subspan(head, name + 1));
        if (address != 0 && text.find('\0') != name) return false;
        if (address != 0) entries.push_back({address, 0, std::string(text.substr(0, name))});
        at += length;
    }
    return at == block.size();
}

void DirectoryCheck::check_ext(const TSK_FS_DIR& listing) {
    if (listing.fs_file->meta->content_type == TSK_FS_META_CONTENT_TYPE_EXT4_INLINE) return;
    check_blocks(listing, listing.fs_info->block_size, read_directory_block);
}

void DirectoryCheck::check_ufs(const TSK_FS_DIR& listing) {
    constexpr std::size_t block_bytes = 512;
    const TSK_FS_INFO& fs = *listing.fs_info;
    check_blocks(listing, block_bytes, [&](ByteView block, std::vector<DirectoryEntry>& entries) {
        return read_ufs_block(block, fs.endian == TSK_BIG_ENDIAN, fs.ftype != TSK_FS_TYPE_FFS1B, entries);
    });
}

void DirectoryCheck::check_blocks(const TSK_FS_DIR& listing, std::size_t block_bytes, const ReadBlock& read) {
    std::size_t bad = 0, blocks = 0;
    std::vector<DirectoryEntry> entries;
    for_each_part(listing.fs_file, block_bytes, [&](ByteView block) {
        ++blocks;
        entries.clear();
        bad += !read(block, entries);
        for (const DirectoryEntry& entry : entries) {
            names_.push_back({entry.inode, static_cast<std::uint32_t>(texts_.size()),
                              static_cast<std::uint32_t>(entry.name.size())});
            texts_ += entry.name;
        }
    });
    if (blocks == 0) flaw_ = "it has no entries, not even of itself";
    if (bad > 0) flaw_ = fmt::format("{} of its blocks hold no chain of entries; names may be missing", bad);
    if (bad > 0 || blocks == 0 || blocks != static_cast<std::uint64_t>(listing.fs_file->meta->size) / block_bytes)
        return;
    std::sort(names_.begin(), names_.end(), [&](const Named& a, const Named& b) { return key_of(a) < key_of(b); });
    has_names_ = true;
    std::size_t listed = 0;
    for (std::size_t i = 0; i < listing.names_used; ++i) {
        const TSK_FS_NAME& name = listing.names[i];
        listed += !(name.flags & TSK_FS_NAME_FLAG_UNALLOC) && name.name && names(name.meta_addr, name.name);
    }
    if (listed < names_.size())
        flaw_ = fmt::format("{} of its entries contradict themselves and are not listed", names_.size() - listed);
}

void DirectoryCheck::check_fat(const TSK_FS_DIR& listing) {
    std::size_t names = 0;
    bool has_itself = false, has_parent = false;
    for (std::size_t i = 0; i < listing.names_used; ++i) {
        const TSK_FS_NAME& name = listing.names[i];
        if (!name.name || (name.flags & TSK_FS_NAME_FLAG_UNALLOC)) continue;
        const std::string_view text = name.name;
        has_itself |= text == ".", has_parent |= text == "..";
        names += name.type != TSK_FS_NAME_TYPE_VIRT && name.type != TSK_FS_NAME_TYPE_VIRT_DIR;
    }
    const bool is_root = listing.addr == listing.fs_info->root_inum;
    if (!is_root && !(has_itself && has_parent)) return void(flaw_ = "it does not begin as a directory does");
    const FatRecords records = read_fat_records(listing.fs_file);
    if (records.goes_on) flaw_ = "names stand behind its end: a part of it was overwritten";
    else if (records.names > names)
        flaw_ = fmt::format("{} of its records contradict themselves and are not listed", records.names - names);
}

namespace {

TSK_FS_NAME_TYPE_ENUM name_type(std::uint8_t stored) {
    constexpr std::array types{TSK_FS_NAME_TYPE_UNDEF, TSK_FS_NAME_TYPE_REG, TSK_FS_NAME_TYPE_DIR,
                               TSK_FS_NAME_TYPE_CHR,   TSK_FS_NAME_TYPE_BLK, TSK_FS_NAME_TYPE_FIFO,
                               TSK_FS_NAME_TYPE_SOCK,  TSK_FS_NAME_TYPE_LNK};
    return stored < types.size() ? types[stored] : TSK_FS_NAME_TYPE_UNDEF;
}

// Allocated as libtsk does, whose tsk_fs_file_close frees it.
TSK_FS_NAME* make_name(const DirectoryEntry& entry) {
    auto* name = static_cast<TSK_FS_NAME*>(std::calloc(1, sizeof(TSK_FS_NAME)));
    char* text = strdup(entry.name.c_str());
    if (!name || !text) throw std::bad_alloc();
    name->tag = TSK_FS_NAME_TAG;
    name->name = text, name->name_size = entry.name.size() + 1;
    name->meta_addr = entry.inode;
    name->type = name_type(entry.type);
    name->flags = TSK_FS_NAME_FLAG_ALLOC;
    return name;
}

}  // namespace

std::optional<ExtDirectory> read_ext_directory(TSK_FS_INFO* fs, Image& image, std::uint64_t address) {
    if (!TSK_FS_TYPE_ISEXT(fs->ftype)) return std::nullopt;
    const FileHandle file(tsk_fs_file_open_meta(fs, nullptr, address));
    take_error();
    const TSK_FS_META* meta = file ? file->meta : nullptr;
    if (!meta || meta->type != TSK_FS_META_TYPE_DIR || !meta->content_ptr || meta->size <= 0 ||
        meta->content_type != TSK_FS_META_CONTENT_TYPE_EXT4_EXTENTS)
        return std::nullopt;
    const ByteView root(static_cast<const std::byte*>(meta->content_ptr), std::min<std::size_t>(meta->content_len, 60));
    std::string why;
    const auto extents = read_extent_tree(image, root, fs->block_size, fs->block_count, why);
    if (!extents) return std::nullopt;
    ExtDirectory directory;
    const std::uint64_t blocks = static_cast<std::uint64_t>(meta->size) / fs->block_size;
    std::uint64_t next = 0;  // a directory has no holes
    Bytes block(fs->block_size);
    for (const BlockExtent& extent : *extents)
        for (std::uint64_t i = 0; i < extent.count && next < blocks; ++i, ++next) {
            if (extent.is_zero || extent.logical + i != next) return std::nullopt;
            const std::size_t before = directory.entries.size();
            const bool is_read = image.read((extent.physical + i) * fs->block_size, block);
            if (is_read && read_directory_block(block, directory.entries)) continue;
            ++directory.bad_blocks;
            directory.entries.resize(before);
        }
    return next == blocks ? std::optional(std::move(directory)) : std::nullopt;
}

TSK_FS_FILE* open_named(TSK_FS_INFO* fs, const DirectoryEntry& entry) {
    TSK_FS_FILE* file = tsk_fs_file_open_meta(fs, nullptr, entry.inode);
    if (file && !file->name) file->name = make_name(entry);
    return file;
}

}  // namespace triage::tsk
