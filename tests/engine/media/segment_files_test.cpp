// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <random>
#include <thread>

#include "tests/support/ewf_writer.h"

using namespace triage;
using namespace triage::ewf_test;

namespace {

std::vector<Segment> identified(const std::vector<std::string>& paths) {
    auto segments = SegmentFiles::identify(paths);
    REQUIRE(segments);
    return *segments;
}

std::string why(const Result<std::vector<Segment>>& result) { return result ? "identified" : result.why(); }

std::string reading(const SegmentFiles& files, std::uint32_t index, std::uint64_t position, std::size_t size) {
    Bytes out(size);
    const auto failure = files.read(index, position, out);
    return failure ? failure->why : "read";
}

}  // namespace

TEST_CASE("what is not a file or a block device cannot be identified") {
    const Folder folder;
    CHECK(why(SegmentFiles::identify({folder.path("")})) == folder.path("") + ": is a directory, not an image");
    CHECK(why(SegmentFiles::identify({folder.path("none")})) == folder.path("none") + ": No such file or directory");
    REQUIRE(mkfifo(folder.path("pipe").c_str(), 0600) == 0);
    CHECK(why(SegmentFiles::identify({folder.path("pipe")})) ==
          folder.path("pipe") + ": not a regular file or a block device");
    CHECK(why(SegmentFiles::identify({"/dev/zero"})) == "/dev/zero: not a regular file or a block device");
}

TEST_CASE("a read is complete or fails with the reason") {
    const Folder folder;
    const SegmentFiles files(identified({folder.save("a", as_bytes("0123456789"))}));
    Bytes out(4);
    CHECK_FALSE(files.read(0, 3, out));
    CHECK(as_text(out) == "3456");
    CHECK(reading(files, 0, 7, 4) == "the file ends early");
    CHECK(reading(files, 0, ~std::uint64_t{0}, 4) == "the file ends early");
    CHECK(reading(files, 1, 0, 1) == "no such segment");
}

TEST_CASE("a file that was replaced, shortened or removed after identification fails to open") {
    const Folder folder;
    const std::string path = folder.save("a", as_bytes("0123456789"));
    const auto segments = identified({path});
    std::filesystem::resize_file(path, 5);
    CHECK(reading(SegmentFiles(segments), 0, 0, 4) ==
          "its size was 10 bytes when the evidence was opened and is 5 now");
    folder.save("b", as_bytes("0123456789"));
    std::filesystem::rename(folder.path("b"), path);
    CHECK(reading(SegmentFiles(segments), 0, 0, 4) == "another file stands in its place since the evidence was opened");
    std::filesystem::remove(path);
    CHECK(reading(SegmentFiles(segments), 0, 0, 4) == "No such file or directory");
}

TEST_CASE("a file that shrinks while it is open ends early") {
    const Folder folder;
    const std::string path = folder.save("a", as_bytes("0123456789"));
    SegmentFiles files(identified({path}));
    REQUIRE(files.open_all());
    std::filesystem::resize_file(path, 5);
    CHECK(reading(files, 0, 2, 3) == "read");
    CHECK(reading(files, 0, 2, 4) == "the file ends early");
}

TEST_CASE("all segments are opened when they fit and reopened on demand when they do not") {
    const Folder folder;
    std::vector<std::string> paths;
    for (char c = 'a'; c < 'h'; ++c) paths.push_back(folder.save(std::string(1, c), as_bytes(std::string(100, c))));
    SegmentFiles fits(identified(paths));
    CHECK(fits.open_all());
    SegmentFiles limited(identified(paths), 2);
    CHECK_FALSE(limited.open_all());
    for (std::uint32_t round = 0; round < 3; ++round)
        for (std::uint32_t i = 0; i < paths.size(); ++i) {
            Bytes out(1);
            CHECK_FALSE(limited.read(i, 50, out));
            CHECK(out[0] == static_cast<std::byte>('a' + i));
        }
}

TEST_CASE("an observer hears of each wait, for the opening of a file and for a read of it") {
    const Folder folder;
    SegmentFiles files(identified({folder.save("a", as_bytes("0123456789")), folder.save("b", as_bytes("b"))}));
    std::string heard;
    files.observe({[&](std::uint64_t bytes) { heard += std::to_string(bytes) + "("; }, [&] { heard += ") "; }});
    CHECK(files.open_all());
    CHECK(heard == "0() 0() ");
    heard.clear();
    CHECK(reading(files, 0, 3, 4) == "read");
    CHECK(reading(files, 0, 8, 4) == "the file ends early");
    CHECK(heard == "4() 4() 4() ");  // what failed is tried twice
}

TEST_CASE("many threads share two descriptors among many files") {
    const Folder folder;
    std::vector<std::string> paths;
    for (int i = 0; i < 20; ++i) paths.push_back(folder.save(std::to_string(i), Bytes(64, static_cast<std::byte>(i))));
    const SegmentFiles files(identified(paths), 2);
    std::atomic<int> wrong{0};  // counts reads that were not right
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            std::mt19937 random(t);
            for (int i = 0; i < 500; ++i) {
                const auto index = static_cast<std::uint32_t>(random() % paths.size());
                Bytes out(8);
                if (files.read(index, 8, out) || out != Bytes(8, static_cast<std::byte>(index))) ++wrong;
            }
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == 0);
}
