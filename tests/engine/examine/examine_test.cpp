// SPDX-License-Identifier: Apache-2.0
#include "engine/examine/examine.h"

#include <doctest/doctest.h>

#include <set>

#include "tests/support/media.h"
#include "tests/support/sha256.h"

using namespace triage;
using namespace triage::test;
using triage::ewf_test::sample_media;

namespace {

constexpr std::uint64_t hole = Extent::hole;
const std::atomic<bool> never{false};

Entry with_extents(std::vector<Extent> extents) {
    Entry entry;
    entry.extents = std::move(extents);
    for (const Extent& extent : entry.extents) entry.size += extent.length;
    return entry;
}

// What the extents hold, put together without the examiner.
Bytes content_of(ByteView media, const std::vector<Extent>& extents) {
    Bytes content;
    for (const Extent& extent : extents) {
        if (extent.media_offset == hole) content.resize(content.size() + extent.length);
        else
            for (std::uint64_t i = 0; i < extent.length; ++i) content.push_back(media[extent.media_offset + i]);
    }
    return content;
}

Examined examine(const MediaReader& media, const Entry& entry) {
    ContentExaminer examiner(AlgorithmSet::all());
    return examiner.examine(media, entry, never);
}

Examined without_hash(Status status, Reason reason, std::uint64_t missing, ReadFlaws unread = {}) {
    Examined examined{status, reason, missing, {}, {}};
    examined.unread = std::move(unread);
    return examined;
}
BadRange unread(std::uint64_t offset, std::uint64_t length) {
    return {offset, length, BadRangeCause::read_error, "segment 1: Input/output error"};
}
BadRange outside(std::uint64_t offset, std::uint64_t length) {
    return {offset, length, BadRangeCause::outside, "past the end of the media"};
}

}  // namespace

TEST_CASE("a fragmented content is hashed in the order of its extents, holes as zeros") {
    const Bytes bytes = sample_media(4 << 20);
    const PlainMedia media(bytes);
    const std::vector<std::vector<Extent>> contents{
        {},
        {{100, 1}},
        {{3 << 20, 1 << 20}, {0, 1 << 20}, {1 << 20, 2 << 20}},
        {{7, 5}, {hole, 3}, {1000, 700'000}, {hole, 2'000'000}, {5, 1}},
        {{hole, 5'000'000}},
        {{0, (1 << 20) - 1}, {9, 1}, {hole, 1}},
    };
    for (const std::vector<Extent>& extents : contents) {
        const Examined examined = examine(media.reader(), with_extents(extents));
        CHECK(examined.status == Status::hashed);
        CHECK(examined.reason == Reason::none);
        CHECK(examined.missing_bytes == 0);
        REQUIRE(examined.digests.sha256);
        CHECK(examined.digests.sha256->hex() == sha256_of(content_of(bytes, extents)));
    }
}

TEST_CASE("ten thousand fragments of one byte are one content") {
    const Bytes bytes = sample_media(30'000);
    const PlainMedia media(bytes);
    std::vector<Extent> extents;
    for (std::uint64_t i = 0; i < 10'000; ++i) extents.push_back({29'999 - 2 * i, 1});
    CHECK(examine(media.reader(), with_extents(extents)).digests.sha256->hex() ==
          sha256_of(content_of(bytes, extents)));
}

TEST_CASE("a resident content is hashed without the media being read") {
    const PlainMedia media(Bytes(512));
    Entry entry;
    entry.source = Source::resident;
    entry.resident = {std::byte{'a'}, std::byte{'b'}, std::byte{'c'}};
    entry.size = 3;
    const Examined examined = examine(media.reader(), entry);
    CHECK(examined.status == Status::hashed);
    CHECK(examined.digests.md5->hex() == "900150983cd24fb0d6963f7d28e17f72");  // RFC 1321, appendix A.5
    CHECK(media.reader().bytes_read() == 0);
}

TEST_CASE("only the algorithms asked for are computed") {
    const PlainMedia media(Bytes(512));
    AlgorithmSet one;
    one.add(Algorithm::sha1);
    ContentExaminer examiner(one);
    CHECK(examiner.examine(media.reader(), with_extents({{0, 512}}), never).digests.algorithms() == one);
}

TEST_CASE("a content with an unreadable sector is partial, has no hash, and misses exactly its own bytes") {
    const Bytes bytes = sample_media(1 << 20);
    const PlainMedia media(bytes, {100, 101, 200});
    // 300 bytes of sector 100, all of 101, 10 bytes of 200.
    const Entry entry = with_extents({{100 * 512 + 212, 812}, {5, 50}, {hole, 100}, {201 * 512 - 10, 30}});
    CHECK(examine(media.reader(), entry) == without_hash(Status::partial, Reason::read_error, 300 + 512 + 10,
                                                         {unread(100 * 512 + 212, 812), unread(201 * 512 - 10, 10)}));
    // The sectors beside it are nobody's loss.
    CHECK(examine(media.reader(), with_extents({{0, 100 * 512}, {102 * 512, 98 * 512}})).status == Status::hashed);
}

TEST_CASE("a content none of whose stored bytes can be read is unreadable, its holes do not save it") {
    const PlainMedia media(sample_media(64 << 10), {4, 5});
    CHECK(examine(media.reader(), with_extents({{4 * 512, 1024}})) ==
          without_hash(Status::unreadable, Reason::read_error, 1024, {unread(4 * 512, 1024)}));
    CHECK(examine(media.reader(), with_extents({{hole, 9000}, {5 * 512, 512}})) ==
          without_hash(Status::unreadable, Reason::read_error, 512, {unread(5 * 512, 512)}));
    CHECK(examine(media.reader(), with_extents({{4 * 512, 1024}, {6 * 512, 1}})) ==
          without_hash(Status::partial, Reason::read_error, 1024, {unread(4 * 512, 1024)}));
}

TEST_CASE("a flaw anywhere in a large content leaves no hash") {
    const std::size_t size = 5 << 20;
    const Bytes bytes = sample_media(size);
    for (const std::uint64_t sector : {std::uint64_t{0}, std::uint64_t{2048}, std::uint64_t{size / 512 - 1}}) {
        const PlainMedia media(bytes, {sector});
        CHECK(examine(media.reader(), with_extents({{0, size}})) ==
              without_hash(Status::partial, Reason::read_error, 512, {unread(sector * 512, 512)}));
    }
}

TEST_CASE("bytes past the end of the media are missing, with that reason") {
    const PlainMedia media(sample_media(1000));
    CHECK(examine(media.reader(), with_extents({{900, 200}})) ==
          without_hash(Status::partial, Reason::outside_media, 100, {outside(1000, 100)}));
    CHECK(examine(media.reader(), with_extents({{5000, 7}})) ==
          without_hash(Status::unreadable, Reason::outside_media, 7, {outside(5000, 7)}));
}

TEST_CASE("of many unread ranges the first are kept, and every byte is counted") {
    constexpr std::size_t ranges = 40;
    std::set<std::uint64_t> bad;
    for (std::uint64_t i = 0; i < ranges; ++i) bad.insert(2 * i), bad.insert(1000);
    const PlainMedia media(sample_media(1 << 20), bad);
    const Examined examined = examine(media.reader(), with_extents({{0, 1 << 20}}));
    CHECK(examined.missing_bytes == (ranges + 1) * 512);
    REQUIRE(examined.unread.size() == Examined::most_unread);
    for (std::uint64_t i = 0; i < examined.unread.size(); ++i) CHECK(examined.unread[i] == unread(2 * i * 512, 512));
}

TEST_CASE("a content whose last read a stop cut short was not reached") {
    PlainMedia media(sample_media(4096));
    std::atomic<bool> stop{false};
    auto& reader = const_cast<MediaReader&>(media.reader());
    reader.heed(stop);
    reader.inject_faults([&](std::uint32_t, std::uint64_t, MutableBytes, const SegmentFiles::Pread&) {
        stop = true;
        return read_error();
    });
    ContentExaminer examiner(AlgorithmSet::all());
    CHECK(examiner.examine(reader, with_extents({{0, 4096}}), stop) ==
          without_hash(Status::unreadable, Reason::not_reached, 4096));
}

TEST_CASE("an examiner forgets a damaged content before the next one") {
    const Bytes bytes = sample_media(4 << 20);
    const PlainMedia media(bytes, {0});
    ContentExaminer examiner(AlgorithmSet::all());
    CHECK(examiner.examine(media.reader(), with_extents({{0, 3'000'001}}), never).status == Status::partial);
    const Examined next = examiner.examine(media.reader(), with_extents({{512, 2'000'000}}), never);
    CHECK(next.digests.sha256->hex() == sha256_of(ByteView(bytes).subspan(512, 2'000'000)));
}

TEST_CASE("an examiner may go from one media to another") {
    const Bytes one = sample_media(9000, 1), two = sample_media(9000, 2);
    const PlainMedia first(one), second(two);
    ContentExaminer examiner(AlgorithmSet::all());
    const Entry entry = with_extents({{0, 9000}});
    for (int i = 0; i < 2; ++i) {
        CHECK(examiner.examine(first.reader(), entry, never).digests.sha256->hex() == sha256_of(one));
        CHECK(examiner.examine(second.reader(), entry, never).digests.sha256->hex() == sha256_of(two));
    }
}

TEST_CASE("a large content may be hashed side by side, its rest in one go") {
    const Bytes bytes = sample_media((2 << 20) + 77);
    const PlainMedia media(bytes);
    int slices = 0;
    ContentExaminer examiner(AlgorithmSet::all(), [&](Hasher& hasher, ByteView slice) {
        ++slices;
        for (const Algorithm algorithm : all_algorithms) hasher.update(algorithm, slice);
    });
    CHECK(examiner.examine(media.reader(), with_extents({{0, bytes.size()}}), never).digests.sha256->hex() ==
          sha256_of(bytes));
    CHECK(slices == 2);
}

TEST_CASE("a stopped run leaves a content that was not reached") {
    const PlainMedia media(Bytes(4096));
    const std::atomic<bool> stop{true};
    ContentExaminer examiner(AlgorithmSet::all());
    CHECK(examiner.examine(media.reader(), with_extents({{0, 4096}}), stop) ==
          without_hash(Status::unreadable, Reason::not_reached, 4096));
}

TEST_CASE("bytes that come from a worker are hashed when they are as many as the size, and only then") {
    ContentExaminer examiner(AlgorithmSet::all());
    const Bytes bytes = sample_media(2'500'000);
    const auto received = [&](std::size_t count, std::size_t step) {
        examiner.begin();
        for (std::size_t at = 0; at < count; at += step)
            examiner.add(ByteView(bytes).subspan(at, std::min(step, count - at)));
    };
    received(bytes.size(), 65'536);
    CHECK(examiner.finish(bytes.size(), Reason::none).digests.sha256->hex() == sha256_of(bytes));
    received(bytes.size() - 1, 10'000);
    CHECK(examiner.finish(bytes.size(), Reason::none) ==
          without_hash(Status::unreadable, Reason::damaged, bytes.size()));
    received(bytes.size(), 2'500'000);
    CHECK(examiner.finish(bytes.size() - 1, Reason::none) ==
          without_hash(Status::unreadable, Reason::damaged, bytes.size() - 1));
    received(bytes.size(), 100'000);
    CHECK(examiner.finish(bytes.size(), Reason::checksum) ==
          without_hash(Status::unreadable, Reason::checksum, bytes.size()));
    received(0, 1);
    CHECK(examiner.finish(0, Reason::none).digests.md5->hex() == "d41d8cd98f00b204e9800998ecf8427e");
}

TEST_CASE("nearly all hole is over a gigabyte of hole and less than a sixteenth of it stored") {
    const std::uint64_t gigabyte = 1ull << 30;
    CHECK(is_nearly_all_hole(with_extents({{hole, gigabyte + 1}})));
    CHECK_FALSE(is_nearly_all_hole(with_extents({{hole, gigabyte}})));
    CHECK(is_nearly_all_hole(with_extents({{0, gigabyte / 16 - 1}, {hole, gigabyte + 16}})));
    CHECK_FALSE(is_nearly_all_hole(with_extents({{0, gigabyte / 16 + 1}, {hole, gigabyte + 16}})));
    CHECK_FALSE(is_nearly_all_hole(with_extents({{0, 4 * gigabyte}})));
    Entry resident;
    resident.source = Source::resident, resident.size = 4 * gigabyte;
    CHECK_FALSE(is_nearly_all_hole(resident));
}

TEST_CASE("the list of bad clusters of NTFS is nearly all hole at any size, unless clusters are bad") {
    Entry bad = with_extents({{hole, 1 << 20}});
    bad.path = "/$BadClus", bad.stream = "$Bad", bad.is_metadata = true;
    CHECK(is_nearly_all_hole(bad));
    bad.extents = {{0, 4096}, {hole, (1 << 20) - 4096}};
    CHECK_FALSE(is_nearly_all_hole(bad));
    bad.extents = {{hole, 1 << 20}};
    bad.is_metadata = false;  // a user's stream of that name
    CHECK_FALSE(is_nearly_all_hole(bad));
}
