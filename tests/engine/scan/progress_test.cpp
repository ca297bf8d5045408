// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/progress.h"

#include <doctest/doctest.h>

using namespace triage;

TEST_CASE("matches are counted by set and category, in their order") {
    Progress progress;
    progress.count_match(1, "");
    progress.count_match(0, "2");
    progress.count_match(0, "1");
    progress.count_match(0, "2");
    CHECK(progress.tallies() == std::vector<MatchTally>{{0, "1", 1}, {0, "2", 2}, {1, "", 1}});
}

TEST_CASE("of the contents under way the one is told of which nothing was read for the longest, by its volume") {
    Progress progress;
    progress.name_volume(7, 2, "p1");
    CHECK_FALSE(progress.look_under_way().slowest);
    {
        Progress::Examining first(progress, 7, {0, {}, 64, 1000, 3, 0});
        {
            Progress::Examining second(progress, 8, {0, {}, 5, 10, 1, 0});
            second.bytes_read = 4;
            const auto [slowest, evidence, bytes] = progress.look_under_way();
            REQUIRE(slowest);
            CHECK(slowest->volume == "p1");
            CHECK(slowest->evidence == 2);
            CHECK(evidence == 2u);
            CHECK(slowest->address == 64);
            CHECK(slowest->contents == 3);
            CHECK(bytes == 4);
            first.bytes_read = 700;
            CHECK(progress.look_under_way().slowest->address == 5);
            CHECK(progress.look_under_way().bytes == 704);
        }
        CHECK(progress.bytes_examined == 10);
    }
    CHECK_FALSE(progress.look_under_way().slowest);
    CHECK(progress.bytes_examined == 1010);
    CHECK(progress.place_of(7) == VolumePlace{2, "p1"});
}

TEST_CASE("a wait for the listing is told with the place where it stands, and ends with the volume") {
    Progress progress;
    progress.begin_listing(1, "p0");
    progress.listing_wait.milliseconds = 31'000, progress.listing_wait.address = 99;
    const BusyWith busy = progress.listing();
    CHECK(busy.evidence == 1);
    CHECK(busy.volume == "p0");
    CHECK(busy.address == 99);
    CHECK(busy.seconds == 31.0);
    progress.begin_listing(1, "p1");
    CHECK(progress.listing().seconds == 0.0);
}
