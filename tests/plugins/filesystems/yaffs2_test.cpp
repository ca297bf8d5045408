// SPDX-License-Identifier: Apache-2.0
// Dumps of NAND flash laid out by hand after yaffs2's yaffs_packedtags2.h and yaffs_guts.h. Sound ones are read whole
// in fixtures/yaffs2.py; here they lie.
#include <doctest/doctest.h>

#include <random>

#include "engine/evidence/filesystem.h"
#include "engine/scan/check.h"
#include "tests/support/media.h"

namespace triage {
const FilesystemReader& yaffs2_filesystem();
}

using namespace triage;
using namespace triage::test;

namespace {

constexpr std::size_t page = 2048, stride = 2048 + 64;
constexpr std::uint32_t file = 1, directory = 3, root = 1;

class Flash {
  public:
    Bytes media;

    Flash& add(std::uint32_t object, std::uint32_t chunk, std::uint32_t bytes, std::string_view content) {
        const std::size_t at = media.size();
        media.resize(at + stride, std::byte{0xff});
        put_text(media, at, content);
        const std::uint32_t tags[] = {0x1000, object, chunk, bytes};
        for (std::size_t i = 0; i < 4; ++i) put_le(media, at + page + 4 * i, tags[i], 4);
        return *this;
    }
    Flash& header(std::uint32_t object, std::uint32_t type, std::uint32_t parent, std::string_view name,
                  std::uint64_t size = 0) {
        add(object, 0, 0xffff, std::string(512, '\0'));
        const std::size_t at = media.size() - stride;
        put_le(media, at, type, 4), put_le(media, at + 4, parent, 4);
        put_text(media, at + 10, name);
        put_le(media, at + 292, size & 0xffffffff, 4), put_le(media, at + 496, size >> 32, 4);
        return *this;
    }
};

struct Gathered : WalkSink {
    void filesystem(const Filesystem&) override {}
    void entry(const Entry& e) override { entries.push_back(e); }
    void problem(const Problem& p) override { problems.push_back(p); }
    void counts(const WalkCounts& c) override { counted = c; }
    bool may_enter(std::uint64_t, std::string_view) override { return true; }
    std::vector<Entry> entries;
    std::vector<Problem> problems;
    WalkCounts counted;
    bool is_taken = false;
};

Gathered walk(const Bytes& bytes, std::set<std::uint64_t> bad_sectors = {}) {
    const PlainMedia media(bytes, std::move(bad_sectors));
    Gathered gathered;
    const Volume volume{"-", VolumeRole::filesystem, 0, bytes.size(), {}};
    gathered.is_taken = yaffs2_filesystem().walk(media.reader(), volume, {}, false, gathered);
    for (const Entry& entry : gathered.entries) CHECK(find_flaw(entry, volume).value_or("") == "");
    return gathered;
}

}  // namespace

TEST_CASE("what is no dump of YAFFS2 is left to others, unsaid") {
    for (const Bytes& bytes : {Bytes(), Bytes(100), Bytes(1 << 20), Bytes(1 << 20, std::byte{0xff})}) {
        const Gathered gathered = walk(bytes);
        CHECK_FALSE(gathered.is_taken);
        CHECK(gathered.problems.empty());
    }
}

TEST_CASE("content without tags is none of YAFFS2, and the header of another system beside it is told") {
    Flash flash;
    for (int i = 0; i < 40; ++i) flash.header(257, file, root, "x");
    CHECK(walk(flash.media).problems.empty());

    Bytes untagged = flash.media;
    for (std::size_t i = 0; i < 19; ++i) std::fill_n(untagged.begin() + i * stride + page, 64, std::byte{0xff});
    CHECK(walk(untagged).is_taken);
    for (std::size_t i = 19; i < 21; ++i) std::fill_n(untagged.begin() + i * stride + page, 64, std::byte{0xff});
    CHECK_FALSE(walk(untagged).is_taken);

    put_text(flash.media, 0x10040, "_BHRfS_M");
    const Gathered gathered = walk(flash.media);
    CHECK(gathered.is_taken);
    REQUIRE(gathered.problems.size() == 1);
    CHECK(gathered.problems[0].detail == "beside YAFFS2 stands a header of btrfs: it was not examined");
}

TEST_CASE("folders that lead in a circle make orphans of what they hold") {
    Flash flash;
    flash.header(257, directory, 258, "a").header(258, directory, 257, "b").header(259, file, 257, "x", 3);
    flash.add(259, 1, 3, "abc");
    const Gathered gathered = walk(flash.media);
    REQUIRE(gathered.entries.size() == 1);
    CHECK(gathered.entries[0].state == EntryState::orphan);
    CHECK(gathered.entries[0].size == 3);
    CHECK(gathered.counted.directories == 2);
    REQUIRE(gathered.problems.size() == 1);
    CHECK(gathered.problems[0].kind == ProblemKind::capped);
    CHECK(gathered.problems[0].detail == "1 entries are below more than 1024 folders, or these lead in a circle");
}

TEST_CASE("folders down to the limit of depth are followed, and more are said") {
    for (const std::uint32_t folders : {1023u, 1024u}) {
        Flash flash;
        for (std::uint32_t i = 0; i < folders; ++i) flash.header(300 + i, directory, i == 0 ? root : 299 + i, "d");
        const Gathered gathered = walk(flash.header(9000, file, 299 + folders, "x").media);
        REQUIRE(gathered.entries.size() == (folders == 1023 ? 1 : 0));  // nothing of the other is stored
        CHECK(gathered.problems.size() == (folders == 1023 ? 0 : 1));
    }
}

TEST_CASE("a page that should be a header, and is none, is told, and makes every place a guess") {
    Flash flash;
    flash.header(257, file, root, "x", page).add(257, 1, page, "abc");
    for (std::uint32_t chunk = 2; chunk < 70; ++chunk) flash.add(257, chunk, page, "abc");  // that make it a dump
    flash.header(257, file, root, "x", 70 * page);
    CHECK(walk(flash.media).problems.empty());
    flash.header(258, 9, root, "of no type");
    const Gathered gathered = walk(flash.media);
    REQUIRE(gathered.entries.size() == 1);
    CHECK(gathered.entries[0].placement == Placement::assumed);
    REQUIRE(gathered.problems.size() == 1);
    CHECK(gathered.problems[0].kind == ProblemKind::damaged);
    CHECK(gathered.problems[0].hides_entries);
    CHECK(gathered.problems[0].detail ==
          "1 pages should be headers, and are none: what they named or ended is not known");
}

TEST_CASE("a size that nothing stands behind is a hole, and a name may be any bytes") {
    const Gathered gathered = walk(Flash().header(257, file, root, "a/\x1b\xff", 1ull << 62).media);
    REQUIRE(gathered.entries.size() == 1);
    CHECK(gathered.entries[0].path == "/a/\x1b\xff");
    CHECK(gathered.entries[0].extents == std::vector<Extent>{{Extent::hole, 1ull << 62}});
}

TEST_CASE("a page that cannot be read makes every place a guess, and the answer is not whole") {
    Flash flash;
    flash.header(257, file, root, "x", 3).add(257, 1, 3, "abc").add(257, 2, 3, "lost");
    const Gathered gathered = walk(flash.media, {(2 * stride + page) / 512});
    REQUIRE(gathered.entries.size() == 1);
    CHECK(gathered.entries[0].placement == Placement::assumed);
    REQUIRE(!gathered.problems.empty());
    CHECK(gathered.problems[0].kind == ProblemKind::unreadable);
    CHECK(gathered.problems[0].hides_entries);
}

TEST_CASE("damaged dumps of YAFFS2 are survived, and what they list lies inside the volume") {
    Flash flash;
    flash.header(257, directory, root, "a").header(258, file, 257, "b", 3 * page);
    for (std::uint32_t chunk = 1; chunk <= 3; ++chunk) flash.add(258, chunk, page, "content");
    flash.header(258, file, 3, "unlinked").header(259, 4, root, "link");
    std::mt19937 random(1);
    int taken = 0;
    for (int round = 0; round < 2000; ++round) {
        Bytes bytes = flash.media;
        for (int i = 0; i < 4; ++i) {
            // Tags and the fields of headers, not the middle of pages.
            const std::size_t at = random() % (bytes.size() / stride) * stride + (random() % 2 ? page : 0);
            bytes[at + random() % 16] = static_cast<std::byte>(random());
        }
        bytes.resize(bytes.size() - (random() % 4 == 0 ? random() % bytes.size() : 0));
        taken += walk(bytes).is_taken;
    }
    CHECK(taken > 100);
}
