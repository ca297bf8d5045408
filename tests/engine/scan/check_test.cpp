// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/check.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace triage;

namespace {

const Volume volume{"p0", VolumeRole::filesystem, 1000, 500, {}};

Entry with_extents(std::uint64_t size, std::vector<Extent> extents) {
    Entry entry;
    entry.path = "/a", entry.size = size, entry.extents = std::move(extents);
    return entry;
}

}  // namespace

TEST_CASE("an entry whose extents lie in its volume and add up to its size is sound") {
    CHECK_FALSE(find_flaw(with_extents(0, {}), volume));
    CHECK_FALSE(find_flaw(with_extents(500, {{1000, 500}}), volume));
    CHECK_FALSE(find_flaw(with_extents(30, {{1490, 10}, {Extent::hole, 10}, {1000, 10}}), volume));
}

TEST_CASE("a path that does not start at the root is a flaw") {
    Entry entry = with_extents(0, {});
    entry.path = "a";
    CHECK(find_flaw(entry, volume) == "its path does not start at the root");
    entry.path.clear();
    CHECK(find_flaw(entry, volume) == "its path does not start at the root");
}

TEST_CASE("an extent that begins before, ends after or wraps around its volume is a flaw") {
    const std::string outside = "an extent lies outside its volume";
    CHECK(find_flaw(with_extents(2, {{999, 2}}), volume) == outside);
    CHECK(find_flaw(with_extents(2, {{1499, 2}}), volume) == outside);
    CHECK(find_flaw(with_extents(501, {{1000, 501}}), volume) == outside);
    CHECK(find_flaw(with_extents(1, {{1500, 1}}), volume) == outside);
    CHECK(find_flaw(with_extents(10, {{~0ull - 5, 10}}), volume) == outside);
}

TEST_CASE("extents that add up to another size, to none or past 64 bits are a flaw") {
    CHECK(find_flaw(with_extents(11, {{1000, 10}}), volume) == "its extents do not add up to its size");
    CHECK(find_flaw(with_extents(1, {}), volume) == "its extents do not add up to its size");
    CHECK(find_flaw(with_extents(10, {{1000, 10}, {1000, 0}}), volume) == "its extents overflow");
    CHECK(find_flaw(with_extents(9, {{Extent::hole, ~0ull}, {Extent::hole, 10}}), volume) == "its extents overflow");
}

TEST_CASE("resident bytes must be as many as the size says") {
    Entry entry = with_extents(3, {});
    entry.source = Source::resident;
    entry.resident = Bytes(3);
    CHECK_FALSE(find_flaw(entry, volume));
    entry.resident = Bytes(4);
    CHECK(find_flaw(entry, volume) == "its resident bytes are not as many as its size");
}

TEST_CASE("an entry that a worker decodes, or that has no content, needs no extents") {
    for (const Source source : {Source::worker, Source::none}) {
        Entry entry = with_extents(1 << 20, {});
        entry.source = source;
        CHECK_FALSE(find_flaw(entry, volume));
    }
}

TEST_CASE("a volume is sound when it has a short name and lies on the media") {
    CHECK(is_sound({"p0", VolumeRole::filesystem, 0, 100, {}}, 100));
    CHECK(is_sound({"p0", VolumeRole::gap, 100, 0, {}}, 100));
    CHECK_FALSE(is_sound({"", VolumeRole::filesystem, 0, 100, {}}, 100));
    CHECK_FALSE(is_sound({std::string(32, 'p'), VolumeRole::filesystem, 0, 100, {}}, 100));
    CHECK_FALSE(is_sound({"p0", VolumeRole::filesystem, 1, 100, {}}, 100));
    CHECK_FALSE(is_sound({"p0", VolumeRole::filesystem, 101, 0, {}}, 100));
    CHECK_FALSE(is_sound({"p0", VolumeRole::filesystem, 50, ~0ull - 20, {}}, 100));
}

TEST_CASE("a volume that has the name of one before it is not sound") {
    const std::vector<Volume> before{{"p0", VolumeRole::filesystem, 0, 10, {}}};
    CHECK_FALSE(is_sound({"p0", VolumeRole::filesystem, 20, 10, {}}, 100, before));
    CHECK(is_sound({"p1", VolumeRole::filesystem, 20, 10, {}}, 100, before));
}

TEST_CASE("every byte that lies in no volume lies in a gap, and gaps are numbered on the media") {
    const auto role = VolumeRole::filesystem;
    const auto covered = [](std::vector<Volume> volumes, std::uint64_t size = 100) {
        cover(volumes, size);
        std::string all;
        for (const Volume& v : volumes) all += fmt::format("{} {}+{}\n", v.name, v.start, v.length);
        return all;
    };
    CHECK(covered({{"-", role, 0, 100, {}}}) == "- 0+100\n");
    CHECK(covered({{"p0", role, 10, 20, {}}}) == "gap0 0+10\np0 10+20\ngap1 30+70\n");
    CHECK(covered({{"p1", role, 50, 50, {}}, {"p0", role, 0, 40, {}}}) == "p0 0+40\ngap0 40+10\np1 50+50\n");
    CHECK(covered({{"p0", role, 20, 20, {}}, {"gap0", VolumeRole::gap, 40, 60, {}}}) ==
          "gap0 0+20\np0 20+20\ngap1 40+60\n");
    CHECK(covered({}) == "gap0 0+100\n");
    CHECK(covered({}, 0) == "");
}

TEST_CASE("what overlaps is covered once, and a gap never has the name of a volume") {
    const auto role = VolumeRole::filesystem;
    std::vector<Volume> volumes{{"p0", role, 10, 60, {}}, {"gap0", role, 20, 10, {}}, {"p1", role, 60, 20, {}}};
    cover(volumes, 100);
    REQUIRE(volumes.size() == 5);
    CHECK(volumes[0] == Volume{"gap1", VolumeRole::gap, 0, 10, {}});
    CHECK(volumes[2] == Volume{"gap0", role, 20, 10, {}});
    CHECK(volumes[4] == Volume{"gap2", VolumeRole::gap, 80, 20, {}});
}
