// SPDX-License-Identifier: Apache-2.0
#include "engine/known/conflicts.h"

#include <doctest/doctest.h>

#include <random>

#include "tests/support/known_sets.h"

namespace triage {
// Sorted by their bytes, two that contradict each other may be apart: another that says less stands between.
TEST_CASE("every content that contradicts another of its digest is counted") {
    using enum Algorithm;
    std::mt19937_64 random(1);
    const Digest shared = test::random_digest(md5, random), other = test::random_digest(sha1, random);
    const auto content = [&](std::optional<Digest> strong, std::optional<std::uint64_t> size) {
        KnownRecord r;
        r.digests.set(shared);
        if (strong) r.digests.set(*strong);
        r.size = size;
        r.position = random() % 1000;
        return r;
    };
    const auto conflicting = [](const std::vector<KnownRecord>& all) {
        return test::set_of(all).identity().records_conflicting;
    };
    CHECK(conflicting({content({}, 5), content(other, {}), content({}, {})}) == 0);
    CHECK(conflicting({content({}, 5), content(other, {}), content(other, 7)}) == 2);
    CHECK(conflicting({content({}, 5), content({}, 6), content({}, 6), content(other, {}),
                       content(test::random_digest(sha1, random), {})}) == 4);
    // By a digest that is not the first of each.
    KnownRecord weak, strong;
    weak.digests.set(other), strong.digests.set(other), strong.digests.set(shared);
    weak.size = 1, strong.size = 2;
    KnownRecord between = weak;
    between.size = {};
    CHECK(conflicting({weak, between, strong}) == 2);
}

}  // namespace triage
