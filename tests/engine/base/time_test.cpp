// SPDX-License-Identifier: Apache-2.0
#include "engine/base/time.h"

#include <doctest/doctest.h>

using namespace triage;

TEST_CASE("a time is printed in the form in which its file system stores it") {
    const Timestamp time{1714559430, 12'345'678};
    CHECK(format_time(time, {9, true, false}) == "2024-05-01T10:30:30.012345678Z");
    CHECK(format_time(time, {7, true, false}) == "2024-05-01T10:30:30.0123456Z");
    CHECK(format_time(time, {2, false, false}) == "2024-05-01T10:30:30.01");
    CHECK(format_time(time, {0, false, false}) == "2024-05-01T10:30:30");
    CHECK(format_time(time, {12, true, false}) == "2024-05-01T10:30:30.012345678Z");  // there are no more digits
    CHECK(format_time(time, {9, true, true}) == "2024-05-01");
    CHECK(format_time({0, 2'000'000'001}, {9, true, false}) == "1970-01-01T00:00:00.000000001Z");  // damaged
}

TEST_CASE("times before 1970 and at the ends of what can be shown") {
    CHECK(format_time({-1, 0}, {0, true, false}) == "1969-12-31T23:59:59Z");
    CHECK(format_time({-11644473600, 0}, {0, true, false}) == "1601-01-01T00:00:00Z");
    CHECK(format_time({951782400, 0}, {0, true, true}) == "2000-02-29");
    CHECK(format_time({253402300799, 999'999'999}, {9, true, false}) == "9999-12-31T23:59:59.999999999Z");
    CHECK(format_time({253402300800, 0}, {0, true, false}) == "");
    CHECK(format_time({-62167219200, 0}, {0, true, false}) == "0000-01-01T00:00:00Z");
    CHECK(format_time({-62167219201, 0}, {0, true, false}) == "");
}

TEST_CASE("an appended time leaves what stands before it, also when there is nothing to append") {
    std::string text = "at ";
    append_time(text, {0, 0}, {0, true, true});
    append_time(text, {253402300800, 0}, {0, true, true});
    CHECK(text == "at 1970-01-01");
}
