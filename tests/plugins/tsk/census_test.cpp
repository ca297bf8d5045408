// SPDX-License-Identifier: Apache-2.0
// Headers laid out by hand after TN1150 and the Apple File System Reference; fixtures/hfsplus.py has a catalog that has
// lost records.
#include "plugins/tsk/census.h"

#include <doctest/doctest.h>

#include "tests/support/apfs.h"
#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;

namespace {

// A name that leads to `address`.
struct Named {
    TSK_FS_NAME name{};
    TSK_FS_META meta{};
    TSK_FS_FILE file{};
    Named(std::uint64_t address, TSK_FS_META_TYPE_ENUM type, int links) {
        name.meta_addr = address;
        meta.type = type, meta.nlink = links;
        file.name = &name, file.meta = &meta;
    }
};
constexpr auto regular = TSK_FS_META_TYPE_REG, directory = TSK_FS_META_TYPE_DIR;

std::string missing(TSK_FS_TYPE_ENUM type, const Bytes& media, std::optional<std::uint64_t> superblock,
                    const std::vector<Named>& names) {
    const PlainMedia plain(media);
    tsk::Image image(plain.reader(), 0, media.size());
    TSK_FS_INFO fs{};
    fs.ftype = type, fs.block_size = 4096;
    tsk::OpenFilesystem open{&fs, image, std::nullopt, std::nullopt, std::nullopt, superblock};
    tsk::Census census(open);
    for (Named named : names) {
        named.file.name = &named.name, named.file.meta = &named.meta;
        census.add(named.file);
    }
    return census.missing();
}

Bytes hfs_header(unsigned files, unsigned folders) {
    Bytes media(4096);
    put_text(media, 1024, "H+");
    put_le(media, 1024 + 35, files, 1);  // big-endian
    put_le(media, 1024 + 39, folders, 1);
    return media;
}

constexpr std::size_t superblock = 8192;
Bytes apfs_superblock(std::uint64_t files, std::uint64_t directories, std::uint64_t links, std::uint64_t others) {
    Bytes media(16384);
    put_text(media, superblock + 32, "APSB");
    put_le(media, superblock + 184, files, 8);
    put_le(media, superblock + 192, directories, 8);
    put_le(media, superblock + 200, links, 8);
    put_le(media, superblock + 208, others, 8);
    put_apfs_checksum(MutableBytes(media).subspan(superblock, 4096));
    return media;
}

}  // namespace

TEST_CASE("an HFS+ volume counts each name of a file, and its folders") {
    const std::vector<Named> names{{20, regular, 2}, {20, regular, 2}, {21, directory, 1}};
    CHECK(missing(TSK_FS_TYPE_HFS, hfs_header(2, 1), {}, names).empty());
    CHECK(missing(TSK_FS_TYPE_HFS, hfs_header(1, 1), {}, names).empty());
    CHECK(missing(TSK_FS_TYPE_HFS, hfs_header(5, 1), {}, names) ==
          "its header counts 6 files and folders, of which 3 are not listed; names may be missing");
}

TEST_CASE("an APFS volume counts a file once, however many names it has") {
    const std::vector<Named> names{{20, regular, 2}, {20, regular, 2}, {21, directory, 7}, {22, regular, 1}};
    CHECK(missing(TSK_FS_TYPE_APFS, apfs_superblock(2, 1, 0, 0), superblock, names).empty());
    CHECK_FALSE(missing(TSK_FS_TYPE_APFS, apfs_superblock(3, 1, 0, 0), superblock, names).empty());
    CHECK_FALSE(missing(TSK_FS_TYPE_APFS, apfs_superblock(2, 1, 1, 0), superblock, names).empty());
    CHECK_FALSE(missing(TSK_FS_TYPE_APFS, apfs_superblock(~0ull, ~0ull, 1, 0), superblock, names).empty());
}

TEST_CASE("an APFS superblock that contradicts its checksum says nothing that counts") {
    Bytes media = apfs_superblock(2, 1, 0, 0);
    media[superblock + 184] = std::byte{0};
    CHECK(missing(TSK_FS_TYPE_APFS, media, superblock, {}) ==
          "its superblock contradicts its checksum; names may be missing");
}

TEST_CASE("where nothing says how many there are, none are missing") {
    CHECK(missing(TSK_FS_TYPE_APFS, apfs_superblock(9, 9, 9, 9), {}, {}).empty());
    CHECK(missing(TSK_FS_TYPE_APFS, Bytes(16384), superblock, {}).empty());
    CHECK(missing(TSK_FS_TYPE_APFS, Bytes(4096), superblock, {}).empty());
    CHECK(missing(TSK_FS_TYPE_HFS, Bytes(512), {}, {}).empty());
    CHECK(missing(TSK_FS_TYPE_EXT4, hfs_header(9, 9), {}, {}).empty());
}
