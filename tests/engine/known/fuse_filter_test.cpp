// SPDX-License-Identifier: Apache-2.0
#include "engine/known/fuse_filter.h"

#include <doctest/doctest.h>

#include <random>

namespace triage {
namespace {

bool may_hold(const Bytes& fingerprints, const tks::Shard& shard, std::uint64_t key) {
    if (shard.segment_count == 0) return false;
    const FuseProbe probe = probe_of(mixed(key, shard.seed), shard);
    std::byte sum{probe.fingerprint};
    for (const std::uint32_t at : probe.at) sum ^= fingerprints.at(at);
    return sum == std::byte{0};
}

}  // namespace

TEST_CASE("a filter finds every key of any number, and refuses nearly all others") {
    std::mt19937_64 random(7);
    for (const std::size_t count : {0u, 1u, 2u, 3u, 10u, 100u, 1000u, 100'000u}) {
        CAPTURE(count);
        std::vector<std::uint64_t> keys(count);
        for (auto& key : keys) key = random();
        std::vector<std::uint64_t> given = keys;
        tks::Shard shard;
        const Bytes fingerprints = make_filter(given, shard);
        CHECK(fingerprints.size() == fingerprint_bytes(shard));
        std::size_t found = 0, wrong = 0;
        for (const std::uint64_t key : keys) found += may_hold(fingerprints, shard, key);
        for (int i = 0; i < 100'000; ++i) wrong += may_hold(fingerprints, shard, random());
        CHECK(found == count);
        CHECK(wrong < 600);  // 1 of 256 is 391; the standard deviation is 20
    }
}

TEST_CASE("a filter is the same for the same keys in any order, and repeated keys do no harm") {
    std::vector<std::uint64_t> keys, again;
    for (std::uint64_t i = 0; i < 5000; ++i) keys.push_back(i * 77 % 5003), again.insert(again.begin(), keys.back());
    again.insert(again.end(), keys.begin(), keys.end());
    tks::Shard a, b;
    CHECK(make_filter(keys, a) == make_filter(again, b));
    CHECK(a.seed == b.seed);
}

TEST_CASE("a filter takes about nine bits a key") {
    std::vector<std::uint64_t> keys(260'000);
    std::mt19937_64 random(1);
    for (auto& key : keys) key = random();
    tks::Shard shard;
    CHECK(make_filter(keys, shard).size() < 260'000 * 1.2);
}

}  // namespace triage
