// SPDX-License-Identifier: Apache-2.0
#include "engine/media/media_reader.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "tests/support/ewf_writer.h"
#include "tests/support/faults.h"

namespace triage {
const Container& ewf_container();
}

using namespace triage;
using namespace triage::ewf_test;
using namespace triage::test;

namespace {

constexpr std::size_t chunk_size = 2048;  // of the test writer

std::shared_ptr<SegmentFiles> files_of(const std::vector<std::string>& paths) {
    auto segments = SegmentFiles::identify(paths);
    REQUIRE(segments);
    return std::make_shared<SegmentFiles>(*segments);
}

BlockMap plain_map(std::uint64_t size) {
    BlockMap map;
    map.media_size = size;
    map.runs.emplace_back();
    map.runs[0].length = size;
    return map;
}

Opened opened(const std::vector<std::string>& paths) {
    auto result = open_files(ewf_container(), paths);
    REQUIRE_MESSAGE(result, (result ? "" : result.why()));
    return std::move(*result);
}

Bytes slice(ByteView bytes, std::size_t offset, std::size_t length) {
    const ByteView part = bytes.subspan(offset, length);
    return {part.begin(), part.end()};
}

// Where chunk `n` of a one-table image stands in the file.
std::size_t chunk_position(const EwfSegment& segment, std::size_t n) {
    for (const EwfSection& s : segment.sections)
        if (s.type == "table") {
            const auto base = *load_le<std::uint64_t>(segment.bytes, s.start + 76 + 8);
            return base + (*load_le<std::uint32_t>(segment.bytes, s.start + 100 + 4 * n) & 0x7fffffff);
        }
    return 0;
}

}  // namespace

TEST_CASE("plain bytes, zeros and missing bytes are read through one map") {
    const Folder folder;
    BlockMap map;
    map.media_size = 30;
    map.runs.resize(3);
    for (std::size_t i = 0; i < 3; ++i) {
        map.runs[i].offset = i * 10;
        map.runs[i].length = 10;
    }
    map.runs[1].encoding = Encoding::zero;
    map.runs[2].encoding = Encoding::missing;
    map.runs[2].reason = "segment 2 is missing";
    const MediaReader reader(map, files_of({folder.save("a", as_bytes("0123456789"))}));
    Bytes out(40, std::byte{'x'});
    BlockWindow window;
    const ReadFlaws flaws = reader.read(5, out, window);
    CHECK(as_text(out) == std::string("56789") + std::string(35, '\0'));
    CHECK(flaws == ReadFlaws{{20, 10, BadRangeCause::missing, "segment 2 is missing"},
                             {30, 15, BadRangeCause::outside, "past the end of the media"}});
    CHECK(reader.bytes_read() == 40);
}

TEST_CASE("a bad sector of a raw media costs its own bytes only") {
    const Folder folder;
    const Bytes media = sample_media(300'000);
    MediaReader reader(plain_map(media.size()), files_of({folder.save("a", media)}));
    reader.inject_faults(failing_at({512 * 250 + 17, 512 * 250 + 18}));
    const WholeRead whole = read_all(reader);
    CHECK(whole.flaws == ReadFlaws{{512 * 250, 512, BadRangeCause::read_error, "segment 1: Input/output error"}});
    CHECK(is_honest(whole, media));
    BlockWindow window;
    Bytes out(100);
    CHECK(reader.read(512 * 250 - 50, out, window) ==
          ReadFlaws{{512 * 250, 50, BadRangeCause::read_error, "segment 1: Input/output error"}});
}

namespace {

// Counts reads by where they begin.
SegmentFiles::FaultyPread counting(std::map<std::uint64_t, int>& tries, SegmentFiles::FaultyPread then) {
    return [&tries, then = std::move(then)](std::uint32_t segment, std::uint64_t position, MutableBytes out,
                                            const SegmentFiles::Pread& real) {
        ++tries[position];
        return then(segment, position, out, real);
    };
}

// The first read that begins at a multiple of `step` fails, or would reach it and stops short; the next does not.
SegmentFiles::FaultyPread failing_once_each(std::set<std::uint64_t>& seen, std::uint64_t step) {
    return [&seen, step](std::uint32_t, std::uint64_t position, MutableBytes out, const SegmentFiles::Pread& real) {
        if (position % step == 0 && seen.insert(position).second) return read_error();
        return real(position,
                    out.first(static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), step - position % step))));
    };
}

}  // namespace

TEST_CASE("of media that fail like a disk each bad sector is tried twice, and no other byte is lost") {
    const Folder folder;
    const Bytes media = sample_media(3 << 20);
    const std::vector<ByteRange> bad{
        {512, 1024}, {300'032, 301'056}, {1 << 20, (1 << 20) + 512}, {2'999'808, 3'000'320}};
    ReadFlaws wanted;
    for (const ByteRange& range : bad)
        wanted.push_back(
            {range.begin, range.end - range.begin, BadRangeCause::read_error, "segment 1: Input/output error"});
    for (const std::size_t step : {std::size_t{1} << 20, std::size_t{3} << 20, std::size_t{70'000}}) {
        MediaReader reader(plain_map(media.size()), files_of({folder.save("a", media)}));
        std::map<std::uint64_t, int> tries;
        reader.inject_faults(counting(tries, failing_like_a_disk(bad)));
        WholeRead whole = read_all(reader, step);
        ReadFlaws found;
        for (BadRange& flaw : whole.flaws) append(found, std::move(flaw));
        CHECK(found == wanted);
        CHECK(is_honest(whole, media));
        if (step == 70'000) continue;  // reads that end within a bad sector try it again
        for (const ByteRange& range : bad)
            for (std::uint64_t sector = range.begin; sector < range.end; sector += 512) CHECK(tries[sector] == 2);
    }
}

TEST_CASE("what fails once is read, of plain files and of chunks") {
    const Folder folder;
    const Bytes media = sample_media(300 * chunk_size);
    const Opened image = opened(save_set(folder, write_ewf(media)));
    MediaReader plain(plain_map(media.size()), files_of({folder.save("a", media)}));
    for (MediaReader* reader : {&plain, image.reader.get()})
        for (const std::size_t step : {std::size_t{5000}, std::size_t{1} << 20}) {
            std::set<std::uint64_t> seen;
            reader->inject_faults(failing_once_each(seen, 512));
            const WholeRead whole = read_all(*reader, step);
            CHECK(whole.flaws.empty());
            CHECK(whole.bytes == media);
            CHECK(seen.size() > 100);
        }
}

TEST_CASE("short, interrupted and slow reads give every byte") {
    const Folder folder;
    const Bytes media = sample_media(20 * chunk_size);
    const Opened image = opened(save_set(folder, write_ewf(media)));
    MediaReader plain(plain_map(media.size()), files_of({folder.save("a", media)}));
    for (MediaReader* reader : {&plain, image.reader.get()}) {
        std::mt19937 random(7);
        reader->inject_faults([&](std::uint32_t, std::uint64_t position, MutableBytes out,
                                  const SegmentFiles::Pread& real) -> std::ptrdiff_t {
            if (random() % 3 == 0) return errno = EINTR, -1;
            if (random() % 50 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
            return real(position, out.first(std::min<std::size_t>(out.size(), 1 + random() % 600)));
        });
        const WholeRead whole = read_all(*reader, 10'000);
        CHECK(whole.flaws.empty());
        CHECK(whole.bytes == media);
    }
}

TEST_CASE("bytes that change while they are read are found out by the checksum of their chunk, where there is one") {
    const Folder folder;
    const Bytes media = sample_media(8 * chunk_size);
    EwfOptions options;
    options.chunks_per_table = 8;
    const auto segments = write_ewf(media, options);
    const Opened image = opened(save_set(folder, segments));
    const std::uint64_t changed = chunk_position(segments[0], 6) + 20;
    image.reader->inject_faults(
        [&](std::uint32_t, std::uint64_t position, MutableBytes out, const SegmentFiles::Pread& real) {
            const std::ptrdiff_t got = real(position, out);
            if (position <= changed && changed < position + out.size()) out[changed - position] ^= std::byte{1};
            return got;
        });
    const WholeRead whole = read_all(*image.reader);
    REQUIRE(whole.flaws.size() == 1);
    CHECK(whole.flaws[0].offset == 6 * chunk_size);
    CHECK(whole.flaws[0].length == chunk_size);
    CHECK(whole.flaws[0].cause == BadRangeCause::checksum);
    CHECK(is_honest(whole, media));
}

TEST_CASE("after a stop nothing that failed is tried again") {
    const Folder folder;
    const Bytes media = sample_media(1 << 20);
    MediaReader reader(plain_map(media.size()), files_of({folder.save("a", media)}));
    std::atomic<bool> stop{false};
    reader.heed(stop);
    int tries = 0;
    reader.inject_faults([&](std::uint32_t, std::uint64_t, MutableBytes, const SegmentFiles::Pread&) {
        stop = ++tries == 3;
        return read_error();
    });
    CHECK(read_all(reader).flaws ==
          ReadFlaws{{0, 512, BadRangeCause::read_error, "segment 1: Input/output error"},
                    {512, media.size() - 512, BadRangeCause::read_error, "segment 1: not tried: the run was stopped"}});
    CHECK(tries == 3);
}

TEST_CASE("a dead disk costs its limit of time and few reads more, and all of it is told") {
    const Folder folder;
    const Bytes media(64 << 20);
    const std::string path = folder.save("a", media);
    const auto segments = SegmentFiles::identify({path});
    REQUIRE(segments);
    Patience::Limits limits;
    limits.failing = std::chrono::milliseconds(20);
    MediaReader reader(plain_map(media.size()), std::make_shared<SegmentFiles>(*segments, 0, limits));
    int tries = 0;
    reader.inject_faults([&](std::uint32_t, std::uint64_t, MutableBytes, const SegmentFiles::Pread&) {
        ++tries;
        std::this_thread::sleep_for(std::chrono::milliseconds(3));
        return read_error();
    });
    const WholeRead whole = read_all(reader, 256 << 10);
    CHECK(tries < 30);
    std::uint64_t missing = 0;
    bool is_told = false;
    for (const BadRange& flaw : whole.flaws) {
        missing += flaw.length;
        is_told |= flaw.detail == "segment 1: not tried: reads that fail had taken too long";
    }
    CHECK(missing == media.size());
    CHECK(is_told);
}

TEST_CASE("a raw file that has become shorter reports the bytes that are gone") {
    const Folder folder;
    const std::string path = folder.save("a", Bytes(4096, std::byte{1}));
    const auto files = files_of({path});
    REQUIRE(files->open_all());
    std::filesystem::resize_file(path, 3000);
    const MediaReader reader(plain_map(4096), files);
    const WholeRead whole = read_all(reader);
    CHECK(whole.flaws == ReadFlaws{{3000, 1096, BadRangeCause::read_error, "segment 1: the file ends early"}});
}

TEST_CASE("chunks are decoded and checked whatever the ranges asked for") {
    const Folder folder;
    const Bytes media = sample_media(50 * chunk_size + 512);
    const Opened image = opened(save_set(folder, write_ewf(media)));
    for (const std::size_t step : {std::size_t{100}, std::size_t{2048}, std::size_t{5000}, std::size_t{1} << 20}) {
        const WholeRead whole = read_all(*image.reader, step);
        CHECK(whole.flaws.empty());
        CHECK(whole.bytes == media);
    }
}

namespace {

// Pages of the file that are in memory. Nothing when the file system does not let go of them.
std::optional<std::size_t> resident_pages(const std::string& path, bool let_go) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    REQUIRE(fd >= 0);
    if (let_go) ::fsync(fd), ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    struct stat s {};
    ::fstat(fd, &s);
    const auto size = static_cast<std::size_t>(s.st_size);
    void* mapping = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
    std::vector<unsigned char> pages((size + 4095) / 4096);
    ::mincore(mapping, size, pages.data());
    ::munmap(mapping, size);
    ::close(fd);
    const auto count =
        static_cast<std::size_t>(std::count_if(pages.begin(), pages.end(), [](unsigned char p) { return p & 1; }));
    if (let_go && count > 0) return std::nullopt;
    return count;
}

}  // namespace

TEST_CASE("what will be needed is fetched, of plain files and of chunks, and counts as no read") {
    const Folder folder;
    const Bytes media = sample_media(4 << 20);
    const std::string raw = folder.save("media.raw", media);
    const std::vector<std::string> set = save_set(folder, write_ewf(media));
    const Opened image = opened(set);
    const MediaReader plain(plain_map(media.size()), files_of({raw}));
    const std::pair<const MediaReader*, std::string> both[] = {{&plain, raw}, {image.reader.get(), set[0]}};
    for (const auto& [reader, path] : both) {
        const std::uint64_t read_before = reader->bytes_read();
        if (!resident_pages(path, true)) {
            MESSAGE("SKIPPED: this file system keeps its pages in memory");
            continue;
        }
        BlockWindow window;
        reader->will_need(1 << 20, 2 << 20, window);
        reader->will_need(media.size() - 10, 1 << 20, window);  // beyond the end
        std::size_t pages = 0;
        for (int i = 0; i < 500 && pages < 256; ++i) {
            pages = resident_pages(path, false).value();
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        CHECK(pages >= 256);
        CHECK(reader->bytes_read() == read_before);
    }
}

TEST_CASE("a damaged chunk costs exactly its bytes within the range asked for") {
    const Folder folder;
    const Bytes media = sample_media(8 * chunk_size);
    for (const Packing packing : {Packing::plain, Packing::deflate}) {
        EwfOptions options;
        options.packing = packing;
        options.chunks_per_table = 8;
        auto segments = write_ewf(media, options);
        segments[0].bytes[chunk_position(segments[0], 3) + 20] ^= std::byte{0x10};
        const Opened image = opened(save_set(folder, segments));
        const std::string why =
            packing == Packing::plain ? "Adler-32 differs" : "compressed data or its Adler-32 is damaged";
        const std::string detail = "segment 1, chunk 3: " + why;
        const WholeRead whole = read_all(*image.reader);
        CHECK(whole.flaws == ReadFlaws{{3 * chunk_size, chunk_size, BadRangeCause::checksum, detail}});
        CHECK(is_honest(whole, media));
        BlockWindow window;
        Bytes out(3000, std::byte{1});
        for (int again = 0; again < 2; ++again)  // the second answer comes from the window
            CHECK(image.reader->read(3 * chunk_size + 1000, out, window) ==
                  ReadFlaws{{3 * chunk_size + 1000, 1048, BadRangeCause::checksum, detail}});
        CHECK(slice(out, 1048, 1952) == slice(media, 4 * chunk_size, 1952));
    }
}

TEST_CASE("one chunk of a batch that cannot be read does not spoil its neighbours") {
    const Folder folder;
    const Bytes media = sample_media(8 * chunk_size);
    EwfOptions options;
    options.chunks_per_table = 8;
    const auto segments = write_ewf(media, options);
    Opened image = opened(save_set(folder, segments));
    const std::uint64_t bad = chunk_position(segments[0], 5) + 1;
    image.reader->inject_faults(failing_at({bad, bad + 1}));
    const WholeRead whole = read_all(*image.reader);
    CHECK(whole.flaws ==
          ReadFlaws{{5 * chunk_size, chunk_size, BadRangeCause::read_error, "segment 1, chunk 5: Input/output error"}});
    CHECK(is_honest(whole, media));
}

TEST_CASE("chunks that cannot be read are tried twice each, however many are read at once") {
    const Folder folder;
    const Bytes media = sample_media(400 * chunk_size);
    EwfOptions options;
    options.packing = Packing::plain;
    options.chunks_per_table = 400;
    const auto segments = write_ewf(media, options);
    Opened image = opened(save_set(folder, segments));
    std::vector<ByteRange> bad;
    ReadFlaws wanted;
    for (const std::size_t n : {3, 90, 91, 250}) {
        const std::uint64_t at = chunk_position(segments[0], n) + 100;
        bad.push_back({at, at + 10});
        wanted.push_back({n * chunk_size, chunk_size, BadRangeCause::read_error,
                          fmt::format("segment 1, chunk {}: Input/output error", n)});
    }
    int failures = 0;
    image.reader->inject_faults(
        [&](std::uint32_t segment, std::uint64_t position, MutableBytes out, const SegmentFiles::Pread& real) {
            const std::ptrdiff_t got = failing_like_a_disk(bad)(segment, position, out, real);
            failures += got < 0;
            return got;
        });
    const WholeRead whole = read_all(*image.reader);
    CHECK(whole.flaws == wanted);
    CHECK(is_honest(whole, media));
    CHECK(failures == 2 * 4);
    // A small read of a bad chunk, which is read alone.
    BlockWindow window;
    Bytes out(10);
    for (int again = 0; again < 2; ++again) CHECK(image.reader->read(3 * chunk_size, out, window).size() == 1);
    CHECK(failures == 2 * 4 + 2);
}

TEST_CASE("a window that served another media gives no stale bytes") {
    const Folder folder;
    const Bytes first = sample_media(8 * chunk_size, 1);
    const Bytes second = sample_media(8 * chunk_size, 2);
    const Opened a = opened(save_set(folder, write_ewf(first), "a"));
    const Opened b = opened(save_set(folder, write_ewf(second), "b"));
    BlockWindow window(2);
    Bytes out(100);
    for (std::size_t at = 0; at + 100 < first.size(); at += 700) {
        CHECK(a.reader->read(at, out, window).empty());
        CHECK(out == slice(first, at, 100));
        CHECK(b.reader->read(at, out, window).empty());
        CHECK(out == slice(second, at, 100));
    }
}

TEST_CASE("of two damaged tables only entries on which both agree are believed") {
    const Folder folder;
    const Bytes media = sample_media(8 * chunk_size);
    EwfOptions options;
    options.chunks_per_table = 8;
    auto segments = write_ewf(media, options);
    for (const EwfSection& s : segments[0].sections) {
        if (s.type == "table") segments[0].bytes[s.start + 100 + 4 * 2] ^= std::byte{4};
        if (s.type == "table2") segments[0].bytes[s.start + 100 + 4 * 6] ^= std::byte{4};
    }
    const Opened image = opened(save_set(folder, segments));
    const WholeRead whole = read_all(*image.reader);
    CHECK(is_honest(whole, media));
    std::vector<std::uint64_t> lost;
    for (const BadRange& flaw : whole.flaws) lost.push_back(flaw.offset / chunk_size);
    CHECK(lost == std::vector<std::uint64_t>{1, 2, 5, 6});  // an entry also says where the chunk before it ends
}

TEST_CASE("threads with their own windows read the same bytes") {
    const Folder folder;
    const Bytes media = sample_media(200 * chunk_size);
    EwfOptions options;
    options.chunks_per_segment = 50;
    const auto paths = save_set(folder, write_ewf(media, options));
    for (const std::size_t capacity : {std::size_t{0}, std::size_t{2}}) {
        auto image = open_files(ewf_container(), paths, capacity);
        REQUIRE(image);
        std::atomic<int> wrong{0};  // counts reads that were not right
        std::vector<std::thread> threads;
        for (unsigned t = 0; t < 4; ++t)
            threads.emplace_back([&, t] {
                std::mt19937 random(t);
                BlockWindow window;
                for (int i = 0; i < 300; ++i) {
                    const std::size_t offset = random() % media.size();
                    Bytes out(std::min<std::size_t>(random() % 9000, media.size() - offset));
                    if (!image->reader->read(offset, out, window).empty()) ++wrong;
                    if (out != slice(media, offset, out.size())) ++wrong;
                }
            });
        for (std::thread& thread : threads) thread.join();
        CHECK(wrong == 0);
    }
}
