// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/attribute_list.h"

#include <algorithm>

namespace triage::tsk {
namespace {

constexpr std::size_t item_head = 26, most_list_bytes = 256 << 10;  // what Windows allows
constexpr std::size_t most_records_of_libtsk = 256, most_attributes_of_libtsk = 255;
constexpr std::uint64_t number_mask = (1ull << 48) - 1;  // of a reference; a sequence number above it

const TSK_FS_ATTR* list_of(const TSK_FS_FILE* file) {
    for (const TSK_FS_ATTR* a = file->meta && file->meta->attr ? file->meta->attr->head : nullptr; a; a = a->next)
        if ((a->flags & TSK_FS_ATTR_INUSE) && a->type == TSK_FS_ATTR_TYPE_NTFS_ATTRLIST) return a;
    return nullptr;
}

std::optional<Bytes> read_whole(const TSK_FS_ATTR& list) {
    if (list.size <= 0 || static_cast<std::uint64_t>(list.size) > most_list_bytes) return std::nullopt;
    Bytes bytes(static_cast<std::size_t>(list.size));
    const ssize_t got =
        tsk_fs_attr_read(&list, 0, reinterpret_cast<char*>(bytes.data()), bytes.size(), TSK_FS_FILE_READ_FLAG_NONE);
    if (!take_error().empty() || got != static_cast<ssize_t>(bytes.size())) return std::nullopt;
    return bytes;
}

}  // namespace

std::optional<std::vector<ListedAttribute>> parse_attribute_list(ByteView bytes) {
    std::vector<ListedAttribute> listed;
    while (!bytes.empty()) {
        if (bytes.size() < item_head) return std::nullopt;
        const std::size_t length = *load_le<std::uint16_t>(bytes, 4), name_at = *load_le<std::uint8_t>(bytes, 7);
        const std::size_t name_bytes = std::size_t{*load_le<std::uint8_t>(bytes, 6)} * 2;
        if (length < item_head || length > bytes.size()) return std::nullopt;
        if (name_bytes > 0 && (name_at < item_head || name_at + name_bytes > length)) return std::nullopt;
        ListedAttribute item{*load_le<std::uint32_t>(bytes, 0), {}, {}};
        if (name_bytes > 0) item.name = ntfs_name(bytes.subspan(name_at, name_bytes));
        if (listed.empty() || item.type != listed.back().type || item.name != listed.back().name)
            listed.push_back(std::move(item));  // sorted by type and name
        listed.back().pieces.push_back({*load_le<std::uint64_t>(bytes, 8), *load_le<std::uint64_t>(bytes, 16),
                                        *load_le<std::uint16_t>(bytes, 24)});
        bytes = bytes.subspan(length);
    }
    return listed;
}

bool is_loaded(const TSK_FS_FILE* file, const ListedAttribute& listed) {
    for (const TSK_FS_ATTR* a = file->meta->attr ? file->meta->attr->head : nullptr; a; a = a->next) {
        const bool is_it =
            static_cast<std::uint32_t>(a->type) == listed.type && (a->name ? a->name : "") == listed.name;
        if ((a->flags & TSK_FS_ATTR_INUSE) && is_it) return true;
    }
    return false;
}

namespace {

// Nothing of a file with a list, which libtsk did not come to: it tells more than the record.
AttributeList contents_of_record(MftRecords& records, const TSK_FS_FILE* file) {
    AttributeList list;
    const std::optional<MftRecord> record = records.read(file->meta->addr);
    list.is_readable = record && !record->has(TSK_FS_ATTR_TYPE_NTFS_ATTRLIST);
    if (!list.is_readable) return list;
    const std::uint64_t reference = file->meta->addr | std::uint64_t{record->sequence()} << 48;
    for (auto& [name, number] : record->contents()) {
        if (!list.contents.insert(name).second) continue;  // no file has two of one name
        list.attributes.push_back({TSK_FS_ATTR_TYPE_NTFS_DATA, std::move(name), {{0, reference, number}}});
    }
    list.is_beyond_libtsk = true;
    return list;
}

}  // namespace

AttributeList read_attribute_list(MftRecords& records, const TSK_FS_FILE* file) {
    AttributeList list;
    const TSK_FS_ATTR* stored = list_of(file);
    if (!stored) return file->meta->attr_state == TSK_FS_META_ATTR_STUDIED ? list : contents_of_record(records, file);
    const std::optional<Bytes> bytes = read_whole(*stored);
    auto listed = bytes ? parse_attribute_list(*bytes) : std::nullopt;
    list.is_readable = listed.has_value();
    if (!listed) return list;
    list.attributes = std::move(*listed);
    std::unordered_set<std::uint64_t> further;
    for (const ListedAttribute& attribute : list.attributes) {
        for (const ListedAttribute::Piece& piece : attribute.pieces) further.insert(piece.record & number_mask);
        if (attribute.type == TSK_FS_ATTR_TYPE_NTFS_DATA) list.contents.insert(attribute.name);
    }
    further.erase(file->meta->addr);
    list.is_beyond_libtsk =
        further.size() > most_records_of_libtsk || list.attributes.size() > most_attributes_of_libtsk;
    return list;
}

std::size_t AttributeList::contents_in(std::uint64_t record) const {
    return static_cast<std::size_t>(std::ranges::count_if(attributes, [&](const ListedAttribute& listed) {
        return listed.type == TSK_FS_ATTR_TYPE_NTFS_DATA && (listed.pieces.front().record & number_mask) == record;
    }));
}

namespace {

// The record of a reference. Nothing when it is not one of the file's. NTFS raises the sequence number of a record that
// it frees.
std::optional<MftRecord> record_of(MftRecords& records, const TSK_FS_META& file, std::uint64_t reference) {
    const std::uint64_t number = reference & number_mask, sequence = reference >> 48;
    const bool is_freed = file.flags & TSK_FS_META_FLAG_UNALLOC;
    std::optional<MftRecord> record = records.read(number);
    if (!record || record->is_in_use() == is_freed) return std::nullopt;
    if (record->sequence() != sequence && !(is_freed && record->sequence() == sequence + 1)) return std::nullopt;
    const std::uint64_t base = record->base();
    if (number == file.addr) return base == 0 ? std::move(record) : std::nullopt;
    const bool is_of_file = (base & number_mask) == file.addr && (is_freed || base >> 48 == file.seq);
    return is_of_file ? std::move(record) : std::nullopt;
}

bool goes_on(const TSK_FS_ATTR_RUN& run, const ClusterRun& next) {
    if (run.flags & TSK_FS_ATTR_RUN_FLAG_SPARSE) return !next.first;
    return next.first == run.addr + run.len;
}

void add_run(ListedContent& content, const ClusterRun& stored) {
    if (!content.runs.empty() && goes_on(content.runs.back(), stored))
        return void(content.runs.back().len += stored.count);
    TSK_FS_ATTR_RUN run{};
    run.offset = content.runs.empty() ? 0 : content.runs.back().offset + content.runs.back().len;
    run.len = stored.count;
    run.addr = stored.first.value_or(0);
    run.flags = stored.first ? TSK_FS_ATTR_RUN_FLAG_NONE : TSK_FS_ATTR_RUN_FLAG_SPARSE;
    content.runs.push_back(run);
}

// Lengths that no file can have become negative, as libtsk has them.
void describe_first(ListedContent& content, MftAttribute piece) {
    TSK_FS_ATTR& attribute = content.attribute;
    unsigned flags = TSK_FS_ATTR_INUSE | (piece.is_resident ? TSK_FS_ATTR_RES : TSK_FS_ATTR_NONRES);
    if (!piece.is_resident && (piece.flags & mft_compressed)) flags |= TSK_FS_ATTR_COMP;
    if (!piece.is_resident && (piece.flags & mft_encrypted)) flags |= TSK_FS_ATTR_ENC;
    attribute.flags = static_cast<TSK_FS_ATTR_FLAG_ENUM>(flags);
    attribute.size = static_cast<TSK_OFF_T>(piece.size);
    attribute.nrd.initsize = static_cast<TSK_OFF_T>(piece.initialised_size);
    content.value = std::move(piece.value);
}

// A size beyond the clusters, which every writer reserves or leaves out as a hole, is a lie, and no zeros.
bool has_clusters(const ListedContent& content, std::uint64_t clusters, std::uint64_t cluster_bytes) {
    const TSK_FS_ATTR& attribute = content.attribute;
    const bool is_over = content.runs.size() > most_extents;  // refused for that
    if ((attribute.flags & TSK_FS_ATTR_RES) || attribute.size <= 0 || is_over) return true;
    return (static_cast<std::uint64_t>(attribute.size) - 1) / cluster_bytes < clusters;
}

void join(ListedContent& content) {
    TSK_FS_ATTR& attribute = content.attribute;
    for (std::size_t i = 1; i < content.runs.size(); ++i) content.runs[i - 1].next = &content.runs[i];
    attribute.nrd.run = content.runs.empty() ? nullptr : content.runs.data();
    attribute.nrd.run_end = content.runs.empty() ? nullptr : &content.runs.back();
    attribute.name = content.name.data();
    attribute.rd.buf = reinterpret_cast<std::uint8_t*>(content.value.data());
    attribute.rd.buf_size = content.value.size();
}

}  // namespace

std::unique_ptr<ListedContent> read_listed_content(MftRecords& records, const TSK_FS_FILE* file,
                                                   const ListedAttribute& listed) {
    auto content = std::make_unique<ListedContent>();
    content->name = listed.name;
    content->attribute.type = static_cast<TSK_FS_ATTR_TYPE_ENUM>(listed.type);
    std::uint64_t clusters = 0;
    for (const ListedAttribute::Piece& listed_piece : listed.pieces) {
        if (listed_piece.first_cluster != clusters) return nullptr;
        const std::optional<MftRecord> record = record_of(records, *file->meta, listed_piece.record);
        auto piece = record ? record->find(listed.type, listed_piece.number, listed.name, clusters) : std::nullopt;
        const bool is_first = &listed_piece == &listed.pieces.front();
        if (!piece || (piece->is_resident && listed.pieces.size() > 1)) return nullptr;
        for (const ClusterRun& run : piece->runs) {
            add_run(*content, run);
            clusters += run.count;
        }
        if (is_first) describe_first(*content, std::move(*piece));
        if (content->runs.size() > most_extents) break;  // the limit of a content
    }
    join(*content);
    return has_clusters(*content, clusters, file->fs_info->block_size) ? std::move(content) : nullptr;
}

}  // namespace triage::tsk
