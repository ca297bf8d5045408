// SPDX-License-Identifier: Apache-2.0
// Superblocks of version 0.90 laid out by hand after include/uapi/linux/raid/md_p.h; of 1.0 in
// tests/plugins/filesystems/tsk_test.cpp.
#include "plugins/tsk/md_raid.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;

namespace {

constexpr std::size_t reserved = 64 << 10, media_bytes = 4 * reserved + 5120;

std::optional<tsk::RaidMember> raid(ByteView bytes) {
    const PlainMedia media(bytes);
    tsk::Image image(media.reader(), 0, bytes.size());
    return tsk::raid_at_end(image);
}

Bytes superblock(bool is_big_endian, std::size_t at = 3 * reserved) {
    Bytes media(media_bytes);
    const std::pair<std::size_t, std::uint32_t> words[] = {{0, 0xa92b4efc}, {2, 90}, {7, 5}, {10, 3}};
    for (const auto& [number, value] : words) {
        put_le(media, at + 4 * number, value, 4);
        const auto word = media.begin() + static_cast<std::ptrdiff_t>(at + 4 * number);
        if (is_big_endian) std::reverse(word, word + 4);
    }
    return media;
}

}  // namespace

TEST_CASE("the superblock of a Linux RAID is found in the last whole 64 KiB, in either byte order") {
    for (const bool is_big_endian : {false, true}) {
        const auto found = raid(superblock(is_big_endian));
        REQUIRE(found);
        CHECK(found->words() == "a member of a Linux RAID (level 5, 3 members)");
        CHECK_FALSE(found->is_mirror());
        CHECK_FALSE(raid(superblock(is_big_endian, 2 * reserved)));
    }
}

TEST_CASE("no RAID is found in media of any small size") {
    for (const std::size_t size : {0u, 1u, 511u, 8192u, 12'288u, 65'536u, 131'071u, 131'072u}) {
        CHECK_FALSE(raid(Bytes(size)));
        CHECK_FALSE(raid(Bytes(size, std::byte{0xFC})));
    }
}
