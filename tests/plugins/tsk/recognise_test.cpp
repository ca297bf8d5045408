// SPDX-License-Identifier: Apache-2.0
// Offsets and magic numbers after each format's own description: LUKS2 on-disk format; libbde and Microsoft for
// BitLocker; LVM2 label_header; XFS, Btrfs, F2FS, EROFS, SquashFS, ReiserFS, JFS, NILFS2 on-disk formats; ECMA-167 for
// UDF; QCOW2, VMDK, VHDX (MS-VHDX), VHD, VDI headers; mkswap(8).
#include "plugins/tsk/recognise.h"

#include <doctest/doctest.h>

#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;
using namespace std::string_view_literals;

namespace {

constexpr std::size_t media_bytes = 128 << 10;

std::vector<tsk::Recognised> recognise_all(ByteView bytes, std::set<std::uint64_t> bad_sectors = {}) {
    const PlainMedia media(bytes, std::move(bad_sectors));
    tsk::Image image(media.reader(), 0, bytes.size());
    return tsk::recognise(image);
}

std::optional<tsk::Recognised> recognise(ByteView bytes, std::set<std::uint64_t> bad_sectors = {}) {
    const std::vector<tsk::Recognised> all = recognise_all(bytes, std::move(bad_sectors));
    return all.empty() ? std::nullopt : std::optional(all.front());
}

// The types that a media's headers tell, in their order.
std::string types_of(ByteView bytes) {
    std::string types;
    for (const tsk::Recognised& r : recognise_all(bytes)) types += (types.empty() ? "" : " ") + r.type;
    return types;
}

Bytes with(std::size_t at, std::string_view magic, std::size_t size = media_bytes) {
    Bytes bytes(size);
    put_text(bytes, at, magic);
    return bytes;
}

struct Row {
    std::size_t at;
    std::string_view magic, type;
    ProblemKind kind;
};

constexpr auto locked = ProblemKind::locked, unsupported = ProblemKind::unsupported, damaged = ProblemKind::damaged;
constexpr std::string_view bitlocker_to_go = "\x3b\xd6\x67\x49\x29\x2e\xd8\x4a\x83\x99\xf6\xa3\x39\xe3\xd0\x01"sv;

const Row rows[] = {
    {0, "LUKS\xba\xbe"sv, "luks", locked},
    {16384, "SKUL\xba\xbe"sv, "luks", locked},
    {3, "-FVE-FS-"sv, "bitlocker", locked},
    {424, bitlocker_to_go, "bitlocker", locked},
    {416, bitlocker_to_go, "bitlocker", locked},
    {88, "CS"sv, "corestorage", locked},
    {536, "LVM2 001"sv, "lvm2", unsupported},  // the label in sector 1
    {24, "LVM2 001"sv, "lvm2", unsupported},   // in sector 0
    {0, "XFSB"sv, "xfs", unsupported},
    {65'600, "_BHRfS_M"sv, "btrfs", unsupported},
    {1024, "\x10\x20\xf5\xf2"sv, "f2fs", unsupported},
    {3, "ReFS\0\0\0\0"sv, "refs", unsupported},
    {1024, "BD"sv, "hfs-classic", unsupported},
    {0, "hsqs"sv, "squashfs", unsupported},
    {1024, "\xe2\xe1\xf5\xe0"sv, "erofs", unsupported},
    {65'588, "ReIsEr"sv, "reiserfs", unsupported},
    {32'768, "JFS1"sv, "jfs", unsupported},
    {1030, "\x34\x34"sv, "nilfs2", unsupported},
    {0, "\xfc\x4e\x2b\xa9"sv, "md-raid", unsupported},
    {4096, "\xfc\x4e\x2b\xa9"sv, "md-raid", unsupported},
    {8192 + 1372, "\x19\x01\x54\x19"sv, "ufs2", unsupported},  // little-endian, then big
    {8192 + 1372, "\x19\x54\x01\x19"sv, "ufs2", unsupported},
    {65'536 + 1372, "\x19\x01\x54\x19"sv, "ufs2", damaged},
    {65'536 + 1372, "\x19\x54\x01\x19"sv, "ufs2", damaged},
    {8192 + 1372, "\x54\x19\x01\0"sv, "ufs", damaged},
    {8192 + 1372, "\0\x01\x19\x54"sv, "ufs", damaged},
    {0, "\3\0\0\0\1\0\0\0\xff\xff"sv, "yaffs2", unsupported},
    {0, "\0\0\0\3\0\0\0\1\xff\xff"sv, "yaffs2", unsupported},
    {34'817, "NSR02"sv, "udf", unsupported},
    {36'865, "NSR03"sv, "udf", unsupported},
    {0, "QFI\xfb"sv, "qcow", unsupported},
    {0, "KDMV"sv, "vmdk", unsupported},
    {0, "COWD"sv, "vmdk", unsupported},
    {0, "# Disk DescriptorFile"sv, "vmdk", unsupported},
    {0, "vhdxfile"sv, "vhdx", unsupported},
    {0, "conectix"sv, "vhd", unsupported},
    {64, "\x7f\x10\xda\xbe"sv, "vdi", unsupported},
    {0, "AFF10"sv, "aff", unsupported},
    {0, "EVF2\r\n\x81\0"sv, "ewf2", unsupported},
    {0, "LVF\x09\r\n\xff\0"sv, "l01", unsupported},
    {0, "PK\x03\x04"sv, "zip", unsupported},
    {media_bytes - 512, "koly"sv, "udif", unsupported},
    {3, "NTFS    "sv, "ntfs", damaged},
    {3, "EXFAT   "sv, "exfat", damaged},
    {54, "FAT1"sv, "fat", damaged},
    {82, "FAT32"sv, "fat32", damaged},
    {1080, "\x53\xef"sv, "ext", damaged},
    {1024, "H+\0\x04"sv, "hfs", damaged},
    {1024, "HX\0\x05"sv, "hfs", damaged},
    {32, "NXSB"sv, "apfs", damaged},
    {32'769, "CD001"sv, "iso9660", damaged},
};

}  // namespace

TEST_CASE("each format is recognised by its header at its place, and one byte beside it is not") {
    for (const Row& row : rows) {
        CAPTURE(row.type);
        CAPTURE(row.at);
        const auto found = recognise(with(row.at, row.magic));
        REQUIRE(found);
        CHECK(found->type == row.type);
        CHECK(found->kind == row.kind);
        CHECK_FALSE(found->words.empty());
        CHECK_FALSE(found->is_swap);
        const auto beside = recognise(with(row.at + (row.at + row.magic.size() < media_bytes ? 1 : -1), row.magic));
        CHECK((!beside || beside->type != row.type));
    }
}

TEST_CASE("swap space is recognised at the end of a page of any size in use") {
    for (const std::size_t page : {4096u, 8192u, 16'384u, 65'536u})
        for (const std::string_view magic : {"SWAPSPACE2"sv, "SWAP-SPACE"sv}) {
            Bytes bytes = with(page - 10, magic);
            put_le(bytes, 1024, magic == "SWAPSPACE2", 4);
            const auto found = recognise(bytes);
            REQUIRE(found);
            CHECK(found->type == "swap");
            CHECK(found->is_swap);
        }
    CHECK_FALSE(recognise(with(512 - 10, "SWAPSPACE2")));
    CHECK_FALSE(recognise(with(4096 - 10, "SWAPSPACE2")));  // without the header's version
}

TEST_CASE("an outlived mark of swap space comes after every other header") {
    for (const Row& row : rows) {
        if (row.at > 4086 - row.magic.size() && row.at < 4096) continue;
        CAPTURE(row.type);
        Bytes bytes = with(row.at, row.magic);
        put_text(bytes, 4086, "SWAP-SPACE");
        if (row.magic.size() > 2) CHECK(types_of(bytes) == std::string(row.type) + " swap");
    }
}

TEST_CASE("each of several headers is told, one that could be read last, a mark of two bytes where it is borne out") {
    Bytes bytes = with(0x52, "FAT32");
    put_text(bytes, 536, "LVM2 001");
    put_text(bytes, 65'600, "_BHRfS_M");
    put_text(bytes, 1024, "BD");
    CHECK(types_of(bytes) == "lvm2 btrfs fat32");
    put_text(bytes, 0x416, "\2"sv);
    CHECK(types_of(bytes) == "lvm2 btrfs hfs-classic fat32");
}

TEST_CASE("FAT is known by its fields and its table where it does not name itself") {
    Bytes bytes(media_bytes);
    put_le(bytes, 11, 512, 2), put_le(bytes, 13, 4, 1), put_le(bytes, 14, 6, 2), put_le(bytes, 16, 2, 1);
    put_le(bytes, 21, 0xF8, 1), put_le(bytes, 6 * 512, 0xFFF8FFF8, 4);
    CHECK(types_of(bytes) == "");
    put_le(bytes, 6 * 512, 0xFFFFFFF8, 4);
    CHECK(types_of(bytes) == "fat");
    const PlainMedia media(bytes);
    tsk::Image image(media.reader(), 0, bytes.size());
    CHECK(tsk::holds_beside_table(image, 7 * 512));
    CHECK_FALSE(tsk::holds_beside_table(image, 6 * 512));
    for (const std::size_t field : {11u, 13u, 14u, 16u, 21u}) {
        Bytes other = bytes;
        put_le(other, field, 3, 1);
        CHECK(types_of(other) == "");
    }
}

TEST_CASE("UDF is found behind the descriptors of ISO 9660, however many they are") {
    const auto bridge = [](std::size_t descriptors, std::size_t step = 2048) {
        Bytes bytes(512 << 10);
        for (std::size_t i = 0; i < descriptors; ++i) put_text(bytes, 0x8001 + i * step, "CD001");
        put_text(bytes, 0x8001 + descriptors * step, "BEA01");
        put_text(bytes, 0x8001 + (descriptors + 1) * step, "NSR02");
        return bytes;
    };
    for (const std::size_t descriptors : {1u, 2u, 5u, 30u}) CHECK(types_of(bridge(descriptors)) == "udf iso9660");
    CHECK(types_of(bridge(0, 4096)) == "udf");
    Bytes raw(512 << 10);  // whole sectors of a CD, each with 16 bytes before its data
    for (const auto& [sector, id] : {std::pair{16, "CD001"}, {17, "BEA01"}, {18, "NSR02"}})
        put_text(raw, static_cast<std::size_t>(sector) * 2352 + 16 + 1, id);
    CHECK(types_of(raw) == "udf");
    CHECK(recognise(bridge(1), {(0x8000 + 2048) / 512})->type == "udf");  // BEA01 is in a bad sector
    CHECK(types_of(with(0x8001 + 4 * 2048, "NSR02")) == "");
}

TEST_CASE("an encrypted volume is told as such although its shell looks like FAT") {
    Bytes bytes = with(424, bitlocker_to_go);
    put_text(bytes, 54, "FAT1");
    put_text(bytes, 82, "FAT32");
    CHECK(recognise(bytes)->type == "bitlocker");
}

TEST_CASE("nothing is recognised in zeros, in noise, or in a header that cannot be read") {
    CHECK_FALSE(recognise(Bytes(media_bytes)));
    CHECK_FALSE(recognise(Bytes(media_bytes, std::byte{0xA5})));
    CHECK_FALSE(recognise(with(0, "XFSB"), {0}));
}

TEST_CASE("a volume of any small size is recognised or not, never read past its end") {
    for (const std::size_t size : {1u, 2u, 3u, 4u, 10u, 100u, 511u, 512u, 1023u, 1025u, 4096u}) {
        CHECK_FALSE(recognise(Bytes(size)));
        if (size >= 4) CHECK(recognise(with(0, "XFSB", size))->type == "xfs");
    }
    Bytes cut(6);
    put_text(cut, 0, "-FVE");
    CHECK_FALSE(recognise(cut));
}

TEST_CASE("a blank volume holds one repeated byte at both ends") {
    const auto is_blank = [](ByteView bytes, std::set<std::uint64_t> bad_sectors = {}) {
        const PlainMedia media(bytes, std::move(bad_sectors));
        tsk::Image image(media.reader(), 0, bytes.size());
        return tsk::looks_blank(image);
    };
    CHECK(is_blank(Bytes(300 << 10)));
    CHECK(is_blank(Bytes(300 << 10, std::byte{0xFF})));
    CHECK(is_blank(Bytes(10, std::byte{7})));
    Bytes end_differs(300 << 10);
    end_differs.back() = std::byte{1};
    CHECK_FALSE(is_blank(end_differs));
    Bytes start_differs(300 << 10);
    start_differs[(64 << 10) - 1] = std::byte{1};
    CHECK_FALSE(is_blank(start_differs));
    CHECK_FALSE(is_blank(Bytes(300 << 10), {5}));
}

TEST_CASE("beside a partition table a header counts before the first partition, a disc's descriptor anywhere") {
    const auto counts = [](ByteView bytes, std::uint64_t free_bytes) {
        const PlainMedia media(bytes);
        tsk::Image image(media.reader(), 0, bytes.size());
        return tsk::holds_beside_table(image, free_bytes);
    };
    CHECK(counts(with(0, "LUKS\xba\xbe"sv), 512));
    CHECK(counts(with(65'600, "_BHRfS_M"), 65'608));
    CHECK_FALSE(counts(with(65'600, "_BHRfS_M"), 65'607));
    CHECK(counts(with(32'769, "CD001"), 512));
    CHECK(counts(with(4086, "SWAP-SPACE"), 4096));
    CHECK_FALSE(counts(with(4086, "SWAP-SPACE"), 4095));
    CHECK_FALSE(counts(Bytes(media_bytes), media_bytes));
}

TEST_CASE("beside a partition table a mark of two bytes needs a further field of its header") {
    // Offset and bytes of the mark; offset, value and wrong value of the field.
    struct Short {
        std::size_t at;
        std::string_view magic;
        std::size_t field_at;
        std::string_view right, wrong;
    };
    for (const Short& row :
         {Short{1080, "\x53\xef"sv, 0x418, "\2\0\0\0"sv, "\7\0\0\0"sv},
          Short{1024, "BD"sv, 0x414, "\0\0\2\0"sv, "\0\0\0\0"sv},
          Short{1030, "\x34\x34"sv, 1024, "\2\0\0\0"sv, "\0\0\0\0"sv}, Short{88, "CS"sv, 90, "\1\0\0\0"sv, "code"sv}}) {
        CAPTURE(row.at);
        for (const bool is_right : {true, false}) {
            Bytes bytes = with(row.at, row.magic);
            put_text(bytes, row.field_at, is_right ? row.right : row.wrong);
            const PlainMedia media(bytes);
            tsk::Image image(media.reader(), 0, bytes.size());
            CHECK(tsk::holds_beside_table(image, 1 << 20) == is_right);
        }
    }
}

TEST_CASE("only a mark in the place of a boot sector says that nothing beside it is readable") {
    CHECK(recognise(with(0, "LUKS\xba\xbe"sv))->is_boot_sector);
    CHECK(recognise(with(3, "-FVE-FS-"sv))->is_boot_sector);
    CHECK_FALSE(recognise(with(16384, "SKUL\xba\xbe"sv))->is_boot_sector);
    CHECK_FALSE(recognise(with(416, bitlocker_to_go))->is_boot_sector);
    CHECK_FALSE(recognise(with(3, "NTFS    "sv))->is_boot_sector);
}

TEST_CASE("NTFS with clusters that libtsk does not know is unsupported, not damaged") {
    Bytes bytes = with(3, "NTFS    "sv);
    for (const unsigned clusters : {1u, 8u, 128u, 129u, 0u}) {
        put_le(bytes, 13, clusters, 1);
        CHECK(recognise(bytes)->kind == damaged);
    }
    put_le(bytes, 13, 0xF8, 1);  // as mkntfs -c 131072 writes it
    CHECK(recognise(bytes)->kind == unsupported);
    CHECK(recognise(bytes)->words == "NTFS with clusters of 2^8 sectors: not read by this build");
}
