// SPDX-License-Identifier: Apache-2.0
#include "engine/known/trivial.h"

#include <doctest/doctest.h>

#include "engine/hash/hasher.h"

namespace triage {
namespace {

bool fills_are_trivial(std::size_t size, unsigned char fill) {
    const Digests digests = hash_of(Bytes(size, std::byte{fill}));
    const bool by_md5 = is_trivial(*digests.md5);
    CHECK(is_trivial(*digests.sha1) == by_md5);
    CHECK(is_trivial(*digests.sha256) == by_md5);
    return by_md5;
}

}  // namespace

TEST_CASE("the empty file and one byte repeated, in sizes of sectors and clusters, are trivial") {
    CHECK(fills_are_trivial(0, 0));
    CHECK(fills_are_trivial(512, 0));
    CHECK(fills_are_trivial(4096, 0x41));
    CHECK(fills_are_trivial(1 << 20, 0x00));
    CHECK(fills_are_trivial(1 << 20, 0xFF));
}

TEST_CASE("other sizes and fills are not") {
    CHECK_FALSE(fills_are_trivial(1, 0));
    CHECK_FALSE(fills_are_trivial(511, 0));
    CHECK_FALSE(fills_are_trivial(8192, 0x41));
    CHECK_FALSE(fills_are_trivial(2 << 20, 0));
}

}  // namespace triage
