// SPDX-License-Identifier: Apache-2.0
// Header texts after Metz, "Header2 values", stored as zlib streams that do not compress (RFC 1950, RFC 1951 3.2.4).
#include "plugins/ewf/header_values.h"

#include <doctest/doctest.h>

#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;

namespace {

Bytes stored(std::string_view text) {
    Bytes bytes(11 + text.size());
    put_le(bytes, 0, 0x0178, 2);
    put_le(bytes, 2, 1, 1);
    put_le(bytes, 3, text.size(), 2), put_le(bytes, 5, ~text.size(), 2);
    put_text(bytes, 7, text);
    std::uint32_t a = 1, b = 0;
    for (const char c : text) a = (a + static_cast<unsigned char>(c)) % 65521, b = (b + a) % 65521;
    for (std::size_t i = 0; i < 4; ++i) put_le(bytes, 7 + text.size() + i, (b << 16 | a) >> (24 - 8 * i), 1);
    return bytes;
}

std::string acquired(std::string_view date) {
    const auto header = ewf::parse_header(stored("1\nmain\nc\tm\ncase\t" + std::string(date) + "\n"));
    REQUIRE(header);
    REQUIRE(header->values.size() == 2);
    return header->values[1].value;
}

}  // namespace

TEST_CASE("the date of an acquisition is shown as a date, and what is none as it stands") {
    CHECK(acquired("2014 4 20 7 56 50") == "2014-04-20T07:56:50");
    CHECK(acquired("1397980610") == "2014-04-20T07:56:50Z");
    for (const char* other : {"99999999999", "99999999999 4 20 7 56 50", "today", "2014 4 20", "12x", "-1"})
        CHECK(acquired(other) == other);
}
