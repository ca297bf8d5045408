// SPDX-License-Identifier: Apache-2.0
// Real images: libewf is the oracle of their bytes, truth/NAME.tsv of their size and MD5. The images lie outside the
// repository (../shared, or where TRIAGE_SHARED points); without them these tests say so and check nothing.
#include <doctest/doctest.h>
#include <libewf.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/ewf_writer.h"

namespace triage {
const Container& ewf_container();
}

using namespace triage;
using namespace triage::ewf_test;
namespace fs = std::filesystem;

namespace {

fs::path shared_folder() {
    const char* given = std::getenv("TRIAGE_SHARED");
    return given ? fs::path(given) : fs::path(TRIAGE_SOURCE_DIR) / ".." / "shared";
}

bool has_images() {
    if (fs::is_directory(shared_folder() / "evidence" / "images")) return true;
    MESSAGE("SKIPPED: no images in " << shared_folder().native() << "; set TRIAGE_SHARED");
    return false;
}

std::string image_path(const std::string& name) { return (shared_folder() / "evidence" / "images" / name).native(); }

struct OracleBytes {
    Bytes bytes;
    bool is_known = false;
};

// The media as libewf reads it; it fills chunks whose checksum fails with zeros.
OracleBytes by_libewf(const std::vector<std::string>& paths) {
    std::vector<char*> names;
    for (const std::string& path : paths) names.push_back(const_cast<char*>(path.c_str()));
    libewf_handle_t* handle = nullptr;
    OracleBytes result;
    if (libewf_handle_initialize(&handle, nullptr) != 1) return result;
    size64_t size = 0;
    if (libewf_handle_open(handle, names.data(), static_cast<int>(names.size()), LIBEWF_OPEN_READ, nullptr) == 1 &&
        libewf_handle_get_media_size(handle, &size, nullptr) == 1) {
        result.bytes.resize(size);
        std::size_t done = 0;
        while (done < size) {
            const ssize_t got = libewf_handle_read_buffer(handle, result.bytes.data() + done, size - done, nullptr);
            if (got <= 0) break;
            done += static_cast<std::size_t>(got);
        }
        result.is_known = done == size;
        libewf_handle_close(handle, nullptr);
    }
    libewf_handle_free(&handle, nullptr);
    return result;
}

struct Truth {
    std::uint64_t size = 0;
    std::string md5;
};

// "# media<tab>size N md5 HEX ..."
Truth truth_of(const std::string& name) {
    std::ifstream file(shared_folder() / "evidence" / "truth" / (name + ".tsv"));
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string mark, what, size, md5;
        Truth truth;
        words >> mark >> what >> size >> truth.size >> md5 >> truth.md5;
        if (mark == "#" && what == "media" && size == "size" && md5 == "md5") return truth;
    }
    return {};
}

Opened opened(const std::vector<std::string>& paths) {
    auto image = open_files(ewf_container(), paths);
    REQUIRE_MESSAGE(image, (image ? "" : image.why()));
    return std::move(*image);
}

bool is_damaged_on_purpose(const std::string& name) {
    return name == "trunc-image.E01" || name == "missing-segment.E01" || name == "badchunk-emails.E01";
}

std::vector<std::string> first_segments() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(shared_folder() / "evidence" / "images")) {
        const std::string extension = entry.path().extension().native();
        if (extension == ".E01" || extension == ".e01" || extension == ".s01") names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::uint64_t sectors_lost(const Opened& image) {
    std::uint64_t lost = 0;
    for (const Problem& p : image.media.problems) lost += p.sectors.value_or(0);
    return lost;
}

}  // namespace

TEST_CASE("every intact image has libewf's bytes and the recorded size and MD5") {
    if (!has_images()) return;
    int compared = 0;
    for (const std::string& name : first_segments()) {
        if (is_damaged_on_purpose(name)) continue;
        CAPTURE(name);
        const auto paths = ewf_container().segment_paths(image_path(name));
        const Opened image = opened(paths);
        const WholeRead whole = read_all(*image.reader);
        CHECK(whole.flaws.empty());
        CHECK(image.media.problems.empty());
        const Truth truth = truth_of(name);
        CHECK(whole.bytes.size() == truth.size);
        CHECK(md5_of(whole.bytes) == truth.md5);
        for (const StoredDigest& digest : image.media.digests)
            // The writer of this image hashed bytes after the last whole sector, which the media does not have.
            if (digest.algorithm == "md5" && name != "bitlocker-win7.E01") CHECK(digest.hex == truth.md5);
        const OracleBytes oracle = by_libewf(paths);
        REQUIRE(oracle.is_known);
        CHECK(whole.bytes == oracle.bytes);
        ++compared;
    }
    CHECK(compared >= 10);
}

TEST_CASE("an image with a bad chunk differs from libewf's nowhere and names the chunk") {
    if (!has_images()) return;
    const Opened image = opened({image_path("badchunk-emails.E01")});
    const WholeRead whole = read_all(*image.reader);
    REQUIRE(whole.flaws.size() == 1);
    CHECK(whole.flaws[0].cause == BadRangeCause::checksum);
    CHECK(whole.flaws[0].length == 32768);
    const Opened sound = opened({image_path("nps-2010-emails.E01")});
    CHECK(is_honest(whole, read_all(*sound.reader).bytes));
    const OracleBytes oracle = by_libewf({image_path("badchunk-emails.E01")});
    if (oracle.is_known) CHECK(is_honest(whole, oracle.bytes));
}

TEST_CASE("of a set whose second segment is absent the first is read and the rest named") {
    if (!has_images()) return;
    const Opened image = opened({image_path("missing-segment.E01")});
    const WholeRead whole = read_all(*image.reader);
    CHECK(whole.bytes.size() == 1474560);
    CHECK(whole.flaws ==
          ReadFlaws{{1015808, 458752, BadRangeCause::missing, "segment 2 and any after it are missing"}});
    CHECK(sectors_lost(image) == 896);
    const Opened sound = opened(ewf_container().segment_paths(image_path("image-split.E01")));
    CHECK(is_honest(whole, read_all(*sound.reader).bytes));
}

TEST_CASE("an image cut before its table says that nothing can be read") {
    if (!has_images()) return;
    const Opened image = opened({image_path("trunc-image.E01")});
    const WholeRead whole = read_all(*image.reader);
    REQUIRE(whole.flaws.size() == 1);
    CHECK(whole.flaws[0].length == 102400);
    CHECK(whole.flaws[0].cause == BadRangeCause::missing);
    CHECK(sectors_lost(image) == 200);
}

TEST_CASE("an L01 is refused with the reason") {
    if (!has_images()) return;
    const auto image = open_files(ewf_container(), {image_path("lab-logical.L01")});
    REQUIRE_FALSE(image);
    CHECK(image.why() == "logical evidence (L01) is not supported");
}

TEST_CASE("a flipped bit in an uncompressed chunk is a reported range, not zeros") {
    const fs::path packed = shared_folder() / "robustness" / "cases" / "e01-chunk-bitflip-wrong-hash.E01.gz";
    if (!fs::exists(packed)) {
        MESSAGE("SKIPPED: no " << packed.native());
        return;
    }
    const Folder folder;
    const std::string path = folder.path("image.E01");
    REQUIRE(std::system(("gzip -dc '" + packed.native() + "' > '" + path + "'").c_str()) == 0);
    const Opened image = opened({path});
    const WholeRead whole = read_all(*image.reader);
    REQUIRE(whole.flaws.size() == 1);
    CHECK(whole.flaws[0].length == 32768);
    CHECK(whole.flaws[0].cause == BadRangeCause::checksum);
    CHECK(whole.flaws[0].detail.find("Adler-32 differs") != std::string::npos);
    const OracleBytes oracle = by_libewf({path});
    REQUIRE(oracle.is_known);
    CHECK(whole.bytes == oracle.bytes);  // both fill the chunk with zeros, but here the range is named
}
