// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/check.h"

#include <doctest/doctest.h>

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
