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

TEST_CASE("a time is read as it is printed; what is no time is refused") {
    for (const std::int64_t seconds : {-62135596800, -1l, 0l, 951782400l, 1714559430l, 4102444800l, 253402300799l})
        for (const std::uint32_t nanoseconds : {0u, 7u, 12'345'678u, 999'999'999u}) {
            const Timestamp time{seconds, nanoseconds};
            CHECK(parse_time(format_time(time, {9, true, false})) == time);
            CHECK(parse_time(format_time(time, {9, false, false})) == time);
        }
    CHECK(parse_time("2024-05-01") == Timestamp{1714521600, 0});
    CHECK(parse_time("2024-05-01T10:30:30.5Z") == Timestamp{1714559430, 500'000'000});
    for (const char* text : {"", "2024", "2024-5-1", "2023-02-29", "2024-13-01", "2024-00-10", "2024-05-00",
                             "2024/05/01", "2024-05-01 10:30:30", "2024-05-01T24:00:00", "2024-05-01T10:60:00",
                             "2024-05-01T10:30", "2024-05-01T10:30:30.", "2024-05-01T10:30:30+01:00",
                             "2024-05-01T10:30:30.0123456789Z", "2024-05-01T", "-024-05-01", "2024-05-01x"})
        CHECK_FALSE(parse_time(text));
}
