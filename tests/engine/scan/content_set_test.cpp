// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/content_set.h"

#include <doctest/doctest.h>

#include <random>

using namespace triage;

TEST_CASE("a content is new once, however far its address and however many its attributes") {
    ContentSet set;
    std::set<std::pair<std::uint64_t, std::uint32_t>> expected;
    std::mt19937_64 random(5);
    for (int i = 0; i < 300'000; ++i) {
        const std::uint64_t address = i % 3 == 0   ? random()
                                      : i % 3 == 1 ? random() % 1000
                                                   : (1ull << 48) - 2 + random() % 4;
        const auto attribute = static_cast<std::uint32_t>(i % 2 == 0 ? random() % 5 : random() % 200'000);
        REQUIRE(set.insert(address, attribute) == expected.insert({address, attribute}).second);
    }
}
