// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/read_cache.h"

#include <doctest/doctest.h>

#include <random>

#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;
using tsk::ReadCache;

namespace {

constexpr std::uint64_t start = 8192;  // of the stretch on the media
constexpr std::size_t length = (512 << 10) - 100;

Bytes read(ReadCache& cache, std::uint64_t offset, std::size_t size) {
    Bytes out(size, std::byte{0xEE});
    CHECK(cache.read(offset, out).empty());
    return out;
}

}  // namespace

TEST_CASE("a read through the cache gives the bytes of the media, whatever was read before") {
    const Bytes bytes = ewf_test::sample_media(1 << 20);
    PlainMedia media(bytes, {});
    ReadCache cache(media.reader(), start, length);
    std::mt19937 random(4);
    for (int i = 0; i < 5000; ++i) {
        const std::size_t size = 1 + random() % (i % 10 == 0 ? 50'000 : 1024);
        const std::uint64_t offset = random() % (length - size + 1);
        const ByteView truth = ByteView(bytes).subspan(start + offset, size);
        REQUIRE(read(cache, offset, size) == Bytes(truth.begin(), truth.end()));
    }
}

TEST_CASE("small reads in order cost the media each byte about once") {
    PlainMedia media(ewf_test::sample_media(1 << 20), {});
    ReadCache cache(media.reader(), start, length);
    for (std::uint64_t offset = 0; offset + 256 <= length; offset += 256) read(cache, offset, 256);
    CHECK(media.reader().bytes_read() < length + length / 32);
}

TEST_CASE("a block is read whole when it is asked for again, not when it is asked for once") {
    PlainMedia media(ewf_test::sample_media(1 << 20), {});
    ReadCache cache(media.reader(), start, length);
    read(cache, 100'000, 256);
    CHECK(media.reader().bytes_read() == 256);
    for (int i = 0; i < 10; ++i) read(cache, 100'000, 256);
    CHECK(media.reader().bytes_read() == 256 + (16 << 10));
}

TEST_CASE("a block with a flaw is read whole once and never kept") {
    PlainMedia media(ewf_test::sample_media(1 << 20), {(start + 512) / 512});
    ReadCache cache(media.reader(), start, length);
    for (int i = 0; i < 3; ++i) read(cache, 0, 512);
    const std::uint64_t before = media.reader().bytes_read();
    for (int i = 0; i < 3; ++i) {
        read(cache, 1024, 512);
        Bytes bad(512);
        CHECK(cache.read(512, bad).size() == 1);
        CHECK(bad == Bytes(512));
    }
    CHECK(media.reader().bytes_read() == before + 6 * 512);
}
