// SPDX-License-Identifier: Apache-2.0
// Records after xnu's bsd/sys/decmpfs.h; LZVN laid out by hand after the opcode table of Apple's lzvn_decode_base.c.
#include "plugins/tsk/decmpfs.h"

#include <doctest/doctest.h>

#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;
using namespace std::string_view_literals;
using tsk::CompressionRecord;

namespace {

ByteView bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

// The decoded text, or "-".
std::string lzvn(std::string_view stream, std::size_t size) {
    const auto content = tsk::decode_lzvn(bytes(stream), size);
    return content ? std::string(as_text(*content)) : "-";
}

std::string in_record(std::uint32_t type, std::uint64_t size, std::string_view stored) {
    const auto content = tsk::decode_in_record(CompressionRecord{type, size, bytes(stored)});
    return content ? std::string(as_text(*content)) : "-";
}

// zlib.compress(b"abcabcabcabc") of Python 3.11.
constexpr auto zlib_stream = "\x78\x9c\x4b\x4c\x4a\x4e\x84\x21\x00\x1d\xe0\x04\x99"sv;

}  // namespace

TEST_CASE("a compression record is read when its magic and all its fields are there") {
    Bytes attribute(20);
    put_text(attribute, 0, "fpmc");
    put_le(attribute, 4, 7, 4);
    put_le(attribute, 8, 0x123456789A, 8);
    const auto record = tsk::read_compression_record(attribute);
    REQUIRE(record);
    CHECK(record->type == 7);
    CHECK(record->size == 0x123456789A);
    CHECK(record->stored.size() == 4);
    for (std::size_t size = 0; size < 16; ++size)
        CHECK_FALSE(tsk::read_compression_record(ByteView(attribute).first(size)));
    attribute[0] = std::byte{'c'};
    CHECK_FALSE(tsk::read_compression_record(attribute));
}

TEST_CASE("every kind of LZVN instruction is decoded") {
    const auto end = "\x06"sv;
    const auto stream = [&](std::string_view body) { return std::string(body) + std::string(end); };
    CHECK(lzvn(stream("\xE3"
                      "abc"sv),
               3) == "abc");  // few literals
    CHECK(lzvn(stream("\xE0\x01"
                      "0123456789abcdefg"sv),
               17) == "0123456789abcdefg");  // 16 and more
    CHECK(lzvn(stream("\xE3"
                      "abc"
                      "\x00\x03"sv),
               6) == "abcabc");  // small distance
    CHECK(lzvn(stream("\xE3"
                      "abc"
                      "\x48\x04"
                      "d"sv),
               8) == "abcdabcd");  // with a literal before
    CHECK(lzvn(stream("\xE3"
                      "abc"
                      "\x0F\x03\x00"sv),
               7) == "abcabca");  // large distance
    CHECK(lzvn(stream("\xE3"
                      "abc"
                      "\xA9\x0C\x00"
                      "d"sv),
               11) == "abcdbcdbcdb");  // medium distance
    CHECK(lzvn(stream("\xE3"
                      "abc"
                      "\x00\x03"
                      "\x46"
                      "x"sv),
               10) == "abcabcxbcx");  // distance of before
    CHECK(lzvn(stream("\xE3"
                      "abc"
                      "\x00\x03"
                      "\xF2"sv),
               8) == "abcabcab");  // match only
    CHECK(lzvn(stream("\xE1"
                      "a"
                      "\x00\x01"
                      "\xF0\x00"sv),
               20) == std::string(20, 'a'));  // match of 16 and more
    CHECK(lzvn(stream("\x0E\xE1"
                      "a"
                      "\x16"sv),
               1) == "a");  // nothing
    CHECK(lzvn(stream(""), 0).empty());
}

TEST_CASE("an LZVN stream of another length than its size is refused") {
    CHECK(lzvn("\xE3"
               "abc\x06"sv,
               2) == "-");
    CHECK(lzvn("\xE3"
               "abc\x06"sv,
               4) == "-");
    CHECK(lzvn("\xE3"
               "abc"sv,
               3) == "-");  // no end mark
    CHECK(lzvn("\xE3"
               "ab"sv,
               3) == "-");  // literals cut
    CHECK(lzvn("\xE1"
               "a\x00"sv,
               4) == "-");  // instruction cut
    CHECK(lzvn("\xE1"
               "a\x00\x02\x06"sv,
               4) == "-");  // match before the start
    CHECK(lzvn("\xE1"
               "a\xF2\x06"sv,
               3) == "-");  // match without a distance
    CHECK(lzvn("\xE1"
               "a\x00\x00\x06"sv,
               4) == "-");  // distance 0
    for (const auto undefined : {"\x1E"sv, "\x3E"sv, "\x70"sv, "\x7F"sv, "\xD0"sv, "\xDF"sv})
        CHECK(lzvn(std::string(undefined) + "\x06\x06\x06", 0) == "-");
}

TEST_CASE("random bytes are some LZVN content of the size or none") {
    for (unsigned seed = 1; seed < 2000; ++seed) {
        const Bytes noise = ewf_test::sample_media(200, seed);
        if (const auto content = tsk::decode_lzvn(noise, seed)) CHECK(content->size() == seed);
    }
}

TEST_CASE("content in the record is given when it is just as long as the record says") {
    CHECK(in_record(3, 12, zlib_stream) == "abcabcabcabc");
    CHECK(in_record(3, 3,
                    "\xFF"
                    "abc"sv) == "abc");
    CHECK(in_record(3, 3,
                    "\x0F"
                    "abc"sv) == "abc");
    CHECK(in_record(7, 3,
                    "\x06"
                    "abc"sv) == "abc");
    CHECK(in_record(7, 3,
                    "\xE3"
                    "abc\x06"sv) == "abc");
    CHECK(in_record(3, 0, "").empty());
    for (const std::uint64_t lie : {0, 2, 4, 11, 13}) {
        CHECK(in_record(3, lie, zlib_stream) == "-");
        CHECK(in_record(3, lie,
                        "\xFF"
                        "abc"sv) == "-");
        CHECK(in_record(7, lie,
                        "\x06"
                        "abc"sv) == "-");
    }
    CHECK(in_record(3, ~0ull, zlib_stream) == "-");
    CHECK(in_record(7, ~0ull,
                    "\x06"
                    "abc"sv) == "-");
}

TEST_CASE("forms that are not decoded give nothing") {
    for (const std::uint32_t type : {0, 1, 4, 5, 8, 11, 12, 99})
        CHECK(in_record(type, 3,
                        "\xFF"
                        "abc"sv) == "-");
}

namespace {

constexpr std::uint64_t unit = 64 << 10;

std::string number(std::uint64_t value) {
    Bytes bytes(4);
    put_le(bytes, 0, value, 4);
    return std::string(as_text(bytes));
}

// LZVN: where each unit begins, and where the last one ends.
std::string lzvn_fork(const std::vector<std::string>& units) {
    std::string table, content;
    for (const std::string& u : units) table += number(4 * (units.size() + 1) + content.size()), content += u;
    return table + number(4 * (units.size() + 1) + content.size()) + content;
}

// zlib: one resource, at 256, with the beginning and the length of each unit.
std::string zlib_fork(const std::vector<std::string>& units) {
    std::string table = number(units.size()), content;
    for (const std::string& u : units)
        table += number(4 + 8 * units.size() + content.size()) + number(u.size()), content += u;
    return std::string("\0\0\x01\0"sv) + std::string(256, '\0') + table + content;
}

// The content, and why there is no more of it.
std::pair<std::string, std::string> in_fork(std::uint32_t type, std::uint64_t size, const std::string& fork,
                                            std::uint64_t most = ~0ull) {
    std::string content;
    const auto read = [&](std::uint64_t offset, MutableBytes out) {
        if (offset > fork.size() || out.size() > fork.size() - offset) return false;
        std::copy_n(bytes(fork).begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
        return true;
    };
    std::string why =
        tsk::decode_in_fork({type, size, {}}, most, read, [&](ByteView piece) { content += as_text(piece); });
    return {content, why};
}

}  // namespace

TEST_CASE("content in a resource fork is that of its units, compressed or stored as they are") {
    const std::string plain(unit, 'p'), all = plain + "abcabcabcabc";
    CHECK(in_fork(4, all.size(), zlib_fork({"\xFF" + plain, std::string(zlib_stream)})) ==
          std::pair(all, std::string()));
    CHECK(in_fork(8, unit + 3,
                  lzvn_fork({"\x06" + plain,
                             "\xE3"
                             "abc\x06"})) == std::pair(plain + "abc", std::string()));
    CHECK(in_fork(8, unit + 3, lzvn_fork({"\x06" + plain, "no LZVN"}), 5) ==
          std::pair(std::string(5, 'p'), std::string()));
    CHECK(in_fork(8, 0, lzvn_fork({})) == std::pair(std::string(), std::string()));
}

TEST_CASE("units that contradict the size, or do not decode, are no content") {
    const std::string plain(unit, 'p'), broken = "a compressed unit is broken",
                                        other = "its units are more or fewer than its size needs";
    CHECK(in_fork(8, unit + 1, lzvn_fork({"\x06" + plain})).second == other);
    CHECK(in_fork(4, unit, zlib_fork({"\xFF" + plain, "\xFFx"})).second == other);
    CHECK(in_fork(8, ~0ull, lzvn_fork({"\x06" + plain})).second == other);
    CHECK(in_fork(8, 3, "").second == other);
    CHECK(in_fork(4, 3, "").second == other);
    CHECK(in_fork(4, unit - 1, zlib_fork({"\xFF" + plain})).second == broken);
    // The first unit is no distance for the second: a match without one is none.
    const auto [content, why] = in_fork(8, unit + 6, lzvn_fork({"\x06" + plain, "\xF5\xE1x\x06"}));
    CHECK(content == plain);
    CHECK(why == broken);
    std::string backwards = lzvn_fork({"\x06" + plain});
    backwards[4] = '\0';
    backwards[6] = '\0';
    CHECK(in_fork(8, unit, backwards).second == broken);
    std::string cut = lzvn_fork({"\x06" + plain});
    cut.pop_back();
    CHECK(in_fork(8, unit, cut).second == broken);
}

TEST_CASE("a resource fork of noise is no content, or as long as its size") {
    for (unsigned seed = 1; seed < 2000; ++seed) {
        const std::string noise(as_text(ewf_test::sample_media(200, seed)));
        for (const std::uint32_t type : {4u, 8u}) {
            std::string fork = type == 8 ? number(8) + number(8 + seed % 150) + noise : zlib_fork({noise});
            fork[300 % fork.size()] = static_cast<char>(seed);
            const auto [content, why] = in_fork(type, seed % 300 + 1, fork);
            CHECK((!why.empty() || content.size() == seed % 300 + 1));
        }
    }
}
