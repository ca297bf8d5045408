// SPDX-License-Identifier: Apache-2.0
// A FAT12 volume laid out by hand after Microsoft's "FAT: General Overview of On-Disk Format", 1.03, and what a walk of
// it says.
#pragma once

#include <algorithm>

#include "engine/evidence/filesystem.h"
#include "tests/support/media.h"

namespace triage {
const FilesystemReader& tsk_filesystem();
}

namespace triage::test {

// 512-byte sectors, one a cluster: boot sector, two FATs of one sector, 64 root entries in sectors 3 to 6, data from 7.
constexpr std::size_t sectors = 200;
constexpr std::size_t root_sector = 3, fat_sector = 1;
constexpr std::size_t sector_of(std::size_t cluster) { return 7 + cluster - 2; }
constexpr unsigned directory = 0x10, archive = 0x20;

struct Fat12 {
    Bytes media = ewf_test::sample_media(sectors * 512);

    Fat12() {
        std::fill_n(media.begin(), 7 * 512, std::byte{0});
        put_text(media, 0,
                 "\xEB\x3C\x90"
                 "MSDOS5.0");
        put_le(media, 11, 512, 2);      // BPB_BytsPerSec
        put_le(media, 13, 1, 1);        // BPB_SecPerClus
        put_le(media, 14, 1, 2);        // BPB_RsvdSecCnt
        put_le(media, 16, 2, 1);        // BPB_NumFATs
        put_le(media, 17, 64, 2);       // BPB_RootEntCnt
        put_le(media, 19, sectors, 2);  // BPB_TotSec16
        put_le(media, 21, 0xF8, 1);     // BPB_Media
        put_le(media, 22, 1, 2);        // BPB_FATSz16
        put_le(media, 38, 0x29, 1);     // BS_BootSig
        put_text(media, 54, "FAT12   ");
        put_le(media, 510, 0xAA55, 2);
        link(0, 0xFF8), link(1, 0xFFF);
    }
    void link(std::size_t cluster, unsigned next) {
        for (const std::size_t fat : {fat_sector * 512, (fat_sector + 1) * 512}) {
            const std::size_t at = fat + cluster * 3 / 2;
            const unsigned old = std::to_integer<unsigned>(media[at]) | std::to_integer<unsigned>(media[at + 1]) << 8;
            const unsigned value = cluster % 2 == 0 ? (old & 0xF000) | next : (old & 0x000F) | next << 4;
            put_le(media, at, value, 2);
        }
    }
    void clear(std::size_t cluster) { std::fill_n(media.begin() + sector_of(cluster) * 512, 512, std::byte{0}); }
    // The `index`th entry of the directory at `sector`.
    void name(std::size_t sector, std::size_t index, std::string_view short_name, unsigned attributes,
              std::size_t cluster, std::uint32_t size) {
        const std::size_t at = sector * 512 + index * 32;
        put_text(media, at, short_name);
        put_le(media, at + 11, attributes, 1);
        put_le(media, at + 22, 0x6000, 2);  // 12:00:00
        put_le(media, at + 24, 0x5821, 2);  // 2024-01-01
        put_le(media, at + 26, cluster, 2);
        put_le(media, at + 28, size, 4);
    }
};

// /A.TXT in clusters 2 and 5; /B.TXT deleted, of cluster 6; /DIR in cluster 10 with C.TXT in 11.
inline Fat12 sample() {
    Fat12 fat;
    fat.link(2, 5), fat.link(5, 0xFFF), fat.link(10, 0xFFF), fat.link(11, 0xFFF);
    fat.name(root_sector, 0, "A       TXT", archive, 2, 700);
    fat.name(root_sector, 1, "\xE5       TXT", archive, 6, 100);
    fat.name(root_sector, 2, "DIR        ", directory, 10, 0);
    fat.clear(10);
    fat.name(sector_of(10), 0, ".          ", directory, 10, 0);
    fat.name(sector_of(10), 1, "..         ", directory, 0, 0);
    fat.name(sector_of(10), 2, "C       TXT", archive, 11, 10);
    return fat;
}

class Gathered : public WalkSink {
  public:
    void filesystem(const Filesystem& fs) override { filesystems.push_back(fs); }
    void entry(const Entry& entry) override {
        if (!entry.is_metadata) entries.push_back(entry);
    }
    void problem(const Problem& problem) override { problems.push_back(problem); }
    void counts(const WalkCounts&) override { ++ends; }
    bool may_enter(std::uint64_t, std::string_view path) override { return path != forbidden; }

    const Entry* find(std::string_view path) const {
        const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.path == path; });
        return found == entries.end() ? nullptr : &*found;
    }
    std::string paths() const {
        std::vector<std::string> sorted;
        for (const Entry& e : entries) sorted.push_back(e.path);
        std::sort(sorted.begin(), sorted.end());
        std::string all;
        for (const std::string& path : sorted) all += (all.empty() ? "" : " ") + path;
        return all;
    }
    bool complains(ProblemKind kind) const {
        return std::any_of(problems.begin(), problems.end(), [&](const Problem& p) { return p.kind == kind; });
    }

    std::vector<Filesystem> filesystems;
    std::vector<Entry> entries;  // but not the file system's own
    std::vector<Problem> problems;
    int ends = 0;
    std::string forbidden;
};

inline Gathered walk(const Fat12& fat, const WalkLimits& limits = {}, std::set<std::uint64_t> bad_sectors = {},
                     std::string forbidden = {}) {
    const PlainMedia media(fat.media, std::move(bad_sectors));
    Gathered gathered;
    gathered.forbidden = std::move(forbidden);
    tsk_filesystem().walk(media.reader(), {"-", VolumeRole::filesystem, 0, fat.media.size(), {}}, limits, false,
                          gathered);
    return gathered;
}

}  // namespace triage::test
