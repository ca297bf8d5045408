// SPDX-License-Identifier: Apache-2.0
// Partition tables laid out by hand that name other things than they seem to; ordinary ones are made by
// fixtures/partitions.py.
#include <doctest/doctest.h>

#include "engine/evidence/volume.h"
#include "tests/support/media.h"

namespace triage {
const VolumeSystem& tsk_volumes();
}

using namespace triage;
using namespace triage::test;

namespace {

constexpr std::size_t media_sectors = 4096;

struct Row {
    unsigned type;
    std::uint32_t first, sectors;
};

Bytes mbr(std::initializer_list<Row> entries) {
    Bytes media(media_sectors * 512);
    std::size_t at = 446;
    for (const Row& e : entries) {
        put_le(media, at + 4, e.type, 1), put_le(media, at + 8, e.first, 4), put_le(media, at + 12, e.sectors, 4);
        at += 16;
    }
    put_le(media, 510, 0xAA55, 2);
    return media;
}

std::uint32_t crc32(ByteView bytes) {
    std::uint32_t crc = ~0u;
    for (const std::byte byte : bytes) {
        crc ^= std::to_integer<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

constexpr std::string_view basic_data = "\xa2\xa0\xd0\xeb\xe5\xb9\x33\x44\x87\xc0\x68\xb6\xb7\x26\x99\xc7",
                           microsoft_reserved = "\x16\xe3\xc9\xe3\x5c\x0b\xb8\x4d\x81\x7d\xf9\x2d\xf0\x02\x15\xae";

struct GptRow {
    std::string_view type;
    std::uint64_t first, sectors;
};

// UEFI 2.10, 5.3: a copy of the header in sector `here` with four entries in the sector `table`.
void put_gpt(Bytes& media, std::size_t here, std::size_t table, std::initializer_list<GptRow> rows) {
    std::size_t at = table * 512;
    for (const GptRow& r : rows) {
        put_text(media, at, r.type), put_text(media, at + 16, r.type);
        put_le(media, at + 32, r.first, 8), put_le(media, at + 40, r.first + r.sectors - 1, 8);
        at += 128;
    }
    put_text(media, here * 512, "EFI PART");
    const auto put = [&](std::size_t offset, std::uint64_t value, std::size_t size) {
        put_le(media, here * 512 + offset, value, size);
    };
    put(8, 0x10000, 4), put(12, 92, 4), put(24, here, 8), put(32, here == 1 ? media_sectors - 1 : 1, 8);
    put(40, 34, 8), put(48, media_sectors - 34, 8), put(72, table, 8), put(80, 4, 4), put(84, 128, 4);
    put(88, crc32(ByteView(media).subspan(table * 512, 512)), 4);
    put(16, 0, 4);
    put(16, crc32(ByteView(media).subspan(here * 512, 92)), 4);
}
void put_both(Bytes& media, std::initializer_list<GptRow> rows) {
    put_gpt(media, 1, 2, rows);
    put_gpt(media, media_sectors - 1, media_sectors - 2, rows);
}

// "p0 2048+1024, p1 3072+512": what is no gap, in sectors.
std::string partitions(const VolumeList& list) {
    std::string all;
    for (const Volume& v : list.volumes)
        if (v.role != VolumeRole::gap)
            all += (all.empty() ? "" : ", ") + v.name + " " + std::to_string(v.start / 512) + "+" +
                   std::to_string(v.length / 512);
    return all;
}

VolumeList list(const Bytes& bytes) {
    const PlainMedia media(bytes);
    return tsk_volumes().list(media.reader());
}

std::string told(const VolumeList& list) {
    std::string all;
    for (const Problem& p : list.problems) all += std::string(to_string(p.kind)) + ": " + p.detail + "\n";
    return all;
}

}  // namespace

TEST_CASE("the table of a disk that is striped over others is followed, and told") {
    Bytes media = mbr({{0x83, 2048, 1024}});
    CHECK(told(list(media)) == "");
    for (const unsigned level : {1u, 5u}) {
        const std::size_t sector = media_sectors - 16, at = sector * 512;
        put_le(media, at, 0xa92b4efc, 4), put_le(media, at + 4, 1, 4);
        put_le(media, at + 72, level, 4), put_le(media, at + 92, 3, 4), put_le(media, at + 144, sector, 8);
        CHECK(partitions(list(media)) == "p0 2048+1024");
        CHECK(told(list(media)) == (level == 1 ? ""
                                               : "unsupported: a member of a Linux RAID (level 5, 3 members), by "
                                                 "its end: its partitions may not be what the array holds\n"));
    }
}

TEST_CASE("a slice c that does not begin with the disk is a volume") {
    for (const std::uint32_t first : {0u, 1024u}) {
        Bytes media(media_sectors * 512);
        put_le(media, 512, 0x82564557, 4), put_le(media, 512 + 132, 0x82564557, 4);  // struct disklabel
        put_le(media, 512 + 40, 512, 4), put_le(media, 512 + 138, 3, 2);
        const auto slice = [&](std::size_t number, std::uint32_t sectors, std::uint32_t offset) {
            const std::size_t at = 512 + 148 + 16 * number;
            put_le(media, at, sectors, 4), put_le(media, at + 4, offset, 4), put_le(media, at + 12, 7, 1);
        };
        slice(0, 512, 2048), slice(2, media_sectors - first, first);
        std::uint16_t checksum = 0;
        for (std::size_t i = 512; i < 512 + 148 + 48; i += 2) checksum ^= *load_le<std::uint16_t>(media, i);
        put_le(media, 512 + 136, checksum, 2);
        CHECK(partitions(list(media)) == (first == 0 ? "p0 2048+512" : "p0 1024+3072, p1 2048+512"));
    }
}

TEST_CASE("a partition is reserved by its type unless another one of another type begins where it does") {
    for (const bool has_twin : {false, true}) {
        Bytes media = mbr({{0xee, 1, media_sectors - 1}});
        put_both(media, {{microsoft_reserved, 2048, 512}, {has_twin ? basic_data : "", has_twin ? 2048u : 0u, 512}});
        const VolumeList found = list(media);
        CHECK(told(found) == "");
        CHECK(partitions(found) == (has_twin ? "p0 2048+512, p1 2048+512" : "p0 2048+512"));
        for (const Volume& v : found.volumes)
            if (v.role != VolumeRole::gap) CHECK(v.role == (has_twin ? VolumeRole::filesystem : VolumeRole::reserved));
    }
}

TEST_CASE("what a hybrid MBR names beside the GPT is a volume, in whatever order it stands") {
    for (const bool is_first : {false, true}) {
        const Row shared{0x07, 2048, 512}, protective{0xee, 1, 2047}, own{0x83, 3072, 256};
        Bytes media = is_first ? mbr({shared, protective, own}) : mbr({protective, shared, own});
        put_both(media, {{basic_data, 2048, 512}});
        CHECK(partitions(list(media)) == "p0 2048+512, p1 3072+256");
        CHECK(told(list(media)) == "");
        Bytes cut = media;
        put_le(cut, 446 + 2 * 16 + 12, cut.size() / 512 - 3072 + 1, 4);
        CHECK(told(list(cut)) ==
              "damaged: a partition of the hybrid MBR goes on for 512 bytes behind the end of the media\n");
        if (!is_first) continue;  // libtsk follows the backup
        put_gpt(media, 1, 2, {{basic_data, 2048, 256}});
        CHECK(told(list(media)) == "damaged: the backup of the GPT, which is followed, differs from the first\n");
        put_le(media, 2 * 512, 0, 4);
        CHECK(told(list(media)) ==
              "damaged: the first GPT is damaged; the backup at the end of the media is followed\n");
    }
}
