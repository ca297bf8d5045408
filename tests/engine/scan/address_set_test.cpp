// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/address_set.h"

#include <doctest/doctest.h>

#include <random>
#include <set>

using namespace triage;

TEST_CASE("an address is new once") {
    AddressSet set;
    for (const std::uint64_t address : {0ull, 1ull, 63ull, 64ull, 4095ull, 4096ull, 1ull << 63, ~0ull}) {
        CAPTURE(address);
        CHECK(set.insert(address));
        CHECK_FALSE(set.insert(address));
    }
}

TEST_CASE("neighbours in a group, and the groups themselves, do not answer for each other") {
    AddressSet set;
    CHECK(set.insert(100));
    for (const std::uint64_t other : {36ull, 99ull, 101ull, 164ull, 4196ull, 100ull + (1ull << 32)})
        CHECK(set.insert(other));
}

TEST_CASE("a random sequence of addresses is answered as by a set of numbers") {
    AddressSet set;
    std::set<std::uint64_t> numbers;
    std::mt19937_64 random(7);
    for (int i = 0; i < 20'000; ++i) {
        const std::uint64_t address = random() % 3 == 0 ? random() : random() % 20'000;
        REQUIRE(set.insert(address) == numbers.insert(address).second);
    }
}
