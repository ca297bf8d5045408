// SPDX-License-Identifier: Apache-2.0
// Boot sectors laid out by hand after Microsoft's "FAT: General Overview of On-Disk Format" and "exFAT file system
// specification"; walker_test.cpp and fixtures/exfat.py have whole volumes.
#include "plugins/tsk/clusters.h"

#include <doctest/doctest.h>

#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;

namespace {

struct BootSectors {
    Bytes media = Bytes(64 * 512);
    BootSectors& put(std::size_t sector, std::size_t flags_at, unsigned flags, unsigned fats = 2) {
        put_le(media, sector * 512 + flags_at, flags, 2);
        put_le(media, sector * 512 + 110, fats, 1);  // NumberOfFats of exFAT
        put_le(media, sector * 512 + 510, 0xAA55, 2);
        return *this;
    }
    std::string why(TSK_FS_TYPE_ENUM type) const {
        const PlainMedia plain(media);
        tsk::Image image(plain.reader(), 0, media.size());
        return tsk::why_unsupported_fat(type, image);
    }
};
constexpr std::size_t ext_flags = 40, volume_flags = 106;
constexpr unsigned not_mirrored = 0x80;

}  // namespace

TEST_CASE("FAT32 is read by its first FAT only where that is the active one") {
    const auto why = [](unsigned flags) { return BootSectors().put(0, ext_flags, flags).why(TSK_FS_TYPE_FAT32); };
    CHECK(why(0) == "");
    CHECK(why(1) == "");  // mirrored, so that the number means nothing
    CHECK(why(not_mirrored) == "");
    CHECK(why(not_mirrored | 1) == "FAT number 2 is the active one: not read by this build");
    CHECK(BootSectors().put(0, ext_flags, not_mirrored | 1).why(TSK_FS_TYPE_FAT16) == "");  // other fields there
    CHECK(BootSectors().put(0, ext_flags, not_mirrored | 1).why(TSK_FS_TYPE_EXT2) == "");
}

TEST_CASE("exFAT is read by its first FAT only where that is the active one") {
    CHECK(BootSectors().put(0, volume_flags, 2).why(TSK_FS_TYPE_EXFAT) == "");
    CHECK(BootSectors().put(0, volume_flags, 1, 1).why(TSK_FS_TYPE_EXFAT) == "");  // there is but one
    CHECK(BootSectors().put(0, volume_flags, 3).why(TSK_FS_TYPE_EXFAT) != "");
}

TEST_CASE("the backup of a boot sector says which FAT is active where the main one is gone") {
    BootSectors boot;
    boot.put(6, ext_flags, not_mirrored | 1);
    CHECK(boot.why(TSK_FS_TYPE_FAT32) != "");
    boot.put(0, ext_flags, 0);
    CHECK(boot.why(TSK_FS_TYPE_FAT32) == "");
}
