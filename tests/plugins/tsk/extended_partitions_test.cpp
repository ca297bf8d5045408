// SPDX-License-Identifier: Apache-2.0
// Tables laid out by hand; fixtures/partitions.py has images whose chains are broken.
#include "plugins/tsk/extended_partitions.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;

namespace {

struct Part {
    unsigned type;
    std::uint64_t start, length;
};

void put_table(Bytes& media, std::size_t sector, const std::vector<Part>& parts) {
    std::size_t at = sector * 512 + 446;
    for (const Part& part : parts) {
        put_le(media, at + 4, part.type, 1);
        put_le(media, at + 8, part.start, 4);
        put_le(media, at + 12, part.length, 4);
        at += 16;
    }
    put_le(media, sector * 512 + 510, 0xAA55, 2);
}

// Sectors 100 to 899 hold the logical partitions of tables at 100, 300 and 500.
Bytes sample() {
    Bytes media(1000 * 512);
    put_table(media, 0, {{0x83, 10, 50}, {0x05, 100, 800}});
    put_table(media, 100, {{0x83, 10, 100}, {0x05, 200, 200}});
    put_table(media, 300, {{0x83, 10, 100}, {0x0F, 400, 200}});
    put_table(media, 500, {{0x83, 10, 100}});
    return media;
}

std::vector<Problem> problems(const Bytes& media) {
    const PlainMedia plain(media);
    tsk::Image image(plain.reader(), 0, media.size());
    return tsk::check_extended_partitions(image, 512);
}

void check_problem(const Bytes& media, std::uint64_t sector, std::string_view words) {
    const std::vector<Problem> found = problems(media);
    REQUIRE(found.size() == 1);
    CHECK(found[0].kind == ProblemKind::damaged);
    CHECK(found[0].first_sector == sector);
    CHECK(found[0].sectors == 1);
    CHECK(found[0].detail.find(words) != std::string::npos);
}

}  // namespace

TEST_CASE("a sound chain of extended partitions has no problem") {
    CHECK(problems(sample()).empty());
    Bytes empty = sample();
    put_table(empty, 0, {{0x83, 10, 50}, {0x83, 100, 800}});
    CHECK(problems(empty).empty());
}

TEST_CASE("an extended partition whose chain breaks off says where") {
    Bytes media = sample();
    put_le(media, 300 * 512 + 510, 0, 2);
    check_problem(media, 300, "55 AA");

    media = sample();
    std::fill_n(media.begin() + 100 * 512, 512, std::byte{0});
    check_problem(media, 100, "55 AA");

    media = sample();
    put_table(media, 300, {{0x83, 10, 100}, {0x05, 900, 200}});
    check_problem(media, 1000, "outside");

    media = sample();
    put_table(media, 0, {{0x83, 10, 50}, {0x05, 5000, 800}});
    check_problem(media, 5000, "behind the end");
}

TEST_CASE("a chain of extended partitions that leads back to itself comes to an end") {
    Bytes media = sample();
    put_table(media, 500, {{0x83, 10, 100}, {0x05, 200, 200}});
    check_problem(media, 300, "twice");
}

TEST_CASE("tables of noise are followed to an end") {
    Bytes media = ewf_test::sample_media(1000 * 512);
    put_table(media, 0, {{0x05, 1, 0xFFFFFFFF}, {0x0F, 0xFFFFFFFF, 0xFFFFFFFF}});
    for (std::size_t sector = 1; sector < 900; ++sector)
        put_table(media, sector, {{0x05, sector, 1}, {0x05, sector + 1, 1}, {0x05, 0xFFFFFFFF, 1}});
    CHECK_FALSE(problems(media).empty());
}

namespace {

// Tables in every other sector from 2 on, each with a partition and a link to the next.
Bytes chain(std::size_t tables) {
    Bytes media((4 + 2 * tables) * 512);
    put_table(media, 0, {{0x83, 1, 1}, {0x05, 2, 2 * tables}});
    for (std::size_t i = 0; i + 1 < tables; ++i) put_table(media, 2 + 2 * i, {{0x83, 1, 1}, {0x05, 2 * (i + 1), 2}});
    put_table(media, 2 * tables, {{0x83, 1, 1}});
    return media;
}

std::size_t partitions_seen_by_libtsk(tsk::Image& image) {
    TSK_VS_INFO* table = tsk_vs_open(image.handle(), 0, TSK_VS_TYPE_DOS);
    REQUIRE(table);
    std::size_t partitions = 0;
    for (const TSK_VS_PART_INFO* p = table->part_list; p; p = p->next) partitions += p->flags == TSK_VS_PART_FLAG_ALLOC;
    tsk_vs_close(table);
    return partitions;
}

}  // namespace

TEST_CASE("libtsk sees a chain of tables that the check follows to its end, and no longer one") {
    for (const std::size_t tables : {2000u, 2001u}) {
        const Bytes media = chain(tables);
        const PlainMedia plain(media);
        tsk::Image image(plain.reader(), 0, media.size());
        CHECK(tsk::hide_long_chains(image) == (tables > 2000));
        CHECK(partitions_seen_by_libtsk(image) == (tables > 2000 ? 1 : 2001));
        const std::vector<Problem> found = tsk::check_extended_partitions(image, 512);
        CHECK(found.empty() == (tables == 2000));
        if (!found.empty()) CHECK(found[0].kind == ProblemKind::capped);
    }
}

TEST_CASE("a long chain is hidden although a fault stands before it, which libtsk passes over") {
    Bytes short_container = chain(2001), bad_link = chain(2001), empty_link = chain(2001);
    put_table(short_container, 0, {{0x83, 1, 1}, {0x05, 2, 1}});
    put_table(bad_link, 2, {{0x05, 2, 2}, {0x05, 0x7FFFFFFF, 2}});
    put_table(empty_link, 2, {{0x05, 0, 2}, {0x05, 2, 2}});
    for (const Bytes& media : {short_container, bad_link, empty_link}) {
        const PlainMedia plain(media);
        tsk::Image image(plain.reader(), 0, media.size());
        CHECK(tsk::hide_long_chains(image));
        CHECK(partitions_seen_by_libtsk(image) == 1);
    }
}
