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
