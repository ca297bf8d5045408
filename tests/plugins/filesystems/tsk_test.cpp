// SPDX-License-Identifier: Apache-2.0
// What stands beside a file system that is read. Offsets and marks as in tests/plugins/tsk/recognise_test.cpp.
#include <doctest/doctest.h>

#include "tests/support/fat12.h"

using namespace triage;
using namespace triage::test;
using namespace std::string_view_literals;

namespace {

std::string told(const Gathered& gathered) {
    std::string all;
    for (const Problem& p : gathered.problems) all += std::string(to_string(p.kind)) + ": " + p.detail + "\n";
    return all;
}

}  // namespace

TEST_CASE("what stands beside a readable file system and is not read is told") {
    struct Row {
        std::size_t at;
        std::string_view mark, told;
    };
    for (const Row& row :
         {Row{0x10040, "_BHRfS_M"sv, "unsupported: beside what was read: Btrfs: not read by this build\n"sv},
          Row{0x8001, "NSR02"sv, "unsupported: beside what was read: UDF: not read by this build\n"sv},
          Row{16384, "SKUL\xba\xbe"sv,
              "locked: beside what was read: encrypted with LUKS (second header); no key is known\n"sv},
          Row{88, "CS"sv, ""sv}, Row{1030, "\x34\x34"sv, ""sv}, Row{4086, "SWAP-SPACE"sv, ""sv}}) {
        CAPTURE(row.mark);
        Fat12 fat = sample();
        put_text(fat.media, row.at, row.mark);
        const Gathered gathered = walk(fat);
        CHECK(gathered.paths() == "/A.TXT /DIR/C.TXT /_.TXT");
        CHECK(told(gathered) == row.told);
    }
}

// An array whose metadata stand at the end of its members, as mdadm writes version 1.0.
Fat12 on_raid(std::uint32_t level, std::uint32_t members) {
    Fat12 fat = sample();
    const std::size_t sector = (fat.media.size() / 512 - 16) / 8 * 8, at = sector * 512;
    put_le(fat.media, at, 0xa92b4efc, 4), put_le(fat.media, at + 4, 1, 4);
    put_le(fat.media, at + 72, level, 4), put_le(fat.media, at + 92, members, 4);
    put_le(fat.media, at + 144, sector, 8);
    return fat;
}

TEST_CASE("a mirror's member is read as it stands, and told") {
    const Gathered gathered = walk(on_raid(1, 2));
    CHECK(gathered.paths() == "/A.TXT /DIR/C.TXT /_.TXT");
    CHECK(gathered.find("/A.TXT")->placement == Placement::recorded);
    CHECK(told(gathered) == "unsupported: a member of a Linux RAID (level 1, 2 members): it was read as it stands\n");
    REQUIRE(gathered.problems.size() == 1);
    CHECK(gathered.problems[0].is_lossless);
}

TEST_CASE("what a striped array's member holds is a guess, and told") {
    for (const std::uint32_t level : {0u, 5u, 10u}) {
        const Gathered gathered = walk(on_raid(level, 3));
        CHECK(gathered.find("/A.TXT")->placement == Placement::assumed);
        REQUIRE(gathered.problems.size() == 1);
        CHECK(gathered.problems[0].kind == ProblemKind::unsupported);
        CHECK_FALSE(gathered.problems[0].is_lossless);
        CHECK(gathered.problems[0].detail.find(" may not be what the array holds") != std::string::npos);
    }
}

TEST_CASE("a file system that is larger than its striped array's member is not read") {
    Fat12 fat = on_raid(0, 2);
    put_le(fat.media, 19, sectors * 2, 2);  // BPB_TotSec16
    const Gathered gathered = walk(fat);
    CHECK(gathered.entries.empty());
    REQUIRE(gathered.filesystems.size() == 1);
    CHECK_FALSE(gathered.filesystems[0].is_readable);
}
