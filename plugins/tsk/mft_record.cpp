// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/mft_record.h"

#include <algorithm>
#include <array>
#include <limits>

namespace triage::tsk {
namespace {

constexpr std::uint64_t smallest_record = 512, largest_record = 65536;

// The last two bytes of each 512 of a record stand in an array in its head.
bool undo_fixups(MutableBytes record) {
    constexpr std::size_t step = 512;
    const std::size_t at = *load_le<std::uint16_t>(record, 4), count = *load_le<std::uint16_t>(record, 6);
    if (count == 0 || (count - 1) * step > record.size() || at + 2 * count > record.size()) return false;
    for (std::size_t i = 1; i < count; ++i)
        std::copy_n(record.begin() + static_cast<std::ptrdiff_t>(at + 2 * i), 2,
                    record.begin() + static_cast<std::ptrdiff_t>(i * step - 2));
    return true;
}

}  // namespace

std::optional<std::uint64_t> mft_record_bytes(Image& image, std::uint32_t cluster_bytes) {
    std::array<std::byte, 1> stored{};
    if (!image.read(64, stored)) return std::nullopt;
    const auto size = std::to_integer<std::uint8_t>(stored[0]);  // clusters, or the exponent of 2 when negative
    const std::uint64_t bytes = size < 128 ? std::uint64_t{size} * cluster_bytes : 1ull << (256 - size) % 64;
    if (bytes < smallest_record || bytes > largest_record) return std::nullopt;
    return bytes;
}

std::optional<std::size_t> contents_in_record(Bytes record) {
    constexpr std::uint32_t data = 0x80, end = 0xFFFFFFFF;
    constexpr std::size_t least_head = 0x18;
    if (record.size() < smallest_record || as_text(record).substr(0, 4) != "FILE" || !undo_fixups(record))
        return std::nullopt;
    std::size_t contents = 0;
    ByteView rest = record;
    rest = rest.subspan(std::min<std::size_t>(*load_le<std::uint16_t>(record, 0x14), record.size()));
    for (;;) {
        const auto type = load_le<std::uint32_t>(rest, 0), length = load_le<std::uint32_t>(rest, 4);
        if (type == end) return contents;
        if (!type || !length || *length < least_head || *length > rest.size()) return std::nullopt;
        const bool is_resident = rest[8] == std::byte{0};
        contents += *type == data && (is_resident || *load_le<std::uint64_t>(rest, 0x10) == 0);
        rest = rest.subspan(*length);
    }
}

MftRecords::MftRecords(TSK_FS_INFO* fs, Image& image) {
    if (!TSK_FS_TYPE_ISNTFS(fs->ftype)) return;
    record_bytes_ = mft_record_bytes(image, fs->block_size).value_or(0);
    if (record_bytes_ > 0) table_.reset(tsk_fs_file_open_meta(fs, nullptr, 0));
    take_error();
}

std::optional<std::size_t> MftRecords::contents(std::uint64_t address) {
    const auto at = checked_multiply(address, record_bytes_);
    if (!table_ || !at || *at > static_cast<std::uint64_t>(std::numeric_limits<TSK_OFF_T>::max())) return std::nullopt;
    Bytes record(record_bytes_);
    const ssize_t got =
        tsk_fs_file_read(table_.get(), static_cast<TSK_OFF_T>(*at), reinterpret_cast<char*>(record.data()),
                         record.size(), TSK_FS_FILE_READ_FLAG_NONE);
    take_error();
    if (got != static_cast<ssize_t>(record.size())) return std::nullopt;
    return contents_in_record(std::move(record));
}

}  // namespace triage::tsk
