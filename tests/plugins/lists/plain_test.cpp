// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "tests/support/list_reading.h"
#include "tests/support/scratch_file.h"

namespace triage {

const ListFormat& plain_list();

namespace {

using Lines = std::vector<std::string>;
const std::string abc = "900150983cd24fb0d6963f7d28e17f72";
const std::string abc_sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d";
const std::string abc_sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

}  // namespace

TEST_CASE("a plain list holds one digest a line, of any of the three algorithms") {
    const auto reading = test::read_list(plain_list(), abc + "\n" + abc_sha1 + "\n" + abc_sha256 + "\n");
    CHECK(reading.lines() == Lines{"1 md5 " + abc, "2 sha1 " + abc_sha1, "3 sha256 " + abc_sha256});
    CHECK(reading.rejections.empty());
}

TEST_CASE("a plain list may have a byte order mark, CRLF, upper case, white space, comments and no last line end") {
    const auto reading =
        test::read_list(plain_list(), "\xEF\xBB\xBF# set\r\n\r\n 900150983CD24FB0D6963F7D28E17F72\t\r\n  \r\n" + abc);
    CHECK(reading.lines() == Lines{"3 md5 " + abc, "5 md5 " + abc});
    CHECK(reading.rejections.empty());
}

TEST_CASE("a line of a plain list that is no digest is rejected with its number, its content unsaid") {
    const std::string text = abc.substr(1) + "\n" + abc + "\n" + abc + "  name\nsecret\n" + std::string(128, 'a') +
                             "\n" + abc.substr(0, 16) + std::string(1, '\0') + abc.substr(17) + "\n" + abc + "\n";
    const auto reading = test::read_list(plain_list(), text);
    CHECK(reading.lines() == Lines{"2 md5 " + abc, "7 md5 " + abc});
    CHECK(reading.rejected() == Lines{"1: no digest: 32, 40 or 64 hexadecimal digits expected, 31 found",
                                      "3: no digest: a character is no hexadecimal digit",
                                      "4: no digest: a character is no hexadecimal digit",
                                      "5: no digest: 32, 40 or 64 hexadecimal digits expected, 128 found",
                                      "6: holds a NUL byte"});
}

TEST_CASE("a line over 1 MiB is rejected and the lines behind it are read") {
    for (const std::size_t length : {(1u << 20) + 1, (2u << 20) - 1, 2u << 20, (2u << 20) + 1, 5u << 20}) {
        const auto reading = test::read_list(plain_list(), abc + "\n" + std::string(length, 'a') + "\n" + abc + "\n");
        CHECK(reading.lines() == Lines{"1 md5 " + abc, "3 md5 " + abc});
        CHECK(reading.rejected() == Lines{"2: longer than 1 MiB"});
    }
    const auto at_end = test::read_list(plain_list(), abc + "\n" + std::string(5 << 20, 'a'));
    CHECK(at_end.rejected() == Lines{"2: longer than 1 MiB"});
    const auto longest = test::read_list(plain_list(), std::string(1 << 20, ' ') + "\r\n" + abc);
    CHECK(longest.lines() == Lines{"2 md5 " + abc});
    CHECK(longest.rejections.empty());
}

TEST_CASE("a plain list is recognised by a line that is a digest and nothing else") {
    CHECK(test::recognises(plain_list(), "# comment\n\n" + abc + "\r\nrest"));
    CHECK(test::recognises(plain_list(), abc_sha256));
    for (const std::string& text : {std::string(), std::string("\n"), abc + "  name\n", abc.substr(1),
                                    "{\"MD5\": \"" + abc + "\"}", "\"" + abc + "\",1\n", abc + std::string(1, '\0')})
        CHECK_FALSE(test::recognises(plain_list(), text));
}

TEST_CASE("damaged plain lists are read to their end: each line becomes at most one record or rejection") {
    const std::string seed = "# c\n" + abc + "\r\n" + abc_sha1 + "\n\n" + abc_sha256 + "\n";
    for (unsigned i = 0; i < 2000; ++i) {
        const std::string text = i % 4 == 0 ? test::random_bytes(i) : test::mutated(seed, i);
        test::recognises(plain_list(), text);
        const auto reading = test::read_list(plain_list(), text);
        const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
        REQUIRE(reading.records.size() + reading.rejections.size() <= lines);
    }
}

}  // namespace triage
