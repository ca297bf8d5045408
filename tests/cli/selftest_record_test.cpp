// SPDX-License-Identifier: Apache-2.0
#include "cli/selftest_record.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "cli/selftest_images.h"
#include "engine/base/error.h"
#include "tests/engine/case/sample_case.h"

namespace triage {
namespace {

SelftestRecord record_of(const std::string& found) {
    SelftestPart part{"disk.img", "a disk", {}, "MATCH; 2 entries", "MATCH; 1 entries"};
    part.expect("/a", "listed", "listed");
    part.expect("/b\x1b[2J", "listed", found);
    return {{{"version", "1"}}, {{"kernel", "Linux"}}, {part}, {"nothing else"}};
}

std::string thrown_by(const std::string& folder) {
    try {
        read_expectations(folder);
    } catch (const Error& error) {
        return error.what();
    }
    return "nothing";
}

TEST_CASE("a record says that all is as expected only when every check holds") {
    CHECK(record_of("listed").failed() == 0);
    CHECK(as_text(record_of("listed")).find("Result: AS EXPECTED: all 2 checks hold") != std::string::npos);
    CHECK(record_of("gone").failed() == 1);
    CHECK(as_text(record_of("gone")).find("Result: NOT AS EXPECTED: 1 of 2 checks do not hold") != std::string::npos);
    CHECK(as_text(record_of("gone")).find("AS EXPECTED: all") == std::string::npos);
}

TEST_CASE("the JSON of a record holds every check") {
    CHECK(as_json(record_of("gone")) ==
          R"({"as_expected":false,"checks":2,"failed":1,"build":{"version":"1"},"machine":{"kernel":"Linux"},"parts":[)"
          R"({"name":"disk.img","shows":"a disk","failed":1,"checks":[)"
          R"({"what":"/a","expected":"listed","found":"listed","holds":true},)"
          R"({"what":"/b\u001b[2J","expected":"listed","found":"gone","holds":false}]}],"limits":["nothing else"]})");
}

TEST_CASE("a record drives no terminal, whatever an image's names are") {
    CHECK(as_text(record_of("gone")).find('\x1b') == std::string::npos);
    CHECK(as_text(record_of("gone")).find("/b\\x1b[2J") != std::string::npos);
}

TEST_CASE("expectations are refused where they make no sense") {
    const sample::Folder folder;
    CHECK(thrown_by(folder.path()) == folder.path() + ": holds no image with an expectation");
    const std::string truth = folder.path() + "/a.img.truth.tsv";
    const auto write = [&](const char* text) { std::ofstream(truth) << text; };
    write("# verdict MATCH\n-\t/a\t\t3\tallocated\tnone\tnone\n");
    CHECK(thrown_by(folder.path()) == truth + ": a line has 7 cells instead of 8");
    write("-\t/a\t\t3\tallocated\tnone\tnone\tnone\n");
    CHECK(thrown_by(folder.path()) == truth + ": says no verdict");
    write("# verdict MATCH\n");
    CHECK(thrown_by(folder.path()) == folder.path() + "/a.img: is not there, but an expectation of it is");
}

TEST_CASE("the carried images come out with their expectations, holes as holes") {
    const sample::Folder folder;
    unpack_carried_images(folder.path());
    const auto expectations = read_expectations(folder.path());
    CHECK(expectations.size() > 20);
    for (const Expectation& expectation : expectations) {
        CHECK_MESSAGE(!expectation.shows.empty(), expectation.image);
        CHECK_MESSAGE(std::filesystem::file_size(folder.path() + "/" + expectation.image) > 0, expectation.image);
    }
    CHECK(std::filesystem::file_size(folder.path() + "/fat32.img") == 36u << 20);
    CHECK(carried_images().size() < 300u << 10);
}

}  // namespace
}  // namespace triage
