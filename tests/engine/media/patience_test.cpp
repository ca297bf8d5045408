// SPDX-License-Identifier: Apache-2.0
#include "engine/media/patience.h"

#include <doctest/doctest.h>

using namespace triage;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t mib = 1u << 20;

struct Media {
    explicit Media(std::uint64_t least_skip) : patience({10s, mib, least_skip}) {}
    Patience patience;
    std::uint64_t failures = 0, skipped = 0;

    // Asks for so many bytes, which cannot be read.
    void ask(std::uint64_t bytes, std::chrono::nanoseconds time = 3s) {
        if (!patience.allows(bytes)) return void(skipped += bytes);
        ++failures;
        patience.has_failed(time);
    }
};

}  // namespace

TEST_CASE("failing reads within the limit skip nothing, whatever their number") {
    Media media(64);
    for (int i = 0; i < 1'000'000; ++i) media.ask(512, 10us);
    CHECK(media.failures == 1'000'000);
    CHECK(media.skipped == 0);
    media.ask(512, 10us);
    CHECK(media.patience.is_spent());
}

TEST_CASE("a terabyte of which nothing can be read costs the limit and a few reads more") {
    Media media(64 << 10);
    constexpr std::uint64_t asked = 512 << 10, terabyte = std::uint64_t{1} << 40;
    for (std::uint64_t at = 0; at < terabyte; at += asked) media.ask(asked);
    CHECK(media.failures == 27);  // 4 until 10 s are over, then 64 KiB are skipped, 128... in steps of 512 KiB
    CHECK(media.skipped == terabyte - 27 * asked);
}

TEST_CASE("what is read in between pays the time back, and skipping begins anew") {
    Media media(64);
    for (int i = 0; i < 6; ++i) media.ask(1000);
    CHECK(media.failures == 5);
    CHECK(media.skipped == 1000);  // 64 bytes were to be skipped; a read is skipped as a whole
    media.patience.has_read(4 * mib);
    CHECK(media.patience.is_spent());  // 15 s were lost
    media.patience.has_read(2 * mib);
    CHECK_FALSE(media.patience.is_spent());
    media.ask(1000);
    CHECK(media.failures == 6);
    media.patience.has_read(1000 * mib);
    for (int i = 0; i < 3; ++i) media.ask(1000);
    CHECK(media.failures == 9);
    CHECK_FALSE(media.patience.is_spent());  // no more than all of it is paid back: 9 s were lost since
}
