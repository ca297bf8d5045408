// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/hfs_catalog.h"

#include <algorithm>
#include <array>

#include "engine/base/text.h"
#include "engine/scan/address_set.h"

namespace triage::tsk {
namespace {

constexpr std::uint64_t catalog_file = 4;
constexpr std::uint16_t smallest_node = 512, largest_node = 32768;

bool read_at(TSK_FS_FILE* file, std::uint64_t offset, MutableBytes out) {
    const ssize_t got = tsk_fs_file_read(file, static_cast<TSK_OFF_T>(offset), reinterpret_cast<char*>(out.data()),
                                         out.size(), TSK_FS_FILE_READ_FLAG_NONE);
    return got == static_cast<ssize_t>(out.size());
}

// Calls `see` with each record of a leaf, its key before its data.
void for_each_record(ByteView node, const std::function<void(ByteView record)>& see) {
    const std::size_t count = *load_be<std::uint16_t>(node, 10), offsets = 2 * (count + 1);
    if (offsets > node.size()) return;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t begin = *load_be<std::uint16_t>(node, node.size() - 2 * (i + 1)),
                          end = *load_be<std::uint16_t>(node, node.size() - 2 * (i + 2));
        if (begin < end && end <= node.size() - offsets) see(node.subspan(begin, end - begin));
    }
}

// From the first leaf along the chain: a node that is not in use may still hold what it held. False when the chain does
// not hold as many records as the header of the tree says.
bool for_each_leaf(TSK_FS_FILE* catalog, const std::function<void(ByteView node)>& see) {
    std::array<std::byte, 40> header{};
    if (!read_at(catalog, 0, header)) return false;
    const std::uint16_t node_bytes = *load_be<std::uint16_t>(header, 32);
    if (node_bytes < smallest_node || node_bytes > largest_node) return false;
    Bytes node(node_bytes);
    std::uint64_t number = *load_be<std::uint32_t>(header, 24), records = 0;
    for (auto left = static_cast<std::uint64_t>(catalog->meta->size) / node_bytes; number != 0 && left > 0; --left) {
        constexpr std::byte leaf{0xFF};
        if (!read_at(catalog, number * node_bytes, node) || node[8] != leaf) return false;
        see(node);
        records += *load_be<std::uint16_t>(node, 10);
        number = *load_be<std::uint32_t>(node, 0);
    }
    return number == 0 && records == *load_be<std::uint32_t>(header, 20);
}

constexpr std::uint16_t folder_record = 1, file_record = 2;

struct CatalogRecord {
    std::uint32_t parent = 0, number = 0;
    std::uint16_t kind = 0;
    std::optional<std::uint32_t> target{};  // of a hard link
    ByteView name;                          // UTF-16, big-endian
};

// Of a folder or file; nothing of a thread, which leads from a number to its name.
std::optional<CatalogRecord> read_record(ByteView record) {
    const std::size_t data = 2 + std::size_t{load_be<std::uint16_t>(record, 0).value_or(0)};
    const auto parent = load_be<std::uint32_t>(record, 2);
    const auto kind = load_be<std::uint16_t>(record, data);
    const auto number = load_be<std::uint32_t>(record, data + 8);
    const std::size_t name_bytes = 2 * std::size_t{load_be<std::uint16_t>(record, 6).value_or(0)};
    if (!parent || !number || (kind != folder_record && kind != file_record) || name_bytes + 8 > data)
        return std::nullopt;
    CatalogRecord read{*parent, *number, *kind, std::nullopt, record.subspan(8, name_bytes)};
    const ByteView file = record.subspan(data);
    if (*kind == file_record && file.size() >= 56 && as_text(file.subspan(48, 8)) == "hlnkhfs+")
        read.target = load_be<std::uint32_t>(file, 44);
    return read;
}

bool for_each_name(TSK_FS_INFO* fs, const std::function<void(const CatalogRecord&)>& see) {
    const FileHandle catalog(tsk_fs_file_open_meta(fs, nullptr, catalog_file));
    const auto see_record = [&](ByteView bytes) {
        if (const auto record = read_record(bytes)) see(*record);
    };
    const bool is_whole = catalog && catalog->meta &&
                          for_each_leaf(catalog.get(), [&](ByteView node) { for_each_record(node, see_record); });
    take_error();
    return is_whole;
}

// A zero is '^', and a slash, which is no separator here, a colon; so is half a surrogate pair a '^'.
std::string spell(ByteView utf16) {
    std::string name;
    for (std::size_t at = 0; at + 2 <= utf16.size(); at += 2) {
        std::uint32_t c = *load_be<std::uint16_t>(utf16, at);
        const std::uint32_t next = load_be<std::uint16_t>(utf16, at + 2).value_or(0);
        const bool is_pair = c >> 10 == 0xD800 >> 10 && next >> 10 == 0xDC00 >> 10;
        if (is_pair) c = 0x10000 + ((c & 0x3FF) << 10) + (next & 0x3FF), at += 2;
        append_utf8(name, c == '/' ? ':' : c == 0 || c >> 11 == 0xD800 >> 11 ? '^' : c);
    }
    return name;
}

bool is_spelt(ByteView utf16, std::string_view text) {
    bool is_alike = utf16.size() == 2 * text.size();
    for (std::size_t i = 0; is_alike && i < text.size(); ++i)
        is_alike = *load_be<std::uint16_t>(utf16, 2 * i) == static_cast<unsigned char>(text[i]);
    return is_alike;
}

// "iNode777" is what the hard links with the number 777 lead to; "iNode0777" is not.
std::optional<std::uint32_t> link_number(ByteView name) {
    constexpr std::size_t prefix = 2 * 5, most_digits = 10;
    if (name.size() <= prefix || name.size() > prefix + 2 * most_digits || !is_spelt(name.first(prefix), "iNode"))
        return std::nullopt;
    std::uint64_t number = 0;
    for (std::size_t at = prefix; at < name.size(); at += 2) {
        const std::uint16_t digit = *load_be<std::uint16_t>(name, at);
        if (digit < '0' || digit > '9' || (number == 0 && at > prefix)) return std::nullopt;
        number = 10 * number + digit - '0';
    }
    return number <= 0xFFFFFFFF ? std::optional(static_cast<std::uint32_t>(number)) : std::nullopt;
}

struct LinkTarget {
    std::uint32_t link = 0, number = 0, folder = 0;
    bool operator<(const LinkTarget& other) const { return link < other.link; }
};

// A file that is spelt like a link beside it, and has the number under which libtsk shows that.
void refuse_ambiguous(TSK_FS_INFO* fs, HfsNumbers& numbers) {
    if (numbers.links.empty()) return;
    for_each_name(fs, [&](const CatalogRecord& record) {
        if (!record.target && numbers.links.erase({record.parent, spell(record.name), record.number}) > 0)
            numbers.shared.insert(record.number);
    });
}

}  // namespace

HfsNumbers numbers_in_catalog(TSK_FS_INFO* fs) {
    constexpr std::string_view private_data{"\0\0\0\0HFS+ Private Data", 21};
    HfsNumbers numbers;
    AddressSet met;
    std::vector<LinkTarget> targets;
    std::uint32_t private_folder = 0;
    bool has_links = false;
    numbers.is_whole = for_each_name(fs, [&](const CatalogRecord& record) {
        if (!met.insert(record.number)) numbers.shared.insert(record.number);
        if (record.parent == fs->root_inum && is_spelt(record.name, private_data)) private_folder = record.number;
        if (const auto link = link_number(record.name)) targets.push_back({*link, record.number, record.parent});
        has_links |= record.target.has_value();
    });
    if (!has_links) return numbers;
    std::erase_if(targets, [&](const LinkTarget& target) { return target.folder != private_folder; });
    std::sort(targets.begin(), targets.end());
    for_each_name(fs, [&](const CatalogRecord& record) {
        if (!record.target) return;
        const auto target = std::lower_bound(targets.begin(), targets.end(), LinkTarget{*record.target, 0, 0});
        const auto is_its = [&](auto found) { return found != targets.end() && found->link == *record.target; };
        const bool is_clear = is_its(target) && !is_its(std::next(target));
        const std::uint32_t number = is_clear ? target->number : record.number;
        if (number != *record.target) numbers.links[{record.parent, spell(record.name), *record.target}] = number;
    });
    refuse_ambiguous(fs, numbers);
    return numbers;
}

std::vector<DirectoryEntry> names_in_folder(TSK_FS_INFO* fs, const HfsNumbers& numbers, std::uint64_t folder) {
    constexpr std::uint8_t type_unknown = 0, type_folder = 2;
    std::vector<DirectoryEntry> names;
    if (folder == fs->root_inum) {
        std::uint32_t number = 3;
        for (const char* name :
             {"$ExtentsFile", "$CatalogFile", "$BadBlockFile", "$AllocationFile", "$StartupFile", "$AttributesFile"}) {
            if (FileHandle(tsk_fs_file_open_meta(fs, nullptr, number))) names.push_back({number, type_unknown, name});
            ++number;
        }
    }
    for_each_name(fs, [&](const CatalogRecord& record) {
        if (record.parent != folder) return;
        // libtsk opens a hard link by the number of its target only, and what is none for its other marks by its own.
        const bool is_link = record.target && !FileHandle(tsk_fs_file_open_meta(fs, nullptr, record.number));
        std::string name = spell(record.name);
        const auto other = is_link ? numbers.links.find({folder, name, *record.target}) : numbers.links.end();
        const std::uint32_t number = !is_link                       ? record.number
                                     : other != numbers.links.end() ? other->second
                                                                    : *record.target;
        names.push_back({number, record.kind == folder_record ? type_folder : type_unknown, std::move(name)});
    });
    take_error();
    return names;
}

}  // namespace triage::tsk
