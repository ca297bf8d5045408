// SPDX-License-Identifier: Apache-2.0
#include "config/case_info_file.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "engine/base/error.h"
#include "tests/support/scratch_file.h"

using namespace triage;

namespace {

std::string read(const std::string& yaml) {
    const test::ScratchFile file(yaml, ".yaml");
    try {
        std::string all;
        for (const CaseInfoGiven& given : read_case_info_file(file.path()))
            all += fmt::format("{}|{}|{}|{}\n", given.exhibit, given.key, given.value,
                               given.where.substr(file.path().size()));
        return all;
    } catch (const Error& error) {
        return std::string(error.what()).substr(file.path().size());
    }
}

}  // namespace

TEST_CASE("a file gives values of the case and of exhibits, each with its place") {
    CHECK(read("operator: PC 17\nexhibits:\n  AB/1:\n    note: \"two: lines\"\n  stick.img: {description: x}\n") ==
          "|operator|PC 17|, line 1, column 1\n"
          "AB/1|note|two: lines|, line 4, column 5\n"
          "stick.img|description|x|, line 5, column 15\n");
}

TEST_CASE("what is no text is refused with its place") {
    CHECK(read("operator: [a]\n") == ", line 1, column 11: \"operator\" is a text; found a list");
    CHECK(read("- a\n") == ", line 1, column 1: expected a map of keys; found a list");
    CHECK(read("exhibits: x\n") == ", line 1, column 11: exhibits is a map by reference; found a value");
    CHECK(read("exhibits:\n  A: x\n") == ", line 2, column 6: expected a map of keys; found a value");
    CHECK(read("operator: x\noperator: y\n").starts_with(", line 2"));
}

TEST_CASE("mutated files are read or refused, and nothing else") {
    for (unsigned i = 0; i < 300; ++i)
        read(test::mutated("operator: PC 17\nexhibits:\n  AB/1:\n    note: \"two: lines\"\n", i));
}
