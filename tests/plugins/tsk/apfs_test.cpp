// SPDX-License-Identifier: Apache-2.0
// Containers laid out by hand after the Apple File System Reference; tests/cli/truth_test.py reads one that macOS made.
#include "plugins/tsk/apfs.h"

#include <doctest/doctest.h>

#include "tests/support/apfs.h"

using namespace triage;
using namespace triage::test;

namespace {

constexpr std::size_t block_bytes = 4096, blocks = 12, first_checkpoint = 2, checkpoint_blocks = 8;
constexpr std::uint32_t superblock_type = 0x80000001, map_type = 0x4000000C;

// Four checkpoints, each a map and a superblock, of the transactions 1 to 4; block 0 is a copy of the last.
struct Apfs {
    Bytes media = Bytes(blocks * block_bytes);
    Apfs() {
        put_superblock(0, 4);
        for (std::size_t i = 0; i < 4; ++i) {
            put_object(first_checkpoint + 2 * i, map_type, i + 1);
            put_superblock(first_checkpoint + 2 * i + 1, i + 1);
        }
    }
    MutableBytes block(std::size_t number) { return MutableBytes(media).subspan(number * block_bytes, block_bytes); }
    void put(std::size_t number, std::size_t offset, std::uint64_t value, std::size_t size) {
        put_le(media, number * block_bytes + offset, value, size);
    }
    void put_object(std::size_t number, std::uint32_t type, std::uint64_t transaction) {
        put(number, 8, number, 8), put(number, 16, transaction, 8), put(number, 24, type, 4);
        put_apfs_checksum(block(number));
    }
    void put_superblock(std::size_t number, std::uint64_t transaction, std::uint32_t checkpoints = checkpoint_blocks,
                        std::uint64_t base = first_checkpoint) {
        put_text(media, number * block_bytes + 32, "NXSB");
        put(number, 36, block_bytes, 4), put(number, 40, blocks, 8);
        put(number, 104, checkpoints, 4), put(number, 112, base, 8);
        put_object(number, superblock_type, transaction);
    }
    void damage(std::size_t number) { block(number)[100] ^= std::byte{1}; }
    void zero(std::size_t number) { std::fill_n(block(number).begin(), block_bytes, std::byte{0}); }

    std::string flaws(std::size_t length = blocks * block_bytes) const {
        const PlainMedia plain(media);
        tsk::Image image(plain.reader(), 0, length);
        std::string all;
        for (const std::string& flaw : tsk::apfs_container_flaws(image)) all += flaw + ". ";
        return all;
    }
};
constexpr std::size_t newest_map = 8, newest_superblock = 9;
const std::string older = "an older state of it is listed, that of transaction 3 of 4: the newest is damaged. ";

}  // namespace

TEST_CASE("each bit of an APFS object is covered by its checksum") {
    Apfs container;
    REQUIRE(tsk::is_sound_apfs_object(container.block(0)));
    for (std::size_t at = 0; at < block_bytes; at += 37) {
        container.block(0)[at] ^= std::byte{0x10};
        CHECK_FALSE(tsk::is_sound_apfs_object(container.block(0)));
        container.block(0)[at] ^= std::byte{0x10};
    }
}

TEST_CASE("a sound APFS container has no flaw, nor has one whose older checkpoints are damaged") {
    Apfs container;
    CHECK(container.flaws().empty());
    for (const std::size_t number : {2, 3, 4, 5, 6, 7}) container.damage(number);
    CHECK(container.flaws().empty());
}

TEST_CASE("where the newest checkpoint of APFS is damaged, an older one is listed") {
    Apfs damaged;
    damaged.damage(newest_superblock);
    CHECK(damaged.flaws() == older);
    Apfs gone;
    gone.zero(newest_superblock);
    CHECK(gone.flaws() == older);
    gone.zero(newest_map);  // the copy in block 0 knows it
    CHECK(gone.flaws() == older);
    gone.put_superblock(0, 1);  // as after a power cut
    CHECK(gone.flaws().empty());
    gone.put_object(newest_map, map_type, 4);  // begun, and not ended
    CHECK(gone.flaws() == older);
}

TEST_CASE("an APFS container that ends before its volume, or whose superblock lies") {
    CHECK(Apfs().flaws(11 * block_bytes) == "it goes on for 1 blocks of 4096 bytes behind the end of its volume. ");
    Apfs damaged;
    damaged.damage(0);
    CHECK(damaged.flaws() == "its superblock contradicts its checksum. ");
    damaged.put(0, 36, 1u << 31, 4);
    CHECK(damaged.flaws() == "its superblock is damaged. ");
    Apfs scattered;
    scattered.put_superblock(0, 4, 1u << 31 | 8);
    CHECK(scattered.flaws() == "its checkpoints are scattered: whether the newest is listed is not known. ");
    Apfs many;
    many.put_superblock(0, 4, 1 << 20);
    CHECK(many.flaws() == "it claims 1048576 blocks of checkpoints. ");
    for (const std::uint64_t base : {std::uint64_t{5}, std::uint64_t{1} << 60, ~std::uint64_t{0}}) {
        Apfs outside;
        outside.put_superblock(0, 4, 8, base);
        CHECK(outside.flaws() == "its checkpoints go on behind the end of its volume. ");
    }
}

TEST_CASE("APFS with features that a kernel would have to know is not read") {
    const auto container = [](std::uint64_t features) {
        Apfs apfs;
        apfs.put(0, 64, features, 8);
        const PlainMedia plain(apfs.media);
        tsk::Image image(plain.reader(), 0, apfs.media.size());
        return tsk::why_unsupported_apfs_container(image);
    };
    CHECK(container(2) == "");
    CHECK(container(2 | 0x100) == "APFS over two disks (Fusion): not read by this build");
    CHECK(container(3) == "APFS container with incompatible features that are not known (0x1): not read by this build");
    const auto volume = [](std::uint64_t features) {
        Apfs apfs;
        apfs.put(3, 56, features, 8);
        const PlainMedia plain(apfs.media);
        tsk::Image image(plain.reader(), 0, apfs.media.size());
        return tsk::why_unsupported_apfs_volume(image, 3 * block_bytes);
    };
    CHECK(volume(0x8F) == "");
    CHECK(volume(0x21) == "sealed APFS volume: not read by this build");
    CHECK(volume(0x8001) ==
          "APFS volume with incompatible features that are not known (0x8000): not read by this build");
}
