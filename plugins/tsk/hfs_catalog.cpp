// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/hfs_catalog.h"

#include <algorithm>
#include <array>

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

// From the first leaf along the chain: a node that is not in use may still hold what it held.
void for_each_leaf(TSK_FS_FILE* catalog, const std::function<void(ByteView node)>& see) {
    std::array<std::byte, 40> header{};
    if (!read_at(catalog, 0, header)) return;
    const std::uint16_t node_bytes = *load_be<std::uint16_t>(header, 32);
    if (node_bytes < smallest_node || node_bytes > largest_node) return;
    Bytes node(node_bytes);
    std::uint64_t number = *load_be<std::uint32_t>(header, 24);
    for (auto left = static_cast<std::uint64_t>(catalog->meta->size) / node_bytes; number != 0 && left > 0; --left) {
        constexpr std::byte leaf{0xFF};
        if (!read_at(catalog, number * node_bytes, node) || node[8] != leaf) return;
        see(node);
        number = *load_be<std::uint32_t>(node, 0);
    }
}

}  // namespace

std::unordered_set<std::uint64_t> shared_numbers(TSK_FS_INFO* fs) {
    std::unordered_set<std::uint64_t> shared;
    const FileHandle catalog(tsk_fs_file_open_meta(fs, nullptr, catalog_file));
    AddressSet met;
    const auto add = [&](ByteView record) {
        constexpr std::uint16_t folder = 1, file = 2;
        const std::size_t data = 2 + std::size_t{load_be<std::uint16_t>(record, 0).value_or(0)};
        const auto kind = load_be<std::uint16_t>(record, data);
        const auto number = load_be<std::uint32_t>(record, data + 8);
        if (number && (kind == folder || kind == file) && !met.insert(*number)) shared.insert(*number);
    };
    if (catalog && catalog->meta) for_each_leaf(catalog.get(), [&](ByteView node) { for_each_record(node, add); });
    take_error();
    return shared;
}

}  // namespace triage::tsk
