// SPDX-License-Identifier: Apache-2.0
// Directory entry sets laid out by hand after Microsoft's "exFAT file system specification", sections 3.1, 6.2, 7.4,
// 7.6.
#include "plugins/tsk/exfat.h"

#include <doctest/doctest.h>

#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;

namespace {

// 512-byte sectors, two a cluster; the cluster heap starts at sector 40, the FAT at 24 with 8 sectors.
constexpr std::size_t heap = 40 * 512;

struct ExfatVolume {
    Bytes media = Bytes(100 * 512);
    std::set<std::uint64_t> bad_sectors;

    ExfatVolume() {
        put_text(media, 3, "EXFAT   ");
        put_le(media, 80, 24, 4);  // FatOffset
        put_le(media, 84, 8, 4);   // FatLength
        put_le(media, 88, 40, 4);  // ClusterHeapOffset
        put_le(media, 108, 9, 1);  // BytesPerSectorShift
        put_le(media, 109, 1, 1);  // SectorsPerClusterShift
    }
    // A File entry at byte `at` of the heap and its Stream Extension at `stream_at`.
    void put_set(std::size_t at, std::size_t stream_at, std::uint64_t valid, std::uint64_t size, unsigned file = 0x85,
                 unsigned stream = 0xC0) {
        put_le(media, heap + at, file, 1);
        put_le(media, heap + stream_at, stream, 1);
        put_le(media, heap + stream_at + 8, valid, 8);  // ValidDataLength
        put_le(media, heap + stream_at + 24, size, 8);  // DataLength
    }
    std::optional<std::uint64_t> valid(std::uint64_t address, std::uint64_t size,
                                       const TSK_FS_FILE* directory = nullptr) const {
        const PlainMedia plain(media, bad_sectors);
        tsk::Image image(plain.reader(), 0, media.size());
        return tsk::ExfatEntries(image).valid_data_length(directory, address, size);
    }
};

// libtsk numbers the entries of the heap from 3.
constexpr std::uint64_t address_of(std::size_t at) { return 3 + at / 32; }

// What libtsk says of a directory whose content is in these runs of sectors.
struct Directory {
    TSK_FS_FILE file{};
    TSK_FS_META meta{};
    TSK_FS_ATTRLIST list{};
    TSK_FS_ATTR attribute{};
    std::vector<TSK_FS_ATTR_RUN> runs;

    explicit Directory(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& sectors) : runs(sectors.size()) {
        for (std::size_t i = 0; i < runs.size(); ++i) {
            runs[i].addr = sectors[i].first, runs[i].len = sectors[i].second;
            runs[i].next = i + 1 < runs.size() ? &runs[i + 1] : nullptr;
        }
        attribute.nrd.run = runs.empty() ? nullptr : &runs[0];
        list.head = &attribute;
        meta.attr = &list;
        file.meta = &meta;
    }
};

}  // namespace

TEST_CASE("the valid data length of a file is that of its stream extension") {
    ExfatVolume volume;
    volume.put_set(64, 96, 1000, 5000);
    CHECK(volume.valid(address_of(64), 5000) == 1000);
}

TEST_CASE("a file whose data are all valid, or none, says so") {
    ExfatVolume volume;
    volume.put_set(64, 96, 5000, 5000);
    volume.put_set(128, 160, 0, 5000);
    CHECK(volume.valid(address_of(64), 5000) == 5000);
    CHECK(volume.valid(address_of(128), 5000) == 0);
}

TEST_CASE("a deleted file, whose entries are not in use, keeps its valid data length") {
    ExfatVolume volume;
    volume.put_set(64, 96, 1000, 5000, 0x05, 0x40);
    CHECK(volume.valid(address_of(64), 5000) == 1000);
}

TEST_CASE("an entry set that crosses a sector goes on in the next one") {
    ExfatVolume volume;
    volume.put_set(480, 512, 1000, 5000);
    CHECK(volume.valid(address_of(480), 5000) == 1000);
}

TEST_CASE("an entry set that crosses a cluster goes on in the directory's next cluster") {
    ExfatVolume volume;
    volume.put_set(992, 8 * 512, 1000, 5000);        // the directory goes on at heap sector 8
    volume.put_set(2048, 1024, 777, 5000, 0, 0xC0);  // what follows on the disk is another file's
    const Directory directory({{40, 2}, {48, 2}});
    CHECK(volume.valid(address_of(992), 5000, &directory.file) == 1000);
}

TEST_CASE("a directory in one piece goes on with the next sector") {
    ExfatVolume volume;
    volume.put_set(992, 1024, 1000, 5000);
    const Directory directory({{40, 4}});
    CHECK(volume.valid(address_of(992), 5000, &directory.file) == 1000);
}

TEST_CASE("without its directory an entry set is looked for in the next cluster, and believed only when it agrees") {
    ExfatVolume volume;
    volume.put_set(992, 1024, 1000, 5000);
    CHECK(volume.valid(address_of(992), 5000) == 1000);
    CHECK_FALSE(volume.valid(address_of(992), 5001));
}

TEST_CASE("an entry set that contradicts itself has no valid data length") {
    ExfatVolume volume;
    volume.put_set(64, 96, 5001, 5000);
    CHECK_FALSE(volume.valid(address_of(64), 5000));  // more valid bytes than bytes
    volume.put_set(64, 96, 1000, 4999);
    CHECK_FALSE(volume.valid(address_of(64), 5000));  // another size than libtsk says
    volume.put_set(64, 96, 1000, 5000, 0x85, 0xC1);
    CHECK_FALSE(volume.valid(address_of(64), 5000));  // a name where the stream extension must be
    volume.put_set(64, 96, ~0ull, ~0ull);
    CHECK_FALSE(volume.valid(address_of(64), 5000));
}

TEST_CASE("what is no file entry is taken as it is") {
    ExfatVolume volume;
    volume.put_set(64, 96, 10, 5000, 0x81);  // allocation bitmap
    CHECK(volume.valid(address_of(64), 5000) == 5000);
    CHECK(volume.valid(2, 77) == 77);  // the root directory, libtsk's virtual files
    CHECK(volume.valid(~0ull, 77) == 77);
    CHECK(volume.valid(1ull << 58, 77) == 77);
}

TEST_CASE("an entry set that cannot be read has no valid data length") {
    ExfatVolume volume;
    volume.put_set(480, 512, 1000, 5000);
    volume.bad_sectors = {41};
    CHECK_FALSE(volume.valid(address_of(480), 5000));
}

TEST_CASE("a boot sector with sizes that no exFAT volume has is not believed") {
    for (const auto& [sector_shift, cluster_shift] : {std::pair{8, 1}, {13, 1}, {12, 14}, {255, 255}}) {
        ExfatVolume volume;
        volume.put_set(64, 96, 1000, 5000);
        put_le(volume.media, 108, static_cast<std::uint64_t>(sector_shift), 1);
        put_le(volume.media, 109, static_cast<std::uint64_t>(cluster_shift), 1);
        CHECK_FALSE(volume.valid(address_of(64), 5000));
    }
}

TEST_CASE("both allocation tables are located, and nothing else by name") {
    ExfatVolume volume;
    const PlainMedia plain(volume.media);
    tsk::Image image(plain.reader(), 0, volume.media.size());
    const tsk::ExfatEntries entries(image);
    Entry entry;
    REQUIRE(entries.locate_fat("$FAT1", entry));
    CHECK(entry.size == 8 * 512);
    CHECK(entry.extents == std::vector<Extent>{{24 * 512, 8 * 512}});
    REQUIRE(entries.locate_fat("$FAT2", entry));
    CHECK(entry.extents == std::vector<Extent>{{32 * 512, 8 * 512}});
    CHECK_FALSE(entries.locate_fat("$FAT3", entry));
    CHECK_FALSE(entries.locate_fat("FAT1", entry));
}

TEST_CASE("an allocation table that would lie outside the volume is not located") {
    ExfatVolume volume;
    put_le(volume.media, 84, 0xFFFFFFFF, 4);
    const PlainMedia plain(volume.media);
    tsk::Image image(plain.reader(), 0, volume.media.size());
    Entry entry;
    CHECK_FALSE(tsk::ExfatEntries(image).locate_fat("$FAT1", entry));
    CHECK_FALSE(tsk::ExfatEntries(image).locate_fat("$FAT2", entry));
}

TEST_CASE("random bytes have some valid data length or none") {
    for (unsigned seed = 1; seed < 20; ++seed) {
        ExfatVolume volume;
        const Bytes noise = ewf_test::sample_media(volume.media.size() - 512, seed);
        std::copy(noise.begin(), noise.end(), volume.media.begin() + 512);
        const PlainMedia plain(volume.media);
        tsk::Image image(plain.reader(), 0, volume.media.size());
        tsk::ExfatEntries entries(image);
        for (std::uint64_t address = 0; address < 2000; ++address) entries.valid_data_length(nullptr, address, seed);
    }
}
