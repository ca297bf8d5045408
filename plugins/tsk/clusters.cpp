// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/clusters.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace triage::tsk {

namespace {

// Numbered from 0, by the boot sector that libtsk takes: the first that ends as one, of those at the place of the main
// one and of the backups of FAT32 and exFAT.
unsigned active_fat(TSK_FS_TYPE_ENUM type, Image& image) {
    for (const std::uint64_t sector : {0, 6, 12}) {
        std::array<std::byte, 512> boot{};
        if (!image.read(sector * image.sector_size(), boot)) return 0;
        const auto word = [&](std::size_t at) -> unsigned { return *load_le<std::uint16_t>(boot, at); };
        if (word(510) != 0xAA55) continue;
        if (type == TSK_FS_TYPE_EXFAT) return std::to_integer<unsigned>(boot[110]) > 1 ? word(106) & 1 : 0;
        return type == TSK_FS_TYPE_FAT32 && (word(40) & 0x80) ? word(40) & 0xF : 0;
    }
    return 0;
}

}  // namespace

std::string why_unsupported_fat(TSK_FS_TYPE_ENUM type, Image& image) {
    if (!TSK_FS_TYPE_ISFAT(type)) return {};
    const unsigned active = active_fat(type, image);
    return active == 0 ? "" : fmt::format("FAT number {} is the active one: not read by this build", active + 1);
}

NamedClusters::NamedClusters(OpenFilesystem& fs) : fs_(fs) {
    if (!TSK_FS_TYPE_ISFAT(fs.fs->ftype)) return;
    constexpr std::uint64_t backup = 6;  // of FAT32, which libtsk uses where the first one is damaged
    if (!read_boot_sector(0) && (fs.fs->ftype != TSK_FS_TYPE_FAT32 || !read_boot_sector(backup))) return;
    const std::uint64_t cluster_bytes = cluster_sectors_ * sector_bytes_, start = heap_sector_ * sector_bytes_;
    if (start >= fs.image.length()) return;
    clusters_ = std::min(clusters_, (fs.image.length() - start) / cluster_bytes);
    named_.resize(clusters_ + 2);
}

bool NamedClusters::read_boot_sector(std::uint64_t sector) {
    std::array<std::byte, 512> boot{};
    if (!fs_.image.read(sector * 512, boot)) return false;
    if (fs_.fs->ftype == TSK_FS_TYPE_EXFAT) return read_exfat_boot_sector(boot);
    const auto byte = [&](std::size_t at) { return std::to_integer<std::uint64_t>(boot[at]); };
    const auto word = [&](std::size_t at) { return std::uint64_t{*load_le<std::uint16_t>(boot, at)}; };
    const auto number = [&](std::size_t at) { return std::uint64_t{*load_le<std::uint32_t>(boot, at)}; };
    sector_bytes_ = word(11), cluster_sectors_ = byte(13), fat_sector_ = word(14);
    if (sector_bytes_ != fs_.fs->block_size || cluster_sectors_ == 0) return false;
    const std::uint64_t fat_sectors = word(22) != 0 ? word(22) : number(36),
                        total = word(19) != 0 ? word(19) : number(32);
    heap_sector_ = fat_sector_ + byte(16) * fat_sectors + (word(17) * 32 + sector_bytes_ - 1) / sector_bytes_;
    if (total <= heap_sector_) return false;
    clusters_ = (total - heap_sector_) / cluster_sectors_;
    return true;
}

bool NamedClusters::read_exfat_boot_sector(ByteView boot) {
    const unsigned sector_shift = *load_le<std::uint8_t>(boot, 108), cluster_shift = *load_le<std::uint8_t>(boot, 109);
    if (sector_shift < 9 || sector_shift > 12 || sector_shift + cluster_shift > 25) return false;
    sector_bytes_ = 1ull << sector_shift, cluster_sectors_ = 1ull << cluster_shift;
    fat_sector_ = *load_le<std::uint32_t>(boot, 80);
    heap_sector_ = *load_le<std::uint32_t>(boot, 88), clusters_ = *load_le<std::uint32_t>(boot, 92);
    return true;
}

void NamedClusters::add(TSK_FS_FILE* file) {
    if (named_.empty() || is_overfull() || !file || !file->meta) return;
    tsk_fs_file_attr_getsize(file);  // makes libtsk look for the runs
    take_error();
    for (const TSK_FS_ATTR* a = file->meta->attr ? file->meta->attr->head : nullptr; a; a = a->next) {
        if (!(a->flags & TSK_FS_ATTR_NONRES)) continue;
        for (const TSK_FS_ATTR_RUN* run = a->nrd.run; run; run = run->next) {
            if (run->addr < heap_sector_ || (run->flags & TSK_FS_ATTR_RUN_FLAG_FILLER)) continue;
            const std::uint64_t first = (run->addr - heap_sector_) / cluster_sectors_ + 2;
            const std::uint64_t last = first + (run->len - 1) / cluster_sectors_;
            for (std::uint64_t c = first; run->len > 0 && c <= last && c < named_.size(); ++c, ++marks_)
                named_[c] = true;
        }
    }
}

std::string NamedClusters::lost() {
    if (named_.empty()) return {};
    if (is_overfull()) return "its files claim its clusters several times over; names may be missing";
    return fs_.fs->ftype == TSK_FS_TYPE_EXFAT ? lost_exfat_clusters() : lost_chains();
}

unsigned NamedClusters::fat_bits() const {
    return fs_.fs->ftype == TSK_FS_TYPE_FAT12 ? 12 : fs_.fs->ftype == TSK_FS_TYPE_FAT16 ? 16 : 32;
}

// Of a piece of the FAT that starts with an even cluster, the entry at `index`.
std::uint32_t NamedClusters::fat_entry(ByteView piece, std::uint64_t index) const {
    const unsigned bits = fat_bits();
    const std::uint32_t stored = *load_le<std::uint32_t>(piece, index * bits / 8) >> (bits == 12 && index % 2 ? 4 : 0);
    return stored & (bits == 32 ? 0x0FFFFFFF : (1u << bits) - 1);
}

// A chain that goes on behind the end of its file is not lost; what leads to no end and has no start is.
std::string NamedClusters::lost_chains() {
    const unsigned bits = fat_bits();
    const std::uint32_t bad = bits == 32 ? 0x0FFFFFF7 : (1u << bits) - 9;
    constexpr std::uint64_t per_piece = 1 << 16;  // entries; a multiple of 2, so that none of 12 bits is cut
    std::vector<bool> in_use(named_.size()), follows(named_.size()), goes_on(named_.size());
    for (std::uint64_t first = 0; first < named_.size(); first += per_piece) {
        const std::uint64_t count = std::min(per_piece, named_.size() - first);
        Bytes piece(((count * bits + 7) / 8));
        if (!fs_.image.read(fat_sector_ * sector_bytes_ + first * bits / 8, piece)) return {};  // a flaw, reported
        piece.resize(piece.size() + 4);
        for (std::uint64_t i = 0; i < count; ++i) {
            const std::uint32_t next = fat_entry(piece, i);
            if (first + i < 2 || next == 0 || next == bad) continue;
            in_use[first + i] = true;
            if (next >= follows.size()) continue;
            follows[next] = true;
            if (named_[first + i]) goes_on[next] = true;
        }
    }
    std::uint64_t chains = 0;
    const auto is_left = [&](std::uint64_t c) { return in_use[c] && !named_[c]; };
    const auto take = [&](std::uint64_t c) {  // the chain from here
        for (; c >= 2 && c < named_.size() && is_left(c); c = next_cluster(c)) in_use[c] = false;
    };
    for (std::uint64_t c = 2; c < named_.size(); ++c)
        if (goes_on[c]) take(c);
    for (std::uint64_t c = 2; c < named_.size(); ++c)
        if (is_left(c) && !follows[c]) ++chains, take(c);
    for (std::uint64_t c = 2; c < named_.size(); ++c)  // those that lead back into themselves
        if (is_left(c)) ++chains, take(c);
    if (chains == 0) return {};
    return fmt::format("no listed name leads to {} of the cluster chains in use; names may be missing", chains);
}

std::uint64_t NamedClusters::next_cluster(std::uint64_t cluster) {
    std::array<std::byte, 8> pair{};
    const unsigned bits = fat_bits();
    const std::uint64_t even = cluster & ~std::uint64_t{1};
    const std::size_t bytes = (2 * bits + 7) / 8;
    if (!fs_.image.read(fat_sector_ * sector_bytes_ + even * bits / 8, MutableBytes(pair).first(bytes))) return 0;
    return fat_entry(pair, cluster - even);
}

// Of exFAT: in use, but neither named nor marked as bad.
bool NamedClusters::is_lost(std::uint64_t cluster) {
    if (named_[cluster]) return false;
    std::array<std::byte, 4> next{};
    constexpr std::uint32_t bad = 0xFFFFFFF7;
    return !fs_.image.read(fat_sector_ * sector_bytes_ + cluster * 4, next) || load_le<std::uint32_t>(next, 0) != bad;
}

std::string NamedClusters::lost_exfat_clusters() {
    const FileHandle bitmap(tsk_fs_file_open(fs_.fs, nullptr, "/$ALLOC_BITMAP"));
    take_error();
    if (!bitmap || !bitmap->meta) return "it has no allocation bitmap; names may be missing";
    std::uint64_t lost = 0;
    const bool is_whole = read_pieces(bitmap.get(), 1 << 20, [&](std::uint64_t at, ByteView piece) {
        for (std::uint64_t bit = 0; bit < piece.size() * 8 && at * 8 + bit < clusters_; ++bit)
            lost += (std::to_integer<unsigned>(piece[bit / 8]) >> bit % 8 & 1) && is_lost(at * 8 + bit + 2);
    });
    take_error();
    if (!is_whole) return "its allocation bitmap cannot be read; names may be missing";
    if (lost == 0) return {};
    return fmt::format("no listed name leads to {} of the clusters in use; names may be missing", lost);
}

}  // namespace triage::tsk
