// SPDX-License-Identifier: Apache-2.0
// Extent trees laid out by hand after Linux Documentation/filesystems/ext4, "Extent Tree".
#include "plugins/tsk/ext4.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;
using triage::tsk::BlockExtent;

namespace {

constexpr std::uint32_t block_size = 1024;
constexpr std::uint64_t block_count = 64;

struct Leaf {
    std::uint32_t logical;
    std::uint16_t length;
    std::uint64_t physical;
};

void put_header(MutableBytes node, std::size_t entries, unsigned depth) {
    put_le(node, 0, 0xF30A, 2);                   // eh_magic
    put_le(node, 2, entries, 2);                  // eh_entries
    put_le(node, 4, (node.size() - 12) / 12, 2);  // eh_max
    put_le(node, 6, depth, 2);                    // eh_depth
}

void put_leaves(MutableBytes node, const std::vector<Leaf>& leaves) {
    put_header(node, leaves.size(), 0);
    for (std::size_t i = 0; i < leaves.size(); ++i) {
        put_le(node, 12 + 12 * i, leaves[i].logical, 4);             // ee_block
        put_le(node, 12 + 12 * i + 4, leaves[i].length, 2);          // ee_len
        put_le(node, 12 + 12 * i + 6, leaves[i].physical >> 32, 2);  // ee_start_hi
        put_le(node, 12 + 12 * i + 8, leaves[i].physical, 4);        // ee_start_lo
    }
}

// Children as (first logical block, block of the node).
void put_index(MutableBytes node, unsigned depth,
               const std::vector<std::pair<std::uint32_t, std::uint64_t>>& children) {
    put_header(node, children.size(), depth);
    for (std::size_t i = 0; i < children.size(); ++i) {
        put_le(node, 12 + 12 * i, children[i].first, 4);             // ei_block
        put_le(node, 12 + 12 * i + 4, children[i].second, 4);        // ei_leaf_lo
        put_le(node, 12 + 12 * i + 8, children[i].second >> 32, 2);  // ei_leaf_hi
    }
}

struct Tree {
    Bytes root = Bytes(60), media = Bytes(block_size * block_count);
    std::set<std::uint64_t> bad_sectors;
    std::string why;

    MutableBytes block(std::size_t number) { return MutableBytes(media).subspan(number * block_size, block_size); }

    // "logical:physical+count", with "z" where it reads as zeros; "-" when the tree is refused.
    std::string read(std::size_t root_bytes = 60) {
        const PlainMedia plain(media, bad_sectors);
        tsk::Image image(plain.reader(), 0, media.size());
        const auto extents =
            tsk::read_extent_tree(image, ByteView(root).first(root_bytes), block_size, block_count, why);
        if (!extents) return "-";
        std::string text;
        for (const BlockExtent& e : *extents)
            text += std::to_string(e.logical) + ":" + std::to_string(e.physical) + "+" + std::to_string(e.count) +
                    (e.is_zero ? "z " : " ");
        return text;
    }
};

}  // namespace

TEST_CASE("extents in the inode itself are read in order") {
    Tree tree;
    put_leaves(tree.root, {{0, 2, 10}, {2, 1, 30}, {100, 4, 60}});
    CHECK(tree.read() == "0:10+2 2:30+1 100:60+4 ");
}

TEST_CASE("a tree without extents is an empty file, not a damaged one") {
    Tree tree;
    put_leaves(tree.root, {});
    CHECK(tree.read().empty());
    CHECK(tree.why.empty());
}

TEST_CASE("two and more leaves are read one after the other") {
    Tree tree;
    put_index(tree.root, 1, {{0, 5}, {10, 6}, {20, 7}});
    put_leaves(tree.block(5), {{0, 2, 20}, {4, 2, 22}});
    put_leaves(tree.block(6), {{10, 1, 24}});
    put_leaves(tree.block(7), {{20, 3, 25}});
    CHECK(tree.read() == "0:20+2 4:22+2 10:24+1 20:25+3 ");
}

TEST_CASE("a tree of five levels is read, one of six is refused") {
    Tree tree;
    put_index(tree.root, 5, {{0, 5}});
    for (unsigned depth = 4; depth > 0; --depth) put_index(tree.block(9 - depth), depth, {{0, 10 - depth}});
    put_leaves(tree.block(9), {{0, 1, 40}});
    CHECK(tree.read() == "0:40+1 ");
    put_index(tree.root, 6, {{0, 5}});
    CHECK(tree.read() == "-");
    CHECK(tree.why == "the extent tree's depth is wrong");
}

TEST_CASE("an extent that was allocated and never written reads as zeros") {
    Tree tree;
    // ee_len over 32768 marks it; 32768 itself is a written extent of that length.
    put_leaves(tree.root, {{0, 1, 10}, {1, 32768 + 3, 11}, {4, 1, 14}});
    CHECK(tree.read() == "0:10+1 1:11+3z 4:14+1 ");
    put_leaves(tree.root, {{0, 32768, 1}});
    CHECK(tree.read() == "-");
}

TEST_CASE("extents out of order or over each other are refused, in one leaf and between leaves") {
    const std::string reason = "extents overlap or are out of order";
    for (const auto& leaves : {std::vector<Leaf>{{5, 1, 10}, {0, 1, 11}}, std::vector<Leaf>{{0, 3, 10}, {2, 1, 20}},
                               std::vector<Leaf>{{0, 1, 10}, {0, 1, 11}}}) {
        Tree tree;
        put_leaves(tree.root, leaves);
        CHECK(tree.read() == "-");
        CHECK(tree.why == reason);
    }
    Tree tree;
    put_index(tree.root, 1, {{0, 5}, {10, 6}});
    put_leaves(tree.block(5), {{0, 12, 20}});
    put_leaves(tree.block(6), {{10, 1, 40}});
    CHECK(tree.read() == "-");
    CHECK(tree.why == reason);
}

TEST_CASE("a tree that leads back to itself ends") {
    Tree tree;
    put_index(tree.root, 2, {{0, 5}});
    put_index(tree.block(5), 1, {{0, 5}});  // a node of depth 1 where a leaf must be
    CHECK(tree.read() == "-");
    put_index(tree.root, 1, {{0, 6}, {1, 6}});  // the same leaf twice
    put_leaves(tree.block(6), {{0, 1, 20}});
    CHECK(tree.read() == "-");
    put_index(tree.root, 1, {{0, 7}, {1, 7}});  // an empty leaf could be met for ever
    put_leaves(tree.block(7), {});
    CHECK(tree.read() == "-");
    CHECK(tree.why == "an extent node is empty");
}

TEST_CASE("extents and nodes outside the file system are refused") {
    const std::string of_extent = "an extent lies outside the file system";
    for (const Leaf& leaf : {Leaf{0, 1, block_count}, Leaf{0, 2, block_count - 1}, Leaf{0, 1, 0xFFFFFFFFFFFF},
                             Leaf{0, 0, 10}, Leaf{0, 32768 + 10, block_count - 1}}) {
        Tree tree;
        put_leaves(tree.root, {leaf});
        CHECK(tree.read() == "-");
        CHECK(tree.why == of_extent);
    }
    for (const std::uint64_t node : {std::uint64_t{0}, block_count, std::uint64_t{0xFFFFFFFFFFFF}}) {
        Tree tree;
        put_index(tree.root, 1, {{0, node}});
        CHECK(tree.read() == "-");
        CHECK(tree.why == "an extent node lies outside the file system");
    }
}

TEST_CASE("an extent may end with the last block of the file system") {
    Tree tree;
    put_leaves(tree.root, {{0, 4, block_count - 4}});
    CHECK(tree.read() == "0:60+4 ");
}

TEST_CASE("a node that claims more entries than it holds is refused") {
    Tree tree;
    put_leaves(tree.root, {{0, 1, 10}});
    put_le(tree.root, 2, 5, 2);  // i_block has room for four
    CHECK(tree.read() == "-");
    CHECK(tree.why == "an extent node claims too many entries");
    put_index(tree.root, 1, {{0, 5}});
    put_leaves(tree.block(5), {{0, 1, 10}});
    put_le(tree.block(5), 2, 0xFFFF, 2);
    CHECK(tree.read() == "-");
}

TEST_CASE("a node without its magic number is no node") {
    Tree tree;
    put_leaves(tree.root, {{0, 1, 10}});
    tree.root[0] = std::byte{0};
    CHECK(tree.read() == "-");
    CHECK(tree.why == "an extent node has no magic number");
    put_index(tree.root, 1, {{0, 5}});  // block 5 is empty
    CHECK(tree.read() == "-");
}

TEST_CASE("a root that is cut anywhere is refused") {
    Tree tree;
    put_leaves(tree.root, {{0, 1, 10}, {1, 1, 20}, {2, 1, 30}, {3, 1, 40}});
    for (std::size_t size = 0; size < 60; ++size) CHECK(tree.read(size) == "-");
    CHECK(tree.read(60) == "0:10+1 1:20+1 2:30+1 3:40+1 ");
}

TEST_CASE("a leaf that cannot be read leaves no half of a tree") {
    Tree tree;
    put_index(tree.root, 1, {{0, 5}, {1, 6}});
    put_leaves(tree.block(5), {{0, 1, 20}});
    put_leaves(tree.block(6), {{1, 1, 21}});
    tree.bad_sectors = {13};
    CHECK(tree.read() == "-");
    CHECK(tree.why == "an extent node cannot be read");
}

TEST_CASE("random bytes behind a sound header are read as some tree or none") {
    for (unsigned seed = 0; seed < 300; ++seed) {
        Tree tree;
        tree.media = ewf_test::sample_media(block_size * block_count, seed + 1);
        const Bytes noise = ewf_test::sample_media(60, seed + 1000);
        std::copy(noise.begin(), noise.end(), tree.root.begin());
        put_header(tree.root, seed % 5, seed % 6);
        for (std::size_t b = 1; b < block_count; ++b)
            put_header(tree.block(b), seed % 90, static_cast<unsigned>(b % 6));
        tree.read();
    }
}

// Superblock, group descriptor and inode table as in Linux Documentation/filesystems/ext4.
TEST_CASE("the encryption flag of an inode is read from the inode table") {
    Bytes media(block_size * block_count);
    const auto super = [&](std::size_t at, std::uint64_t value, std::size_t size) {
        put_le(media, 1024 + at, value, size);
    };
    super(20, 1, 4);                                      // s_first_data_block
    super(24, 0, 4);                                      // s_log_block_size: 1024
    super(32, 8192, 4);                                   // s_blocks_per_group
    super(40, 16, 4);                                     // s_inodes_per_group
    super(76, 1, 4);                                      // s_rev_level
    super(88, 128, 2);                                    // s_inode_size
    put_le(media, 2 * 1024 + 8, 10, 4);                   // bg_inode_table of group 0
    put_le(media, 2 * 1024 + 32 + 8, 20, 4);              // of group 1
    put_le(media, 10 * 1024 + 128 * 4 + 32, 0x80800, 4);  // inode 5: EXTENTS and ENCRYPT
    put_le(media, 10 * 1024 + 128 * 5 + 32, 0x80000, 4);  // inode 6: EXTENTS
    put_le(media, 20 * 1024 + 128 * 1 + 32, 0x800, 4);    // inode 18: the second of group 1
    const PlainMedia plain(media, {2 * 20 + 1});          // inodes 21 to 24
    tsk::Image image(plain.reader(), 0, media.size());
    tsk::Ext4Inodes inodes(image);
    CHECK(inodes.is_encrypted(5) == true);
    CHECK(inodes.is_encrypted(6) == false);
    CHECK(inodes.is_encrypted(18) == true);
    CHECK(inodes.is_encrypted(17) == false);
    CHECK_FALSE(inodes.is_encrypted(21));
    CHECK_FALSE(inodes.is_encrypted(0));
    CHECK_FALSE(inodes.is_encrypted(~0ull));
    CHECK_FALSE(inodes.is_encrypted(1 << 20));
}

namespace {

// Revision 1, 1 KiB blocks, 8 groups of 16 inodes; what a case changes stands in `fields` as (offset, value).
std::string why_unsupported(const std::vector<std::pair<std::size_t, std::uint64_t>>& fields) {
    Bytes media(8192);
    const auto super = [&](std::size_t at, std::uint64_t value) { put_le(media, 1024 + at, value, 4); };
    super(0, 128), super(20, 1), super(32, 256), super(40, 16), super(56, 0xEF53), super(76, 1), super(88, 128);
    for (const auto& [at, value] : fields) super(at, value);
    const PlainMedia plain(media);
    tsk::Image image(plain.reader(), 0, media.size());
    return tsk::Ext4Inodes(image).why_unsupported();
}

constexpr std::size_t inode_count = 0, revision = 76, incompat = 96, ro_compat = 100, first_meta_group = 260;

}  // namespace

TEST_CASE("group descriptors of META_BG are refused once they leave the place behind the superblock") {
    const std::string refused = "ext4 with META_BG: not read by this build";
    CHECK(why_unsupported({}).empty());
    // 1024 / 32 = 32 descriptors a block: 8 groups fit into the first, 33 do not.
    CHECK(why_unsupported({{incompat, 0x10}}).empty());
    CHECK(why_unsupported({{incompat, 0x10}, {inode_count, 32 * 16}}).empty());
    CHECK(why_unsupported({{incompat, 0x10}, {inode_count, 33 * 16}}) == refused);
    CHECK(why_unsupported({{inode_count, 33 * 16}}).empty());
    CHECK(why_unsupported({{incompat, 0x10}, {inode_count, 33 * 16}, {first_meta_group, 2}}).empty());
    CHECK(why_unsupported({{incompat, 0x10}, {inode_count, 65 * 16}, {first_meta_group, 2}}) == refused);
    // INCOMPAT_64BIT: s_desc_size at 254 says 64 bytes, 16 descriptors a block; 0 is a lie.
    CHECK(why_unsupported({{incompat, 0x90}, {252, 64 << 16}, {inode_count, 17 * 16}}) == refused);
    CHECK(why_unsupported({{incompat, 0x90}, {252, 0}, {inode_count, 17 * 16}}).empty());
    // Revision 0 has no such fields.
    CHECK(why_unsupported({{revision, 0}, {incompat, 0x10}, {inode_count, 33 * 16}}).empty());
}

TEST_CASE("clusters of bigalloc are refused") {
    CHECK(why_unsupported({{ro_compat, 0x200}}) == "ext4 with bigalloc: not read by this build");
    CHECK(why_unsupported({{ro_compat, 0x400}}).empty());
}

TEST_CASE("features that a kernel would have to know are refused when they are not known here") {
    CHECK(why_unsupported({{incompat, 0x3E7CE}}).empty());
    CHECK(why_unsupported({{incompat, 0x42}}).empty());
    // COMPRESSION and a bit of no name.
    CHECK(why_unsupported({{incompat, 0x80043}}) ==
          "ext2/3/4 with incompatible features that are not known (0x80001): not read by this build");
}

TEST_CASE("what has no ext superblock is not called unsupported ext4") {
    CHECK(why_unsupported({{56, 0}, {ro_compat, 0x200}}).empty());
}

namespace {

struct Map {
    std::vector<TSK_DADDR_T> pointers = std::vector<TSK_DADDR_T>(15);
    Bytes media = Bytes(block_size * block_count);
    std::set<std::uint64_t> bad_sectors;
    std::string why;
    tsk::MapForm form{block_size, block_size};
    std::uint64_t units = block_count;

    void put(std::size_t block, std::size_t index, std::uint64_t number) {
        put_le(media, block * block_size + index * 4, number, 4);
    }
    std::string read(std::uint64_t size) {
        const PlainMedia plain(media, bad_sectors);
        tsk::Image image(plain.reader(), 0, media.size());
        why.clear();
        const auto extents = tsk::read_block_map(image, pointers, size, form, units, why);
        if (!extents) return "-";
        std::string text;
        for (const BlockExtent& e : *extents) text += fmt::format("{}:{}+{} ", e.logical, e.physical, e.count);
        return text;
    }
};

constexpr std::uint64_t per_block = block_size / 4;

}  // namespace

TEST_CASE("a block map is followed through its direct and indirect blocks, holes left out") {
    Map map;
    map.pointers[0] = 10, map.pointers[1] = 11, map.pointers[5] = 12, map.pointers[12] = 20;
    map.put(20, 0, 30), map.put(20, 1, 31), map.put(20, 9, 40);
    CHECK(map.read(30 * block_size) == "0:10+2 5:12+1 12:30+2 21:40+1 ");
    CHECK(map.read(13 * block_size) == "0:10+2 5:12+1 12:30+1 ");
    CHECK(map.read(block_size + 1) == "0:10+2 ");
    CHECK(map.read(block_size) == "0:10+1 ");
    CHECK(map.read(0).empty());
}

TEST_CASE("doubly and triply indirect blocks stand where the format puts them") {
    Map map;
    map.pointers[13] = 20, map.pointers[14] = 22;
    map.put(20, 1, 21), map.put(21, 2, 50);
    map.put(22, 1, 23), map.put(23, 0, 24), map.put(24, 3, 51);
    const std::uint64_t twice = 12 + per_block, thrice = twice + per_block * per_block;
    const std::uint64_t a = twice + per_block + 2, b = thrice + per_block * per_block + 3;
    CHECK(map.read(~0ull / 2) == fmt::format("{}:50+1 {}:51+1 ", a, b));
}

TEST_CASE("a block map of UFS counts fragments, in the byte order and width of its file system") {
    Map map;
    map.form = {block_size, block_size / 4, 8, true, true};
    map.units = 4 * block_count;
    map.pointers[0] = 40, map.pointers[1] = 44, map.pointers[2] = 49, map.pointers[12] = 80;
    const auto put = [&](std::size_t index, std::uint8_t low) {
        put_le(map.media, 20 * block_size + index * 8 + 7, low, 1);
    };
    put(0, 100), put(1, 104), put(block_size / 8 - 1, 120);
    CHECK(map.read(2 * block_size + 1) == "0:40+2 2:49+1 ");
    CHECK(map.read(~0ull / 2) == fmt::format("0:40+2 2:49+1 12:100+2 {}:120+1 ", 12 + block_size / 8 - 1));
    map.form.number_bytes = 4, map.form.is_big_endian = false;
    CHECK(map.read(13 * block_size) == "0:40+2 2:49+1 ");
    for (const std::uint64_t number : {1, 2}) {
        map.pointers[1] = number;
        CHECK(map.read(2 * block_size) == "-");
        CHECK(map.why == tsk::is_snapshot);
    }
    map.form.is_ufs = false;
    CHECK(map.read(2 * block_size) == "0:40+1 1:2+1 ");
}

TEST_CASE("blocks of a size that none has are not looked for") {
    Map map;
    map.pointers[0] = 1;
    for (const auto& [block, unit] : {std::pair{0u, 512u}, {512u, 0u}, {1000u, 512u}, {1u << 17, 512u}}) {
        map.form = {block, unit};
        CHECK(map.read(1) == "-");
        CHECK(map.why == "its blocks have a size that none has");
    }
}

TEST_CASE("a block map that leads outside the file system or back to itself is bounded") {
    Map map;
    map.pointers[0] = block_count;
    CHECK(map.read(1) == "-");
    CHECK(map.why == "a block number lies outside the file system");
    map.pointers[0] = block_count - 1;
    CHECK(map.read(1) == "0:63+1 ");
    // libtsk widens 32-bit numbers with their sign: 0xFFFFFFFF stays outside.
    map.pointers[0] = ~TSK_DADDR_T{0};
    CHECK(map.read(1) == "-");
    map.pointers[0] = 1, map.pointers[12] = 20;
    map.put(20, 0, block_count);
    CHECK(map.read(13 * block_size) == "-");
    CHECK(map.read(12 * block_size) == "0:1+1 ");
    for (std::size_t i = 0; i < per_block; ++i) map.put(20, i, 20);  // each level is itself
    for (std::size_t i = 12; i < 15; ++i) map.pointers[i] = 20;
    CHECK(map.read(~0ull) == "-");
    CHECK(map.why == "its block map leads to the same blocks again and again");
}

TEST_CASE("a block of block numbers that cannot be read refuses the whole file") {
    Map map;
    map.pointers[0] = 10, map.pointers[12] = 20;
    map.bad_sectors = {41};
    CHECK(map.read(13 * block_size) == "-");
    CHECK(map.why == "a block of block numbers cannot be read");
    CHECK(map.read(12 * block_size) == "0:10+1 ");
}

TEST_CASE("inodes that were never used, values of attributes and system inodes are told from files") {
    Bytes media(block_size * block_count);
    const auto super = [&](std::size_t at, std::uint64_t value, std::size_t size) {
        put_le(media, 1024 + at, value, size);
    };
    super(0, 32, 4), super(20, 1, 4), super(32, 8192, 4), super(40, 16, 4), super(76, 1, 4), super(88, 128, 2);
    super(92, 0x1014, 4);   // s_feature_compat: HAS_JOURNAL, RESIZE_INODE, ORPHAN_FILE
    super(96, 0x400, 4);    // s_feature_incompat: EA_INODE
    super(100, 0x2500, 4);  // s_feature_ro_compat: QUOTA, METADATA_CSUM, PROJECT
    super(0xE0, 8, 4), super(0x240, 3, 4), super(0x244, 4, 4), super(0x26C, 14, 4), super(0x280, 15, 4);
    put_le(media, 2 * 1024 + 8, 10, 4);                    // bg_inode_table of group 0
    put_le(media, 2 * 1024 + 28, 4, 2);                    // bg_itable_unused: its last four
    put_le(media, 2 * 1024 + 32 + 8, 20, 4);               // of group 1
    put_le(media, 2 * 1024 + 32 + 18, 1, 2);               // bg_flags: INODE_UNINIT
    put_le(media, 10 * 1024 + 128 * 4 + 32, 0x280000, 4);  // inode 5: EXTENTS and EA_INODE
    put_le(media, 10 * 1024 + 128 * 5 + 32, 0x80000, 4);   // inode 6: EXTENTS
    const auto ask = [&](const auto& question) {
        const PlainMedia plain(media);
        tsk::Image image(plain.reader(), 0, media.size());
        tsk::Ext4Inodes inodes(image);
        return question(inodes);
    };
    const auto never_used = [&](std::uint64_t inode) {
        return ask([&](tsk::Ext4Inodes& inodes) { return inodes.is_never_used(inode); });
    };
    const auto is_attribute = [&](std::uint64_t inode) {
        return ask([&](tsk::Ext4Inodes& inodes) { return inodes.holds_attribute(inode); });
    };
    CHECK_FALSE(never_used(12));
    CHECK(never_used(13));
    CHECK(never_used(17));
    CHECK_FALSE(never_used(0));
    CHECK_FALSE(never_used(~0ull));
    CHECK(is_attribute(5));
    CHECK_FALSE(is_attribute(6));
    CHECK(ask([](tsk::Ext4Inodes& inodes) { return inodes.system_inodes(); }) ==
          std::vector<std::uint32_t>{8, 3, 4, 14, 15});
    CHECK(ask([](tsk::Ext4Inodes& inodes) { return inodes.has_resize_inode(); }));
    super(92, 0, 4), super(96, 0, 4), super(100, 0, 4);  // without the features those fields mean nothing
    CHECK(ask([](tsk::Ext4Inodes& inodes) { return inodes.system_inodes(); }).empty());
    CHECK_FALSE(ask([](tsk::Ext4Inodes& inodes) { return inodes.has_resize_inode(); }));
    CHECK_FALSE(never_used(13));
    CHECK_FALSE(is_attribute(5));
}

TEST_CASE("inline data stand in i_block and in the attribute system.data") {
    Bytes media(block_size * block_count);
    const auto super = [&](std::size_t at, std::uint64_t value, std::size_t size) {
        put_le(media, 1024 + at, value, size);
    };
    super(0, 16, 4), super(20, 1, 4), super(40, 16, 4), super(76, 1, 4), super(88, 256, 2);
    put_le(media, 2 * 1024 + 8, 10, 4);  // bg_inode_table
    constexpr std::size_t inode = 10 * 1024 + 256 * 11, start = inode + 128 + 32 + 4, second = start + 20;
    put_le(media, inode + 128, 32, 2);        // i_extra_isize
    put_le(media, start - 4, 0xEA020000, 4);  // h_magic
    put_le(media, start, 0x0104, 2);          // an attribute user.some before it
    put_text(media, start + 16, "some");
    put_le(media, second, 0x0704, 2), put_le(media, second + 2, 44, 2), put_le(media, second + 8, 48, 4);
    put_text(media, second + 16, "data");
    const auto held = [&] {
        const PlainMedia plain(media);
        tsk::Image image(plain.reader(), 0, media.size());
        std::string text;
        const auto pieces = tsk::Ext4Inodes(image).inline_data(12);
        for (const Extent& piece : pieces.value_or(std::vector<Extent>{}))
            text += fmt::format("{}+{} ", piece.media_offset - inode, piece.length);
        return pieces ? text : "-";
    };
    CHECK(held() == "40+60 208+48 ");
    put_le(media, second + 8, 49, 4);  // a byte behind the inode
    CHECK(held() == "-");
    put_le(media, second + 8, 48, 4), put_le(media, second + 2, 40, 2);  // among the names
    CHECK(held() == "-");
    put_le(media, second + 8, 0, 4);
    CHECK(held() == "40+60 ");
    put_le(media, second, 0x0703, 2);  // another name
    CHECK(held() == "-");
    put_le(media, second, 0xFF, 1);
    CHECK(held() == "-");
    put_le(media, second, 0x0704, 2), put_le(media, start - 4, 0, 4);
    CHECK(held() == "-");
    put_le(media, start - 4, 0xEA020000, 4), put_le(media, inode + 128, 0xFFFF, 2);
    CHECK(held() == "-");
}

TEST_CASE("a superblock of lies encrypts nothing and crashes nothing") {
    for (unsigned seed = 1; seed < 200; ++seed) {
        const Bytes media = ewf_test::sample_media(8192, seed);
        const PlainMedia plain(media);
        tsk::Image image(plain.reader(), 0, media.size());
        tsk::Ext4Inodes inodes(image);
        for (const std::uint64_t inode : {std::uint64_t{1}, std::uint64_t{12}, ~std::uint64_t{0}})
            inodes.is_encrypted(inode), inodes.is_never_used(inode), inodes.holds_attribute(inode),
                inodes.inline_data(inode);
    }
}
