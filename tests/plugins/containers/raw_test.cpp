// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include "tests/support/ewf_writer.h"

namespace triage {
const Container& raw_container();
}

using namespace triage;
using namespace triage::ewf_test;

namespace {

// Names of the set of `given` among files of these names.
std::vector<std::string> set_of(const std::string& given, const std::vector<std::string>& names) {
    const Folder folder;
    for (const std::string& name : names) folder.save(name, as_bytes(name));
    std::vector<std::string> set;
    for (const std::string& path : raw_container().segment_paths(folder.path(given)))
        set.push_back(std::filesystem::path(path).filename().native());
    return set;
}

using Names = std::vector<std::string>;

Result<Opened> open_named(const Folder& folder, const Names& names) {
    std::vector<std::string> paths;
    for (const std::string& name : names) paths.push_back(folder.path(name));
    return open_files(raw_container(), paths);
}

std::string text_of(const Opened& image) { return std::string(as_text(read_all(*image.reader).bytes)); }

}  // namespace

TEST_CASE("any segment of a split raw image finds its set in order") {
    const Names digits{"d.001", "d.002", "d.003"};
    for (const std::string& given : digits) CHECK(set_of(given, digits) == digits);
    CHECK(set_of("d.001", {"d.000", "d.001"}) == Names{"d.000", "d.001"});
    CHECK(set_of("d.01", {"d.00", "d.01"}) == Names{"d.00", "d.01"});
    CHECK(set_of("d.ab", {"d.aa", "d.ab", "d.ac"}) == Names{"d.aa", "d.ab", "d.ac"});
    CHECK(set_of("d.001", {"d.001", "d.003"}) == Names{"d.001", "d.003"});
    CHECK(set_of("d.003", {"d.002", "d.003"}) == Names{"d.002", "d.003"});
}

TEST_CASE("neighbours with other stems, widths or plain extensions are not segments") {
    CHECK(set_of("d.001", {"d.001", "e.002", "d.0002", "d.02", "d.txt"}) == Names{"d.001"});
    CHECK(set_of("report.00", {"report.00", "report.txt"}) == Names{"report.00"});
    CHECK(set_of("foo.aa", {"foo.aa", "foo.py", "foo.md"}) == Names{"foo.aa"});
    CHECK(set_of("foo.py", {"foo.aa", "foo.ab", "foo.py"}) == Names{"foo.py"});
    CHECK(set_of("backup.2023", {"backup.2022", "backup.2023"}) == Names{"backup.2023"});
    CHECK(set_of("image.dd", {"image.dd", "image.001"}) == Names{"image.dd"});
    CHECK(set_of("image", {"image", "image.001"}) == Names{"image"});
}

TEST_CASE("segments of any size are one media, whose size need not be whole sectors") {
    const Folder folder;
    folder.save("d.001", as_bytes(std::string(1000, 'a')));
    folder.save("d.002", as_bytes(std::string(1000, 'b')));
    folder.save("d.003", as_bytes(std::string(7, 'c')));
    const auto image = open_named(folder, {"d.001", "d.002", "d.003"});
    REQUIRE(image);
    CHECK(image->media.map.media_size == 2007);
    CHECK(text_of(*image) == std::string(1000, 'a') + std::string(1000, 'b') + std::string(7, 'c'));
    CHECK(image->media.problems.empty());
    CHECK(image->media.format == "raw");
    CHECK(image->media.description == "split raw, 3 segments");
}

TEST_CASE("what comes before a missing segment is used, and the missing one is named") {
    const Folder folder;
    for (const char* name : {"d.001", "d.002", "d.004", "d.005"}) folder.save(name, as_bytes(name));
    const auto image = open_named(folder, {"d.001", "d.002", "d.004", "d.005"});
    REQUIRE(image);
    CHECK(text_of(*image) == "d.001d.002");
    REQUIRE(image->media.problems.size() == 1);
    CHECK(image->media.problems[0].kind == ProblemKind::damaged);
    CHECK(image->media.problems[0].detail ==
          "segment 3 is missing; what comes before is used, the 2 files after it are not");
    CHECK_FALSE(image->media.problems[0].is_lossless);
}

TEST_CASE("a set without its beginning cannot be placed; a file alone with a later number says so") {
    const Folder folder;
    folder.save("d.002", as_bytes("two"));
    folder.save("d.003", as_bytes("three"));
    const auto set = open_named(folder, {"d.002", "d.003"});
    REQUIRE_FALSE(set);
    CHECK(set.why() == "segment 1 is missing: where the others belong is unknown");
    const auto alone = open_named(folder, {"d.003"});
    REQUIRE(alone);
    CHECK(text_of(*alone) == "three");
    REQUIRE(alone->media.problems.size() == 1);
    CHECK(alone->media.problems[0].detail == "its name is that of a later segment; segments 1 to 2 are missing");
}

TEST_CASE("an empty file cannot be opened, and an empty segment is a problem") {
    const Folder folder;
    folder.save("d.001", {});
    const auto empty = open_named(folder, {"d.001"});
    REQUIRE_FALSE(empty);
    CHECK(empty.why() == "the file is empty");
    folder.save("d.002", as_bytes("two"));
    const auto image = open_named(folder, {"d.001", "d.002"});
    REQUIRE(image);
    CHECK(text_of(*image) == "two");
    REQUIRE(image->media.problems.size() == 1);
    CHECK(image->media.problems[0].detail == "segment 1 is empty");
}

TEST_CASE("every file is recognised as raw") {
    CHECK(raw_container().recognises("x", {}));
    CHECK(raw_container().name() == "raw");
}

TEST_CASE("the shared split floppy has the recorded MD5 whichever segment is given") {
    const char* given = std::getenv("TRIAGE_SHARED");
    const std::string images = (given ? std::string(given) : TRIAGE_SOURCE_DIR "/../shared") + "/evidence/images/";
    if (!std::filesystem::exists(images + "lab-fat12-split.001")) {
        MESSAGE("SKIPPED: no images in " << images << "; set TRIAGE_SHARED");
        return;
    }
    for (const char* name : {"lab-fat12-split.001", "lab-fat12-split.003"}) {
        const auto image = open_files(raw_container(), raw_container().segment_paths(images + name));
        REQUIRE(image);
        CHECK(image->media.problems.empty());
        CHECK(md5_of(read_all(*image->reader).bytes) == "22b85021d930ca690d94602d3db89355");
    }
}
