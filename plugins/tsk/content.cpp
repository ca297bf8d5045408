// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/content.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "plugins/tsk/apfs.h"

namespace triage::tsk {

std::string refuse(Entry& entry, Reason reason, std::string detail) {
    entry.source = Source::none;
    // What a deleted entry has lost is no damage of the evidence: names without clusters are counted, not alarming.
    const bool is_gone = entry.state != EntryState::allocated && reason == Reason::damaged;
    entry.reason = is_gone ? Reason::unrecoverable : reason;
    entry.extents.clear();
    return is_gone ? std::string{} : std::move(detail);
}

namespace {

constexpr std::uint64_t most_resident_bytes = 64 << 10;  // of an inode or MFT entry; more is a lie
constexpr std::uint64_t most_blocks_checked = 1 << 20;   // of a deleted entry, against the allocation bitmap

const TSK_FS_ATTR* find_attribute(const TSK_FS_FILE* file, TSK_FS_ATTR_TYPE_ENUM type) {
    for (const TSK_FS_ATTR* a = file->meta && file->meta->attr ? file->meta->attr->head : nullptr; a; a = a->next)
        if ((a->flags & TSK_FS_ATTR_INUSE) && a->type == type) return a;
    return nullptr;
}

ByteView resident_bytes(const TSK_FS_ATTR& a) {
    if (!(a.flags & TSK_FS_ATTR_RES) || a.size <= 0 || !a.rd.buf) return {};
    return std::as_bytes(std::span(a.rd.buf, static_cast<std::size_t>(a.size)));
}

// File attributes of $STANDARD_INFORMATION (MS-FSCC 2.6).
constexpr std::uint32_t is_reparse_point = 0x400, is_offline = 0x1000, is_encrypted = 0x4000;
constexpr std::uint32_t is_recalled = 0x40000 | 0x400000;  // on open, on data access

std::uint32_t file_attributes(const TSK_FS_FILE* file) {
    const TSK_FS_ATTR* information = find_attribute(file, TSK_FS_ATTR_TYPE_NTFS_SI);
    return information ? load_le<std::uint32_t>(resident_bytes(*information), 32).value_or(0) : 0;
}

// Windows reparse tags (MS-FSCC 2.1.2.1). Name surrogates are links; these leave a placeholder in place of the content.
constexpr std::uint32_t tag_wof = 0x80000017, tag_cloud = 0x9000001A, cloud_mask = 0xFFFF0FFF;
constexpr std::uint32_t is_name_surrogate = 0x20000000;

// 0: a tag that cannot be read, or that the file is said to have.
std::optional<std::uint32_t> reparse_tag(const TSK_FS_FILE* file) {
    if (const TSK_FS_ATTR* point = find_attribute(file, TSK_FS_ATTR_TYPE_NTFS_REPARSE))
        return load_le<std::uint32_t>(resident_bytes(*point), 0).value_or(0);
    if (file_attributes(file) & is_reparse_point) return 0;
    return std::nullopt;
}

// A cloud file whose content has been fetched keeps its tag.
bool is_fetched(const TSK_FS_FILE* file, std::uint32_t tag, const TSK_FS_ATTR& attribute) {
    if ((tag & cloud_mask) != tag_cloud || (file_attributes(file) & (is_offline | is_recalled))) return false;
    for (const TSK_FS_ATTR_RUN* run = attribute.flags & TSK_FS_ATTR_NONRES ? attribute.nrd.run : nullptr; run;
         run = run->next)
        if (run->flags & TSK_FS_ATTR_RUN_FLAG_SPARSE) return false;
    return true;
}

using Refusal = std::pair<Reason, const char*>;

// Also where the superblock says that nothing is encrypted: the kernel believes the inode.
std::optional<Refusal> why_encrypted_inode(OpenFilesystem& fs, const TSK_FS_META& meta) {
    if (!fs.ext4 || meta.addr == 0) return std::nullopt;
    const std::optional<bool> encrypted = fs.ext4->is_encrypted(meta.addr);
    if (!encrypted) return Refusal{Reason::damaged, "inode cannot be read"};
    if (*encrypted) return Refusal{Reason::encrypted, "encrypted by the file system (fscrypt)"};
    return std::nullopt;
}

// libtsk does not say of resident content whether it is encrypted; EFS makes every stream of a file non-resident.
bool is_encrypted_ntfs(const TSK_FS_FILE* file, const TSK_FS_ATTR& attribute) {
    if (attribute.flags & TSK_FS_ATTR_ENC) return true;
    const bool is_file = !TSK_FS_IS_DIR_META(file->meta->type);
    return is_file && (attribute.flags & TSK_FS_ATTR_RES) && attribute.size > 0 &&
           (file_attributes(file) & is_encrypted);
}

std::optional<Refusal> why_not_ntfs_content(const TSK_FS_FILE* file, const TSK_FS_ATTR& attribute) {
    if (attribute.type != TSK_FS_ATTR_TYPE_NTFS_DATA) return std::nullopt;
    if (is_encrypted_ntfs(file, attribute)) return Refusal{Reason::encrypted, "encrypted by the file system (EFS)"};
    // Without it nothing says whether this is the file's own content.
    if (!find_attribute(file, TSK_FS_ATTR_TYPE_NTFS_SI))
        return Refusal{Reason::damaged, "its standard information cannot be read"};
    const std::optional<std::uint32_t> tag = reparse_tag(file);
    const bool is_main = !attribute.name || !*attribute.name;
    const bool is_wof_form = !is_main && std::strcmp(attribute.name, "WofCompressedData") == 0;
    if ((tag == tag_wof && is_main) || ((tag == tag_wof || tag == 0u) && is_wof_form))
        return Refusal{Reason::compressed_unsupported, "compressed by the Windows Overlay Filter"};
    if (tag && is_main && attribute.size > 0 && !is_fetched(file, *tag, attribute))
        return Refusal{Reason::reparse, "a placeholder; the content is elsewhere"};
    return std::nullopt;
}

// Content that stands elsewhere, is ciphertext or a compressed form that libtsk does not decode.
std::optional<Refusal> why_not_own_content(OpenFilesystem& fs, TSK_FS_FILE* file, const TSK_FS_ATTR& attribute) {
    if (const auto why = why_encrypted_inode(fs, *file->meta)) return why;
    if (TSK_FS_TYPE_ISNTFS(fs.fs->ftype)) return why_not_ntfs_content(file, attribute);
    return std::nullopt;
}

// Adds bytes to an entry's extents, joining what is contiguous.
class ExtentList {
  public:
    explicit ExtentList(Entry& entry) : entry_(entry) {}
    std::uint64_t length() const { return length_; }
    void add(std::uint64_t media_offset, std::uint64_t bytes) {
        if (bytes == 0) return;
        std::vector<Extent>& list = entry_.extents;
        const bool is_hole = media_offset == Extent::hole;
        if (!list.empty() && (list.back().media_offset == Extent::hole) == is_hole &&
            (is_hole || list.back().media_offset + list.back().length == media_offset))
            list.back().length += bytes;
        else list.push_back({media_offset, bytes});
        length_ += bytes;
    }

  private:
    Entry& entry_;
    std::uint64_t length_ = 0;
};

// The extents end at `size`; what lies past `valid` reads as zeros.
[[nodiscard]] std::string trim(Entry& entry, std::uint64_t valid) {
    std::vector<Extent> trimmed;
    std::uint64_t at = 0;
    const std::uint64_t stored_end = std::min(valid, entry.size);
    for (const Extent& extent : entry.extents) {
        if (at >= stored_end) break;
        trimmed.push_back({extent.media_offset, std::min(extent.length, stored_end - at)});
        at += trimmed.back().length;
    }
    entry.extents = std::move(trimmed);
    ExtentList list(entry);
    if (at < entry.size) list.add(Extent::hole, entry.size - at);
    if (entry.extents.size() > most_extents) return refuse(entry, Reason::limit, too_many_extents);
    return {};
}

// Blocks carry `block_pre_size` and `block_post_size` bytes beside them in raw CDs and in NAND with spare areas. Those
// of HFS+ inside a classic HFS wrapper are counted from where it begins, on the volume at `offset` (TN1150, "HFS
// Wrapper").
struct BlockGeometry {
    std::uint64_t block_size, stride, lead, offset;
    explicit BlockGeometry(const TSK_FS_INFO* fs)
        : block_size(fs->block_size),
          stride(std::uint64_t{fs->block_size} + fs->block_pre_size + fs->block_post_size),
          lead(fs->block_pre_size),
          offset(static_cast<std::uint64_t>(fs->offset)) {}
    bool is_contiguous() const { return stride == block_size; }
};

// Adds `count` blocks from `first`, less `skip` leading bytes. False when they lie outside the volume.
bool add_blocks(const Image& image, const BlockGeometry& geometry, std::uint64_t first, std::uint64_t count,
                std::uint64_t skip, ExtentList& list) {
    const std::optional<std::uint64_t> end_block = checked_add(first, count);
    const std::optional<std::uint64_t> end = end_block ? checked_multiply(*end_block, geometry.stride) : std::nullopt;
    if (!end || geometry.offset > image.length() || *end > image.length() - geometry.offset) return false;
    const std::uint64_t start = image.start() + geometry.offset;
    if (geometry.is_contiguous()) {
        list.add(start + first * geometry.block_size + skip, count * geometry.block_size - skip);
        return true;
    }
    for (std::uint64_t i = 0; i < count; ++i, skip = 0)
        list.add(start + (first + i) * geometry.stride + geometry.lead + skip, geometry.block_size - skip);
    return true;
}

// `needed`: bytes that must be recorded; what follows reads as zeros.
std::string locate_runs(OpenFilesystem& fs, const TSK_FS_ATTR& attribute, std::uint64_t needed, Entry& entry) {
    const BlockGeometry geometry(fs.fs);
    // Without its first piece an attribute has no size, and what libtsk makes up for one is no content.
    if (attribute.nrd.run && (attribute.nrd.run->flags & TSK_FS_ATTR_RUN_FLAG_FILLER))
        return refuse(entry, Reason::damaged, "the start of its run list is lost");
    ExtentList list(entry);
    std::uint64_t skip = attribute.nrd.skiplen, expected_block = 0;
    // libtsk skips as many bytes as an extended attribute record has blocks.
    if (fs.iso && skip != 0) return refuse(entry, Reason::damaged, "behind an extended attribute record: not read");
    if (skip >= geometry.block_size) return refuse(entry, Reason::damaged, "content starts behind its first block");
    for (const TSK_FS_ATTR_RUN* run = attribute.nrd.run; run && list.length() < needed; run = run->next, skip = 0) {
        if (run->flags & TSK_FS_ATTR_RUN_FLAG_ENCRYPTED) return refuse(entry, Reason::encrypted, "encrypted blocks");
        if (run->flags & TSK_FS_ATTR_RUN_FLAG_FILLER)
            return refuse(entry, Reason::damaged, "a part of its run list is lost");
        if (run->offset != expected_block || run->len == 0)
            return refuse(entry, Reason::damaged, "its run list is out of order");
        expected_block += run->len;
        const std::optional<std::uint64_t> bytes = checked_multiply(run->len, geometry.block_size);
        if (!bytes) return refuse(entry, Reason::damaged, "a run overflows");
        if (run->flags & TSK_FS_ATTR_RUN_FLAG_SPARSE) list.add(Extent::hole, *bytes - skip);
        else if (!add_blocks(fs.image, geometry, run->addr, run->len, skip, list))
            return refuse(entry, Reason::outside_media, "a run lies outside the volume");
        if (entry.extents.size() > most_extents) return refuse(entry, Reason::limit, too_many_extents);
    }
    if (list.length() < needed) return refuse(entry, Reason::damaged, "fewer blocks are recorded than its size needs");
    return {};
}

// Are any of these blocks in use by another file? Deleted entries only; bounded.
class BlocksInUse {
  public:
    explicit BlocksInUse(TSK_FS_INFO* fs) : fs_(fs) {}
    bool any(std::uint64_t first, std::uint64_t count) {
        for (std::uint64_t i = 0; i < count && fs_->block_getflags; ++i) {
            if (++checked_ > most_blocks_checked || first + i > fs_->last_block) return false;
            if (fs_->block_getflags(fs_, first + i) & TSK_FS_BLOCK_FLAG_ALLOC) return true;
        }
        return false;
    }

  private:
    TSK_FS_INFO* fs_;
    std::uint64_t checked_ = 0;
};

bool is_any_run_in_use(TSK_FS_INFO* fs, const TSK_FS_ATTR& attribute) {
    BlocksInUse blocks(fs);
    for (const TSK_FS_ATTR_RUN* run = attribute.nrd.run; run; run = run->next) {
        const bool is_stored = !(run->flags & (TSK_FS_ATTR_RUN_FLAG_SPARSE | TSK_FS_ATTR_RUN_FLAG_FILLER));
        if (is_stored && blocks.any(run->addr, run->len)) return true;
    }
    return false;
}

// Compressed content of NTFS, no unit of which is stored: there is nothing to decode.
bool is_all_hole(const TSK_FS_INFO* fs, const TSK_FS_ATTR& attribute) {
    std::uint64_t hole = 0;
    for (const TSK_FS_ATTR_RUN* run = attribute.nrd.run; run; run = run->next) {
        const auto bytes = checked_multiply(run->len, fs->block_size);
        if (run->flags != TSK_FS_ATTR_RUN_FLAG_SPARSE || run->offset * fs->block_size != hole || !bytes) return false;
        hole = checked_add(hole, *bytes).value_or(0);
    }
    const bool is_in_runs = TSK_FS_TYPE_ISNTFS(fs->ftype) && (attribute.flags & TSK_FS_ATTR_NONRES);
    return is_in_runs && hole >= static_cast<std::uint64_t>(attribute.size);
}

bool has_extent_tree(const TSK_FS_FILE* file) {
    return file->meta && file->meta->content_type == TSK_FS_META_CONTENT_TYPE_EXT4_EXTENTS && file->meta->content_ptr;
}

constexpr std::size_t map_pointers = 15;  // of an inode of ext2 or UFS, which libtsk widens
bool has_block_map(const TSK_FS_FILE* file) {
    const TSK_FS_TYPE_ENUM type = file->fs_info->ftype;
    return (TSK_FS_TYPE_ISEXT(type) || TSK_FS_TYPE_ISFFS(type)) && file->meta &&
           file->meta->type == TSK_FS_META_TYPE_REG && file->meta->content_type == TSK_FS_META_CONTENT_TYPE_DEFAULT &&
           file->meta->content_ptr && file->meta->content_len >= map_pointers * sizeof(TSK_DADDR_T);
}

std::optional<std::vector<BlockExtent>> mapped_blocks(OpenFilesystem& fs, const TSK_FS_FILE* file, std::uint64_t size,
                                                      const MapForm& form, std::string& why) {
    const TSK_FS_META& meta = *file->meta;
    if (has_block_map(file)) {
        const std::span<const TSK_DADDR_T> pointers(static_cast<const TSK_DADDR_T*>(meta.content_ptr), map_pointers);
        return read_block_map(fs.image, pointers, size, form, fs.fs->block_count, why);
    }
    const ByteView i_block(static_cast<const std::byte*>(meta.content_ptr),
                           std::min<std::size_t>(meta.content_len, 60));
    return read_extent_tree(fs.image, i_block, fs.fs->block_size, fs.fs->block_count, why);
}

bool has_inline_data(const TSK_FS_FILE* file) {
    return file->meta && file->meta->content_type == TSK_FS_META_CONTENT_TYPE_EXT4_INLINE;
}

// What a size has beyond the data are zeros, as mke2fs -d leaves a sparse file and as Linux reads it.
std::string locate_inline(OpenFilesystem& fs, const TSK_FS_FILE* file, Entry& entry) {
    entry.source = Source::extents;
    const auto pieces = fs.ext4 ? fs.ext4->inline_data(file->meta->addr) : std::nullopt;
    if (!pieces && entry.size > 0) return refuse(entry, Reason::damaged, "its inode does not hold its inline data");
    ExtentList list(entry);
    for (const Extent& piece : pieces.value_or(std::vector<Extent>{}))
        list.add(fs.image.start() + piece.media_offset, piece.length);
    return trim(entry, entry.size);
}

std::string locate_blocks(OpenFilesystem& fs, const TSK_FS_FILE* file, Entry& entry) {
    if (const auto why = why_encrypted_inode(fs, *file->meta)) return refuse(entry, why->first, why->second);
    if (file->meta->size < 0) return refuse(entry, Reason::damaged, "its size is negative");
    if (has_inline_data(file)) return locate_inline(fs, file, entry);
    entry.source = Source::extents;
    std::string why;
    const MapForm form = map_form(fs.fs);
    const auto tree = mapped_blocks(fs, file, entry.size, form, why);
    if (!tree)
        return refuse(entry,
                      why == too_many_extents ? Reason::limit
                      : why == is_snapshot    ? Reason::reparse
                                              : Reason::damaged,
                      why);
    ExtentList list(entry);
    BlocksInUse blocks(fs.fs);
    for (const BlockExtent& extent : *tree) {
        const std::uint64_t at = extent.logical * form.block_bytes;
        if (at >= entry.size) break;
        if (at > list.length()) list.add(Extent::hole, at - list.length());
        // The last block of UFS ends with the fragment that holds its last byte.
        const std::uint64_t needed = (entry.size - at - 1) / form.unit_bytes + 1,
                            units = std::min(extent.count * form.units(), needed), bytes = units * form.unit_bytes;
        if (entry.state != EntryState::allocated && blocks.any(extent.physical, units))
            entry.placement = Placement::reallocated;
        if (extent.is_zero) list.add(Extent::hole, bytes);
        else if (extent.physical + units > fs.image.length() / form.unit_bytes)
            return refuse(entry, Reason::outside_media, "an extent lies outside the volume");
        else list.add(fs.image.start() + extent.physical * form.unit_bytes, bytes);
    }
    // A deleted inode keeps its size but no extents: nothing says that the content was zeros.
    if (entry.state != EntryState::allocated && tree->empty() && entry.size > 0) return refuse(entry, Reason::damaged);
    if (list.length() < entry.size) list.add(Extent::hole, entry.size - list.length());
    return trim(entry, entry.size);
}

std::optional<CompressionRecord> compression_record(const TSK_FS_FILE* file) {
    const TSK_FS_ATTR* attribute = find_attribute(file, TSK_FS_ATTR_TYPE_HFS_COMP_REC);
    return attribute ? read_compression_record(resident_bytes(*attribute)) : std::nullopt;
}

std::string refuse_compressed(const CompressionRecord& record, Entry& entry) {
    if (record.place() == CompressionPlace::elsewhere)
        return refuse(entry, Reason::reparse, "a placeholder; the content is elsewhere");
    return refuse(entry, Reason::compressed_unsupported,
                  fmt::format("compressed in a form that this build does not decode (decmpfs {})", record.type));
}

std::string locate_in_record(const CompressionRecord& record, Entry& entry) {
    std::optional<Bytes> content = decode_in_record(record);
    if (!content) return refuse(entry, Reason::damaged, "its compressed content contradicts its size");
    entry.source = Source::resident;
    entry.resident = std::move(*content);
    return {};
}

std::string locate_in_resource_fork(const TSK_FS_FILE* file, Entry& entry) {
    const auto compressed = compressed_fork(file);
    if (!compressed) return refuse(entry, Reason::damaged, "no compressed content is recorded");
    entry.attribute = static_cast<std::uint32_t>(compressed->fork->type) << 16 | compressed->fork->id;
    entry.source = Source::worker;
    return {};
}

std::string locate_compressed(const TSK_FS_FILE* file, Entry& entry) {
    if (file->meta->attr_state == TSK_FS_META_ATTR_ERROR)
        return refuse(entry, Reason::damaged, "its attributes cannot be read");
    const auto record = compression_record(file);
    if (!record) return refuse(entry, Reason::compressed_unsupported, "compressed, without a record that can be read");
    entry.size = record->size;
    if (!(file->meta->flags & TSK_FS_META_FLAG_COMP))
        return refuse(entry, Reason::damaged, "a compression record, but not marked as compressed");
    switch (record->place()) {
        case CompressionPlace::in_record: return locate_in_record(*record, entry);
        case CompressionPlace::in_resource_fork: return locate_in_resource_fork(file, entry);
        default: return refuse_compressed(*record, entry);
    }
}

// The data fork as its catalog record has it (TN1150, "Fork Data Structure"): libtsk loads no fork of a file with an
// extended attribute in blocks of its own.
std::string locate_data_fork(OpenFilesystem& fs, const TSK_FS_FILE* file, Entry& entry) {
    const ByteView fork(static_cast<const std::byte*>(file->meta->content_ptr), file->meta->content_len);
    const BlockGeometry geometry(fs.fs);
    ExtentList list(entry);
    entry.source = Source::extents;
    for (std::size_t i = 0; i < 8 && list.length() < entry.size; ++i) {
        const auto first = load_be<std::uint32_t>(fork, 16 + 8 * i), count = load_be<std::uint32_t>(fork, 20 + 8 * i);
        if (!first || !count || *count == 0) break;
        if (!add_blocks(fs.image, geometry, *first, *count, 0, list))
            return refuse(entry, Reason::outside_media, "an extent lies outside the volume");
    }
    if (list.length() < entry.size) return refuse(entry, Reason::damaged, "its attributes cannot be read");
    return trim(entry, entry.size);
}

// libtsk gives zeros for the content of a file that is in a cloud.
std::string refuse_dataless(const OpenFilesystem& fs, Entry& entry) {
    const bool may_be = fs.fs->ftype == TSK_FS_TYPE_APFS && entry.stream.empty() && stored_bytes(entry.extents) == 0;
    if (!may_be || !is_dataless(fs.fs, entry.address)) return {};
    return refuse(entry, Reason::reparse, "a placeholder; the content is elsewhere");
}

// An empty file of a file system without attributes has none; NTFS would record an empty one.
std::string locate_without_attribute(OpenFilesystem& fs, const TSK_FS_FILE* file, Entry& entry) {
    const bool is_broken = file->meta && file->meta->attr_state == TSK_FS_META_ATTR_ERROR;
    if (is_broken && TSK_FS_TYPE_ISHFS(fs.fs->ftype) && file->meta->content_ptr)
        return locate_data_fork(fs, file, entry);
    if (is_broken) return refuse(entry, Reason::damaged, "its attributes cannot be read");
    if (!file->meta || entry.size > 0 || TSK_FS_TYPE_ISNTFS(fs.fs->ftype))
        return refuse(entry, Reason::damaged, "no content is recorded");
    entry.source = Source::extents;
    return refuse_dataless(fs, entry);
}

std::string locate_resident(const TSK_FS_ATTR& attribute, Entry& entry) {
    if (entry.size > most_resident_bytes || entry.size > attribute.rd.buf_size || (entry.size > 0 && !attribute.rd.buf))
        return refuse(entry, Reason::damaged, "resident content is larger than where it would stand");
    entry.source = Source::resident;
    const ByteView bytes = std::as_bytes(std::span(attribute.rd.buf, static_cast<std::size_t>(entry.size)));
    entry.resident.assign(bytes.begin(), bytes.end());
    return {};
}

// NTFS raises the sequence number of a record when it is freed and uses the new one for the next file. A deleted name
// with another number than its record had then, or has now, names an earlier file.
bool is_sequence_stale(const TSK_FS_FILE* file) {
    if (!TSK_FS_TYPE_ISNTFS(file->fs_info->ftype) || !file->name) return false;
    const std::uint32_t named = file->name->meta_seq, now = file->meta->seq;
    return now != named && now != named + 1;
}

// Of an entry that is no longer named by the file system, what its metadata are worth.
Placement placement_of(OpenFilesystem& fs, const TSK_FS_FILE* file, const TSK_FS_ATTR& attribute, const Entry& entry) {
    if (entry.state == EntryState::allocated) return Placement::recorded;
    if (file->meta->flags & TSK_FS_META_FLAG_ALLOC) return Placement::reallocated;
    if (entry.state == EntryState::deleted && is_sequence_stale(file)) return Placement::reallocated;
    if ((attribute.flags & TSK_FS_ATTR_NONRES) && is_any_run_in_use(fs.fs, attribute)) return Placement::reallocated;
    const bool is_fat = TSK_FS_TYPE_ISFAT(fs.fs->ftype);  // the chain of a deleted FAT file is a guess
    return is_fat && entry.size > 0 ? Placement::assumed : Placement::recorded;
}

std::string refuse_zisofs(OpenFilesystem& fs, Entry& entry) {
    if (entry.size < 16 || entry.extents.empty() || entry.extents.front().media_offset == Extent::hole) return {};
    if (!starts_zisofs(fs.image, entry.extents.front().media_offset - fs.image.start())) return {};
    return refuse(entry, Reason::compressed_unsupported, "compressed by zisofs");
}

}  // namespace

std::string locate_sections(OpenFilesystem& fs, const IsoContent& content, Entry& entry) {
    const BlockGeometry geometry(fs.fs);
    ExtentList list(entry);
    entry.source = Source::extents;
    entry.size = 0;
    for (const IsoSection& section : content.sections) entry.size += section.size;
    if (content.is_contradictory) return refuse(entry, Reason::damaged, "its record gives two places or sizes");
    if (!content.is_whole) return refuse(entry, Reason::damaged, "a section of the file is missing");
    for (const IsoSection& section : content.sections) {
        if (section.is_interleaved) return refuse(entry, Reason::limit, "interleaved: not read by this build");
        // Each section but the last fills its blocks.
        if (&section != &content.sections.back() && section.size % geometry.block_size != 0)
            return refuse(entry, Reason::damaged, "a section of the file ends within a block");
        const std::uint64_t blocks = (section.size + geometry.block_size - 1) / geometry.block_size;
        if (!add_blocks(fs.image, geometry, section.block, blocks, 0, list))
            return refuse(entry, Reason::outside_media, "a section lies outside the volume");
    }
    if (std::string problem = trim(entry, entry.size); entry.source == Source::none) return problem;
    return refuse_zisofs(fs, entry);
}

bool is_read_here(const TSK_FS_FILE* file) {
    return has_extent_tree(file) || has_block_map(file) || has_inline_data(file);
}

bool may_list_elsewhere(const TSK_FS_FILE* directory) {
    if (directory->fs_info->ftype == TSK_FS_TYPE_APFS && directory->meta)
        return is_dataless(directory->fs_info, directory->meta->addr);
    if (!TSK_FS_TYPE_ISNTFS(directory->fs_info->ftype)) return false;
    const std::optional<std::uint32_t> tag = reparse_tag(directory);
    if (!tag || (*tag & is_name_surrogate)) return false;
    const bool is_recalling = file_attributes(directory) & (is_offline | is_recalled);
    return (*tag & cloud_mask) != tag_cloud || is_recalling;
}

std::optional<CompressedFork> compressed_fork(const TSK_FS_FILE* file) {
    const auto record = compression_record(file);
    const TSK_FS_ATTR* fork = find_attribute(file, TSK_FS_ATTR_TYPE_HFS_RSRC);
    if (!record || record->place() != CompressionPlace::in_resource_fork || !fork) return std::nullopt;
    return CompressedFork{*record, fork};
}

bool is_stored_form(const TSK_FS_FILE* file, const TSK_FS_ATTR& attribute) {
    if (attribute.type != TSK_FS_ATTR_TYPE_HFS_RSRC || !is_compressed(file)) return false;
    const auto record = compression_record(file);
    return record && record->place() != CompressionPlace::in_record;
}

bool is_compressed(const TSK_FS_FILE* file) {
    const TSK_FS_TYPE_ENUM type = file->fs_info->ftype;
    if (!file->meta || TSK_FS_IS_DIR_META(file->meta->type) || !(TSK_FS_TYPE_ISHFS(type) || type == TSK_FS_TYPE_APFS))
        return false;
    return (file->meta->flags & TSK_FS_META_FLAG_COMP) || find_attribute(file, TSK_FS_ATTR_TYPE_HFS_COMP_REC);
}

std::string locate_content(OpenFilesystem& fs, TSK_FS_FILE* file, const TSK_FS_ATTR* attribute,
                           const TSK_FS_FILE* directory, Entry& entry) {
    if (file->meta && (file->meta->flags & TSK_FS_META_FLAG_ALLOC) && entry.state != EntryState::allocated)
        entry.placement = Placement::reallocated;
    if (is_read_here(file)) return locate_blocks(fs, file, entry);
    if (!attribute && is_compressed(file)) return locate_compressed(file, entry);
    if (!attribute) return locate_without_attribute(fs, file, entry);
    if (attribute->size < 0) return refuse(entry, Reason::damaged, "its size is negative");
    entry.size = static_cast<std::uint64_t>(attribute->size);
    entry.placement = placement_of(fs, file, *attribute, entry);
    if (const auto why = why_not_own_content(fs, file, *attribute)) return refuse(entry, why->first, why->second);
    if (attribute->flags & TSK_FS_ATTR_RES) return locate_resident(*attribute, entry);
    if (attribute->flags & TSK_FS_ATTR_COMP) {
        const bool is_hole = is_all_hole(fs.fs, *attribute);
        entry.source = is_hole ? Source::extents : Source::worker;
        return is_hole ? trim(entry, 0) : std::string{};
    }

    std::uint64_t valid = entry.size;
    if (TSK_FS_TYPE_ISNTFS(fs.fs->ftype)) {
        if (attribute->nrd.initsize < 0) return refuse(entry, Reason::damaged, "its initialised size is negative");
        valid = std::min(valid, static_cast<std::uint64_t>(attribute->nrd.initsize));
    }
    if (fs.exfat) {
        const auto length = fs.exfat->valid_data_length(directory, entry.address, entry.size);
        if (!length) return refuse(entry, Reason::damaged, "its stream extension entry contradicts its size");
        valid = *length;
    }
    entry.source = Source::extents;
    std::string problem = locate_runs(fs, *attribute, valid, entry);
    if (entry.source == Source::extents) problem = trim(entry, valid);
    if (entry.source != Source::extents) return problem;
    return fs.iso ? refuse_zisofs(fs, entry) : refuse_dataless(fs, entry);
}

}  // namespace triage::tsk
