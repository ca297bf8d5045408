// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/unnamed.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugins/tsk/mft_record.h"

namespace triage::tsk {
namespace {

constexpr std::uint64_t most_addresses = 1ull << 32;
constexpr std::uint64_t smallest_inode = 128, smallest_record = 512;  // bytes

bool has_inodes(TSK_FS_TYPE_ENUM type) { return TSK_FS_TYPE_ISEXT(type) || TSK_FS_TYPE_ISFFS(type); }

// Inode 7 of ext keeps blocks for further group descriptors, all of them behind its doubly indirect block.
bool is_resize_inode(const TSK_FS_META& meta) {
    constexpr std::size_t pointers = 15, doubly_indirect = 13;
    const auto* blocks = static_cast<const TSK_DADDR_T*>(meta.content_ptr);
    if (meta.addr != 7 || !blocks || meta.content_len < pointers * sizeof(TSK_DADDR_T)) return false;
    for (std::size_t i = 0; i < pointers; ++i)
        if ((blocks[i] != 0) != (i == doubly_indirect)) return false;
    return true;
}

class Search {
  public:
    Search(OpenFilesystem& fs, const NamedAddresses& named, std::uint64_t limit)
        : fs_(fs), named_(named), limit_(limit) {}

    Unnamed inodes() {
        if (fs_.ext4) system_ = fs_.ext4->system_inodes();
        constexpr TSK_INUM_T first = 1;  // reserved ones too: nothing else tells of a file that stands in one
        take_error();
        const bool has_failed =
            first < fs_.fs->last_inum &&
            tsk_fs_meta_walk(fs_.fs, first, fs_.fs->last_inum - 1, TSK_FS_META_FLAG_ALLOC, see_inode, this) != 0;
        return ended(has_failed);
    }

    // The records of the MFT that are in use and no extension of another one: their heads are read here, since libtsk
    // would look at each attribute of each record.
    Unnamed records() {
        const FileHandle mft(tsk_fs_file_open_meta(fs_.fs, nullptr, 0));
        const auto bytes = mft_record_bytes(fs_.image, fs_.fs->block_size);
        if (!mft || !mft->meta || !bytes) return ended(true);
        const std::uint64_t record = *bytes;
        const std::uint64_t per_piece = (1 << 20) / record;
        return ended(!read_pieces(mft.get(), per_piece * record, [&](std::uint64_t at, ByteView piece) {
            for (std::uint64_t i = 0; (i + 1) * record <= piece.size(); ++i)
                see_record(at / record + i, piece.subspan(i * record, record));
        }));
    }

  private:
    static TSK_WALK_RET_ENUM see_inode(TSK_FS_FILE* file, void* self) {
        static_cast<Search*>(self)->see_inode(*file->meta);
        return TSK_WALK_CONT;
    }
    void see_inode(const TSK_FS_META& meta) {
        const bool has_type = meta.type != TSK_FS_META_TYPE_UNDEF && meta.type != TSK_FS_META_TYPE_VIRT &&
                              meta.type != TSK_FS_META_TYPE_VIRT_DIR;
        if (!has_type || named_.contains(meta.addr)) return;
        if (fs_.ext4 && (fs_.ext4->is_never_used(meta.addr) || fs_.ext4->holds_attribute(meta.addr))) return;
        if (fs_.ext4 && fs_.ext4->has_resize_inode() && is_resize_inode(meta)) return;
        if (std::find(system_.begin(), system_.end(), meta.addr) != system_.end()) return;
        add(meta.addr, TSK_FS_IS_DIR_META(meta.type));
    }
    // Records that NTFS keeps back are in use from the start, without a name and with an empty content.
    static bool is_of_file(ByteView stored) {
        const auto record = MftRecord::parse(Bytes(stored.begin(), stored.end()));
        if (!record) return false;
        const auto contents = record->contents();
        return record->has(TSK_FS_ATTR_TYPE_NTFS_FNAME) ||
               std::any_of(contents.begin(), contents.end(), [&](const auto& content) {
                   const auto found = record->find(TSK_FS_ATTR_TYPE_NTFS_DATA, content.second, content.first, 0);
                   return !found || found->size > 0;
               });
    }
    void see_record(std::uint64_t number, ByteView record) {
        constexpr std::uint64_t first_reserved = 12, first_free = 24;
        constexpr unsigned in_use = 1, is_index = 2;
        if (number < first_reserved || named_.contains(number) || as_text(record.first(4)) != "FILE") return;
        const unsigned flags = *load_le<std::uint16_t>(record, 0x16);
        const std::uint64_t base = *load_le<std::uint64_t>(record, 0x20) & 0xFFFF'FFFF'FFFF;
        if (!(flags & in_use) || base != 0 || (number < first_free && !is_of_file(record))) return;
        add(number, flags & is_index);
    }
    void add(std::uint64_t address, bool is_directory) {
        if (directories_.size() + others_.size() >= limit_) is_capped_ = true;
        else (is_directory ? directories_ : others_).push_back(address);
    }
    Unnamed ended(bool has_failed) {
        Unnamed found;
        found.error = take_error();
        if (has_failed && found.error.empty()) found.error = "its metadata cannot be read";
        if (is_capped_) found.error = "more than the limit of entries";
        found.addresses = std::move(directories_);
        found.addresses.insert(found.addresses.end(), others_.begin(), others_.end());
        return found;
    }

    OpenFilesystem& fs_;
    const NamedAddresses& named_;
    std::uint64_t limit_;
    std::vector<std::uint32_t> system_;
    std::vector<std::uint64_t> directories_, others_;
    bool is_capped_ = false;
};

}  // namespace

NamedAddresses::NamedAddresses(OpenFilesystem& fs) {
    const bool is_ntfs = TSK_FS_TYPE_ISNTFS(fs.fs->ftype);
    if (!is_ntfs && !has_inodes(fs.fs->ftype)) return;
    const std::uint64_t count = fs.fs->last_inum + 1;
    const std::uint64_t most = fs.image.length() / (is_ntfs ? smallest_record : smallest_inode) + 2;
    if (count <= std::min(most, most_addresses)) bits_.resize(count), add(fs.fs->root_inum);
    else
        flaw_ = fmt::format("it claims {} inodes, more than its volume can hold: those without a name are not listed",
                            count);
}

Unnamed find_unnamed(OpenFilesystem& fs, const NamedAddresses& named, std::uint64_t limit) {
    Search search(fs, named, limit);
    return TSK_FS_TYPE_ISNTFS(fs.fs->ftype) ? search.records() : search.inodes();
}

}  // namespace triage::tsk
