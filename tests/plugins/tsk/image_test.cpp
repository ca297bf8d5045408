// SPDX-License-Identifier: Apache-2.0
// libtsk's view of a stretch of the media: a flaw is met by exactly who reads it, also behind libtsk's own cache.
#include "plugins/tsk/image.h"

#include <doctest/doctest.h>

#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;

namespace {

constexpr std::uint64_t start = 8192;  // of the volume on the media
constexpr std::size_t length = 512 << 10;

struct Fixture {
    Bytes bytes = ewf_test::sample_media(1 << 20);
    PlainMedia media;
    tsk::Image image;

    explicit Fixture(std::set<std::uint64_t> bad_sectors = {})
        : media(bytes, std::move(bad_sectors)), image(media.reader(), start, length) {}

    // What libtsk gets; empty when it is told of a failure.
    Bytes read(std::uint64_t offset, std::size_t size) {
        Bytes out(size, std::byte{0xEE});
        const ssize_t got =
            tsk_img_read(image.handle(), static_cast<TSK_OFF_T>(offset), reinterpret_cast<char*>(out.data()), size);
        if (got < 0) return {};
        out.resize(static_cast<std::size_t>(got));
        return out;
    }
    Bytes truth(std::uint64_t offset, std::size_t size) const {
        const ByteView part = ByteView(bytes).subspan(start + offset, size);
        return {part.begin(), part.end()};
    }
};

// The sector of the media that holds byte `offset` of the volume.
constexpr std::uint64_t sector_at(std::uint64_t offset) { return (start + offset) / 512; }

}  // namespace

TEST_CASE("libtsk reads the volume's bytes at any place and length") {
    Fixture f;
    for (const auto& [offset, size] : {std::pair<std::uint64_t, std::size_t>{0, 512},
                                       {1, 3},
                                       {65'530, 20},
                                       {511, 70'000},
                                       {length - 7, 7},
                                       {100'000, 300'000}})
        CHECK(f.read(offset, size) == f.truth(offset, size));
    CHECK(f.image.take_flaws().empty());
}

TEST_CASE("libtsk reads nothing behind the end of the volume, though the media goes on") {
    Fixture f;
    CHECK(f.read(length - 10, 100) == f.truth(length - 10, 10));
    CHECK(f.read(length, 1).empty());
    CHECK(f.read(length + 4096, 512).empty());
}

TEST_CASE("who reads beside a bad sector gets its bytes and no flaw; who reads it gets zeros and the flaw") {
    Fixture f({sector_at(10 * 512)});
    const ReadFlaws flaw{{start + 10 * 512, 512, BadRangeCause::read_error, "segment 1: Input/output error"}};
    for (int round = 0; round < 3; ++round) {  // the first round fills libtsk's cache around it
        CHECK(f.read(9 * 512, 512) == f.truth(9 * 512, 512));
        CHECK(f.read(11 * 512, 512) == f.truth(11 * 512, 512));
        CHECK(f.image.take_flaws().empty());
        const Bytes bad = f.read(10 * 512, 512);
        CHECK(bad == Bytes(512));
        CHECK(f.image.take_flaws() == flaw);
    }
}

TEST_CASE("a flaw is told to each who reads it, also after libtsk has met it before") {
    Fixture f({sector_at(20 * 512)});
    for (int round = 0; round < 3; ++round) {
        f.read(19 * 512, 2048);
        CHECK(f.image.take_flaws().size() == 1);
    }
}

TEST_CASE(
    "reads of a few bytes, which libtsk would widen to a sector, tell of the flaw that they touch and of no other") {
    Fixture f({sector_at(30 * 512)});
    for (const std::uint64_t beside : {29 * 512, 30 * 512 - 32, 30 * 512 - 4, 31 * 512}) {
        CHECK(f.read(beside, 4) == f.truth(beside, 4));
        CHECK(f.image.take_flaws().empty());
        CHECK(f.image.handle()->sector_size == 512);
    }
    for (const std::uint64_t within : {30 * 512 - 2, 30 * 512, 30 * 512 + 100, 31 * 512 - 1}) {
        f.read(within, 4);
        CHECK_FALSE(f.image.take_flaws().empty());
    }
}

TEST_CASE("every read of a run over a volume with bad sectors is either the truth or a flaw") {
    Fixture f({sector_at(7 * 512), sector_at(130 * 512), sector_at(131 * 512), sector_at(length - 512)});
    for (const std::size_t size : {512u, 1024u, 4096u, 65'536u, 100'000u})
        for (std::uint64_t offset = 0; offset + size <= length; offset += size) {
            const Bytes got = f.read(offset, size);
            const ReadFlaws flaws = f.image.take_flaws();
            bool touches = false;
            for (const std::size_t bad :
                 {std::size_t{7 * 512}, std::size_t{130 * 512}, std::size_t{131 * 512}, length - 512})
                touches |= bad < offset + size && offset < bad + 512;
            REQUIRE(touches == !flaws.empty());
            REQUIRE(f.image.handle()->sector_size == 512);
            if (!touches) REQUIRE(got == f.truth(offset, size));
        }
}

TEST_CASE("our own parsers read the same volume and are told in the same way") {
    Fixture f({sector_at(10 * 512)});
    Bytes out(100);
    CHECK(f.image.read(10, out));
    CHECK(out == f.truth(10, 100));
    CHECK_FALSE(f.image.read(10 * 512 - 50, out));
    REQUIRE(f.image.take_flaws().size() == 1);
    CHECK_FALSE(f.image.read(length - 99, out));
    CHECK_FALSE(f.image.read(~0ull, out));
    CHECK(f.image.take_flaws().empty());
}

TEST_CASE("an error of libtsk is told once") {
    Fixture f;
    tsk::take_error();
    tsk_error_set_errno(TSK_ERR_FS_CORRUPT);
    tsk_error_set_errstr("first line\nsecond line");
    const std::string error = tsk::take_error();
    CHECK(error.find("first line second line") != std::string::npos);
    CHECK(tsk::take_error().empty());
}

TEST_CASE("a flaw of metadata is a problem with its sectors") {
    const Problem problem =
        tsk::problem_of({1000, 1100, BadRangeCause::checksum, "segment 2, chunk 5: Adler-32 differs"}, 512);
    CHECK(problem.kind == ProblemKind::damaged);
    CHECK(problem.first_sector == 1);
    CHECK(problem.sectors == 4);  // bytes 1000 to 2099 touch sectors 1 to 4
    CHECK(problem.hides_entries);
    CHECK(problem.detail == "file system metadata: segment 2, chunk 5: Adler-32 differs");
    CHECK(tsk::problem_of({0, 512, BadRangeCause::read_error, ""}, 512).kind == ProblemKind::unreadable);
}
