// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/walker.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "plugins/tsk/times.h"
#include "tests/support/fat12.h"

using namespace triage;
using namespace triage::test;

TEST_CASE("the names of a volume are listed, deleted ones among them") {
    const Gathered gathered = walk(sample());
    REQUIRE(gathered.filesystems.size() == 1);
    CHECK(gathered.filesystems[0].type == "fat12");
    CHECK(gathered.filesystems[0].is_readable);
    CHECK(gathered.paths() == "/A.TXT /DIR/C.TXT /_.TXT");
    CHECK(gathered.problems.empty());
    CHECK(gathered.ends == 1);
}

TEST_CASE("a directory that leads back to itself is entered a second time at most") {
    Fat12 fat = sample();
    fat.name(sector_of(10), 3, "UP         ", directory, 10, 0);
    fat.name(sector_of(10), 4, "ROOT       ", directory, 0, 0);
    const Gathered gathered = walk(fat);
    CHECK(gathered.find("/DIR/C.TXT"));
    CHECK(gathered.entries.size() <= 6);
    CHECK(gathered.ends == 1);
}

TEST_CASE("a fragmented file stands in the clusters that its chain names") {
    const Gathered gathered = walk(sample());
    const Entry* a = gathered.find("/A.TXT");
    REQUIRE(a);
    CHECK(a->size == 700);
    CHECK(a->state == EntryState::allocated);
    CHECK(a->source == Source::extents);
    CHECK(a->extents == std::vector<Extent>{{sector_of(2) * 512, 512}, {sector_of(5) * 512, 188}});
}

TEST_CASE("a deleted file stands where its first cluster was, which is a guess") {
    const Gathered gathered = walk(sample());
    const Entry* deleted = gathered.find("/_.TXT");
    REQUIRE(deleted);
    CHECK(deleted->state == EntryState::deleted);
    CHECK(deleted->placement == Placement::assumed);
    CHECK(deleted->extents == std::vector<Extent>{{sector_of(6) * 512, 100}});
}

TEST_CASE("a deleted file whose cluster is in use again says so") {
    Fat12 fat = sample();
    fat.link(6, 0xFFF);
    const Gathered gathered = walk(fat);
    const Entry* deleted = gathered.find("/_.TXT");
    REQUIRE(deleted);
    CHECK(deleted->placement == Placement::reallocated);
}

TEST_CASE("a file whose chain is too short for its size has no content that is believed") {
    Fat12 fat = sample();
    fat.link(2, 0xFFF);
    const Gathered gathered = walk(fat);
    const Entry* a = gathered.find("/A.TXT");
    REQUIRE(a);
    CHECK(a->source == Source::none);
    CHECK(a->reason == Reason::damaged);
    CHECK(gathered.complains(ProblemKind::damaged));
}

TEST_CASE("times come from the disk, not from the clock of this place") {
    const Gathered gathered = walk(sample());
    const Entry* a = gathered.find("/A.TXT");
    REQUIRE(a);
    REQUIRE(a->times.modified);
    // 2024-01-01 12:00:00 as local time; unit tests run in any zone, so at most a day away from UTC.
    CHECK(std::abs(a->times.modified->seconds - 1'704'110'400) <= 86'400);
    CHECK_FALSE(gathered.filesystems[0].modified.is_utc);
    CHECK(gathered.filesystems[0].accessed.is_date_only);
}

TEST_CASE("deleted names are left out when nobody wants them") {
    WalkLimits limits;
    limits.deleted = false, limits.orphans = false;
    CHECK(walk(sample(), limits).paths() == "/A.TXT /DIR/C.TXT");
}

TEST_CASE("a limit of entries or depth ends in a problem that says so") {
    WalkLimits few;
    few.entries = 1;
    const Gathered capped = walk(sample(), few);
    CHECK(capped.entries.size() <= 1);
    CHECK(capped.complains(ProblemKind::capped));

    WalkLimits flat;
    flat.depth = 0;
    const Gathered shallow = walk(sample(), flat);
    CHECK(shallow.paths() == "/A.TXT /_.TXT");
    CHECK(shallow.complains(ProblemKind::capped));
}

TEST_CASE("a directory that cannot be read hides its names and nothing else") {
    const Gathered gathered = walk(sample(), {}, {sector_of(10)});
    CHECK(gathered.find("/A.TXT"));
    CHECK_FALSE(gathered.find("/DIR/C.TXT"));
    REQUIRE_FALSE(gathered.problems.empty());
    const bool is_named = std::any_of(gathered.problems.begin(), gathered.problems.end(), [](const Problem& p) {
        return p.hides_entries && p.first_sector == sector_of(10);
    });
    CHECK(is_named);
}

// A FAT directory of two clusters, the second of which is bad.
TEST_CASE("a directory with a bad sector is told once, and takes no entry with it") {
    Fat12 fat = sample();
    fat.link(10, 12), fat.link(12, 0xFFF);
    fat.clear(12);
    WalkLimits limits;
    limits.orphans = false;
    const Gathered gathered = walk(fat, limits, {sector_of(12)});
    const Entry* c = gathered.find("/DIR/C.TXT");
    REQUIRE(c);
    CHECK(c->source == Source::extents);
    CHECK(std::count_if(gathered.problems.begin(), gathered.problems.end(),
                        [](const Problem& p) { return p.first_sector == sector_of(12); }) == 1);
}

// Free cluster 20 still holds what a directory that is gone named: `count` deleted files of `size` bytes.
Fat12 with_orphans(std::size_t count, std::uint32_t size) {
    Fat12 fat = sample();
    fat.clear(20);
    fat.name(sector_of(20), 0, ".          ", directory, 20, 0);
    fat.name(sector_of(20), 1, "..         ", directory, 0, 0);
    for (std::size_t i = 0; i < count; ++i)
        fat.name(sector_of(20), 2 + i, "\xE5RPHAN" + std::to_string(i) + " TXT", archive, 30, size);
    return fat;
}

std::size_t orphans(const Gathered& gathered) {
    return static_cast<std::size_t>(std::count_if(gathered.entries.begin(), gathered.entries.end(), [](const Entry& e) {
        return e.state == EntryState::orphan && e.kind == EntryKind::file;
    }));
}

TEST_CASE("orphans over the limit of their number are left out, and it is said") {
    const Fat12 fat = with_orphans(3, 100);
    const Gathered all = walk(fat);
    CHECK(all.problems.empty());
    REQUIRE(orphans(all) >= 3);
    WalkLimits limits;
    limits.orphan_entries = orphans(all);
    CHECK(walk(fat, limits).problems.empty());
    --limits.orphan_entries;
    const Gathered capped = walk(fat, limits);
    CHECK(orphans(capped) == limits.orphan_entries);
    REQUIRE(capped.problems.size() == 1);
    CHECK(capped.problems[0].kind == ProblemKind::capped);
    CHECK(capped.problems[0].hides_entries);
}

TEST_CASE("orphans over four times the bytes of the volume are left out, and it is said") {
    constexpr std::uint32_t half = sectors / 2 * 512;
    CHECK(walk(with_orphans(8, half)).problems.empty());
    const Gathered capped = walk(with_orphans(9, half));
    CHECK(orphans(capped) == 8);
    REQUIRE(capped.problems.size() == 1);
    CHECK(capped.problems[0].kind == ProblemKind::capped);
}

TEST_CASE("files that claim the same clusters again and again do not keep the walk busy") {
    Fat12 fat = sample();
    for (unsigned c = 20; c < 120; ++c) fat.link(c, c < 119 ? c + 1 : 0xFFF);
    for (std::size_t i = 0; i < 9; ++i)
        fat.name(root_sector, 3 + i, "SAME" + std::to_string(i) + "   TXT", archive, 20, 100 * 512);
    const Gathered gathered = walk(fat);
    REQUIRE(gathered.problems.size() == 1);
    CHECK(gathered.problems[0].kind == ProblemKind::damaged);
    CHECK(gathered.problems[0].detail == "its files claim its clusters several times over; names may be missing");
}

// But the search for orphans reads every cluster.
TEST_CASE("an unreadable content is no matter of the walk") {
    WalkLimits limits;
    limits.orphans = false;
    const Gathered gathered = walk(sample(), limits, {sector_of(5), sector_of(11)});
    CHECK(gathered.paths() == "/A.TXT /DIR/C.TXT /_.TXT");
    CHECK(gathered.problems.empty());
}

TEST_CASE("a place that ended a worker before is not entered, and said to be skipped") {
    const Gathered no_directory = walk(sample(), {}, {}, "/DIR/");
    CHECK(no_directory.paths() == "/A.TXT /_.TXT");
    REQUIRE(no_directory.problems.size() == 2);  // the second one: nothing leads to the clusters of C.TXT
    CHECK(no_directory.problems[0].kind == ProblemKind::aborted);
    CHECK(no_directory.problems[0].path == "/DIR");

    const Gathered no_entry = walk(sample(), {}, {}, "/A.TXT");
    CHECK(no_entry.paths() == "/DIR/C.TXT /_.TXT");
    REQUIRE_FALSE(no_entry.problems.empty());
    CHECK(no_entry.problems[0].path == "/A.TXT");
}

TEST_CASE("a root directory whose start is zeroed is not called empty") {
    Fat12 fat = sample();
    std::fill_n(fat.media.begin() + root_sector * 512, 512, std::byte{0});
    const Gathered gathered = walk(fat);
    REQUIRE(gathered.problems.size() == 1);
    CHECK(gathered.problems[0].kind == ProblemKind::damaged);
    CHECK(gathered.problems[0].hides_entries);
    CHECK_FALSE(gathered.problems[0].address);
    CHECK(gathered.problems[0].detail ==
          "no listed name leads to 3 of the cluster chains in use; names may be missing");
}

TEST_CASE("bad clusters, and a chain that goes on behind the end of its file, hide no name") {
    Fat12 fat = sample();
    fat.link(20, 0xFF7), fat.link(21, 0xFF7);
    fat.link(5, 30), fat.link(30, 31), fat.link(31, 0xFFF);
    CHECK(walk(fat).problems.empty());
    fat.link(40, 41), fat.link(41, 0xFF8);
    CHECK(walk(fat).complains(ProblemKind::damaged));
}

TEST_CASE("a chain without a start or an end is lost, unless a file goes on in it") {
    const auto lost = [](const Fat12& fat) {
        const Gathered gathered = walk(fat);
        return gathered.problems.empty() ? "" : gathered.problems[0].detail;
    };
    Fat12 fat = sample();
    fat.link(40, 41), fat.link(41, 43), fat.link(43, 40);
    fat.link(50, 50);
    CHECK(lost(fat) == "no listed name leads to 2 of the cluster chains in use; names may be missing");
    fat.link(60, 61), fat.link(61, 62), fat.link(62, 61);  // one with a start that has no end
    CHECK(lost(fat) == "no listed name leads to 3 of the cluster chains in use; names may be missing");
    Fat12 sound = sample();
    sound.link(5, 30), sound.link(30, 31), sound.link(31, 30);
    CHECK(lost(sound).empty());
}

TEST_CASE("a volume whose start cannot be read is unreadable, not empty") {
    const Gathered gathered = walk(sample(), {}, {0});
    CHECK(gathered.entries.empty());
    CHECK(gathered.complains(ProblemKind::unreadable));
}

TEST_CASE("a volume of noise is unrecognised, one of zeros is said to be blank") {
    Fat12 noise;
    noise.media = ewf_test::sample_media(sectors * 512, 99);
    CHECK(walk(noise).complains(ProblemKind::unrecognised));
    Fat12 blank;
    blank.media = Bytes(sectors * 512);
    const Gathered gathered = walk(blank);
    REQUIRE(gathered.problems.size() == 1);
    CHECK(gathered.problems[0].kind == ProblemKind::unrecognised);
    CHECK(gathered.problems[0].detail.find("one repeated byte") != std::string::npos);
}

TEST_CASE("an overview recognises the file system and lists nothing") {
    const Fat12 fat = sample();
    const PlainMedia media(fat.media);
    Gathered gathered;
    tsk_filesystem().walk(media.reader(), {"-", VolumeRole::filesystem, 0, fat.media.size(), {}}, {}, true, gathered);
    CHECK(gathered.filesystems.size() == 1);
    CHECK(gathered.entries.empty());
}

TEST_CASE("file systems store their times in different forms") {
    Filesystem fs;
    tsk::set_time_forms(TSK_FS_TYPE_NTFS, fs);
    CHECK(fs.modified == TimeForm{7, true, false});
    tsk::set_time_forms(TSK_FS_TYPE_EXT4, fs);
    CHECK(fs.created == TimeForm{9, true, false});
    tsk::set_time_forms(TSK_FS_TYPE_EXT2, fs);
    CHECK(fs.modified == TimeForm{0, true, false});
    tsk::set_time_forms(TSK_FS_TYPE_FAT32, fs);
    CHECK(fs.modified == TimeForm{0, false, false});
    CHECK(fs.created == TimeForm{2, false, false});
    CHECK(fs.accessed == TimeForm{0, false, true});
    tsk::set_time_forms(TSK_FS_TYPE_EXFAT, fs);
    CHECK(fs.modified == TimeForm{2, false, false});
    tsk::set_time_forms(TSK_FS_TYPE_ISO9660, fs);
    CHECK_FALSE(fs.modified.is_utc);
}
