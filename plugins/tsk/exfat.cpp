// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/exfat.h"

#include <array>

namespace triage::tsk {
namespace {

constexpr std::size_t entry_size = 32;
constexpr std::uint64_t first_address = 3;  // libtsk's FATFS_FIRST_NORMINO
using DirectoryEntry = std::array<std::byte, entry_size>;

// The cluster after the one that starts at `sector`, in the directory's own order; libtsk's runs count sectors.
std::optional<std::uint64_t> next_cluster(const TSK_FS_FILE* directory, std::uint64_t sector) {
    if (!directory || !directory->meta || !directory->meta->attr) return std::nullopt;
    const TSK_FS_ATTR* attribute = directory->meta->attr->head;
    if (!attribute) return std::nullopt;
    for (const TSK_FS_ATTR_RUN* run = attribute->nrd.run; run; run = run->next) {
        if (sector < run->addr || sector >= run->addr + run->len) continue;
        if (sector + 1 < run->addr + run->len) return sector + 1;
        return run->next ? std::optional<std::uint64_t>(run->next->addr) : std::nullopt;
    }
    return std::nullopt;
}

bool is_file_entry(const DirectoryEntry& e) { return (std::to_integer<unsigned>(e[0]) & 0x7F) == 0x05; }
bool is_stream_entry(const DirectoryEntry& e) { return (std::to_integer<unsigned>(e[0]) & 0x7F) == 0x40; }

}  // namespace

ExfatEntries::ExfatEntries(Image& image) : image_(image) {
    // Main Boot Sector, section 3.1: FatOffset, FatLength, ClusterHeapOffset, BytesPerSectorShift,
    // SectorsPerClusterShift.
    std::array<std::byte, 128> boot{};
    if (!image.read(0, boot)) return;
    const auto sector_shift = std::to_integer<unsigned>(boot[108]),
               cluster_shift = std::to_integer<unsigned>(boot[109]);
    if (sector_shift < 9 || sector_shift > 12 || sector_shift + cluster_shift > 25) return;
    fat_sector_ = *load_le<std::uint32_t>(boot, 80);
    fat_sectors_ = *load_le<std::uint32_t>(boot, 84);
    heap_sector_ = *load_le<std::uint32_t>(boot, 88);
    sector_bytes_ = 1ull << sector_shift;
    cluster_sectors_ = 1ull << cluster_shift;
}

std::optional<std::uint64_t> ExfatEntries::valid_data_length(const TSK_FS_FILE* directory, std::uint64_t address,
                                                             std::uint64_t size) {
    if (address < first_address || address > 1ull << 58) return size;
    if (sector_bytes_ == 0) return std::nullopt;
    const std::uint64_t per_sector = sector_bytes_ / entry_size, index = address - first_address;
    const std::uint64_t sector = index / per_sector + heap_sector_, in_sector = index % per_sector * entry_size;
    DirectoryEntry file{}, stream{};
    if (!image_.read(sector * sector_bytes_ + in_sector, file) || !is_file_entry(file)) return size;

    std::uint64_t stream_sector = sector, stream_offset = in_sector + entry_size;
    if (stream_offset == sector_bytes_) {
        const bool ends_cluster = (sector - heap_sector_) % cluster_sectors_ == cluster_sectors_ - 1;
        stream_offset = 0;
        stream_sector = ends_cluster ? next_cluster(directory, sector).value_or(sector + 1) : sector + 1;
    }
    if (!image_.read(stream_sector * sector_bytes_ + stream_offset, stream) || !is_stream_entry(stream))
        return std::nullopt;
    const std::uint64_t valid = *load_le<std::uint64_t>(stream, 8), data = *load_le<std::uint64_t>(stream, 24);
    if (data != size || valid > data) return std::nullopt;
    return valid;
}

bool ExfatEntries::locate_fat(std::string_view name, Entry& entry) const {
    if (name != "$FAT1" && name != "$FAT2") return false;
    const std::uint64_t first = fat_sector_ + (name == "$FAT2" ? fat_sectors_ : 0),
                        length = fat_sectors_ * sector_bytes_;
    if (length == 0 || first * sector_bytes_ + length > image_.length()) return false;
    entry.size = length;
    entry.source = Source::extents;
    entry.extents = {{image_.start() + first * sector_bytes_, length}};
    return true;
}

}  // namespace triage::tsk
