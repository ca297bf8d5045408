// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/attribute_list.h"

#include <algorithm>

#include "engine/base/text.h"

namespace triage::tsk {
namespace {

constexpr std::size_t item_head = 26, most_list_bytes = 256 << 10;  // what Windows allows

// As libtsk does: '^' for half a surrogate pair and for a control character, an end at a character of 0, no name at all
// when it ends in the first half of a pair.
std::string name_of(ByteView utf16) {
    const auto is_high = [](std::uint32_t c) { return c >= 0xD800 && c <= 0xDBFF; };
    const auto is_low = [](std::uint32_t c) { return c >= 0xDC00 && c <= 0xDFFF; };
    std::string name;
    for (std::size_t at = 0; at + 2 <= utf16.size(); at += 2) {
        std::uint32_t c = *load_le<std::uint16_t>(utf16, at);
        if (is_high(c)) {
            const auto next = load_le<std::uint16_t>(utf16, at += 2);
            if (!next) return {};
            c = is_low(*next) ? 0x10000 + ((c - 0xD800) << 10) + (*next - 0xDC00) : '^';
        }
        append_utf8(name, is_low(c) || (c != 0 && c < 0x20) || c == 0x7F ? '^' : c);
    }
    return name.substr(0, name.find('\0'));
}

bool is_loaded(const TSK_FS_FILE* file, const ListedAttribute& listed) {
    for (const TSK_FS_ATTR* a = file->meta->attr->head; a; a = a->next) {
        const bool is_it =
            static_cast<std::uint32_t>(a->type) == listed.type && (a->name ? a->name : "") == listed.name;
        if ((a->flags & TSK_FS_ATTR_INUSE) && is_it) return true;
    }
    return false;
}

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
        ListedAttribute item{*load_le<std::uint32_t>(bytes, 0), {}};
        if (name_bytes > 0) item.name = name_of(bytes.subspan(name_at, name_bytes));
        if (listed.empty() || item != listed.back()) listed.push_back(std::move(item));  // sorted by type and name
        bytes = bytes.subspan(length);
    }
    return listed;
}

LostAttributes find_lost_attributes(const TSK_FS_FILE* file) {
    LostAttributes lost;
    const TSK_FS_ATTR* list = list_of(file);
    if (!list) return lost;
    const std::optional<Bytes> bytes = read_whole(*list);
    const auto listed = bytes ? parse_attribute_list(*bytes) : std::nullopt;
    lost.is_list_readable = listed.has_value();
    if (!listed) return lost;
    for (const ListedAttribute& attribute : *listed) {
        if (is_loaded(file, attribute)) continue;
        if (attribute.type == TSK_FS_ATTR_TYPE_NTFS_DATA) lost.contents.push_back(attribute.name);
        lost.has_index |=
            attribute.type == TSK_FS_ATTR_TYPE_NTFS_IDXROOT || attribute.type == TSK_FS_ATTR_TYPE_NTFS_IDXALLOC;
    }
    return lost;
}

}  // namespace triage::tsk
