// SPDX-License-Identifier: Apache-2.0
// The forms are those of GNU coreutils 9.1 (`md5sum`, `--tag`, names with newline, carriage return and backslash),
// `md5 -r` of BSD, and `openssl dgst` 1.1 and 3.
#include <doctest/doctest.h>

#include "tests/support/list_reading.h"
#include "tests/support/scratch_file.h"

namespace triage {

const ListFormat& md5sum_list();

namespace {

using Lines = std::vector<std::string>;
const std::string abc = "900150983cd24fb0d6963f7d28e17f72";
const std::string abc_sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d";
const std::string abc_sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

Lines records(const std::string& text) {
    const auto reading = test::read_list(md5sum_list(), text);
    CHECK(reading.rejected().empty());
    return reading.lines();
}
Lines rejected(const std::string& text) {
    const auto reading = test::read_list(md5sum_list(), text);
    CHECK(reading.lines().empty());
    return reading.rejected();
}

}  // namespace

TEST_CASE("the GNU form is read with both markers, whatever the algorithm of each line") {
    CHECK(
        records(abc + "  docs/abc.txt\n" + abc_sha1 + " *b\n" + abc_sha256 + "  two  spaces \n" + abc + "  *star\n") ==
        Lines{"1 md5 " + abc + " label docs/abc.txt", "2 sha1 " + abc_sha1 + " label b",
              "3 sha256 " + abc_sha256 + " label two  spaces ", "4 md5 " + abc + " label *star"});
}

TEST_CASE("the BSD form is read with names that hold parentheses and signs") {
    CHECK(records("MD5 (abc.txt) = " + abc + "\nSHA1 (a) = (b).txt) = " + abc_sha1 + "\nSHA256 (c) = " + abc_sha256) ==
          Lines{"1 md5 " + abc + " label abc.txt", "2 sha1 " + abc_sha1 + " label a) = (b).txt",
                "3 sha256 " + abc_sha256 + " label c"});
}

TEST_CASE("md5 -r and openssl write what is read too") {
    CHECK(records(abc + " name\nMD5(o.txt)= " + abc + "\nSHA2-256(o3.txt)= " + abc_sha256 + "\n") ==
          Lines{"1 md5 " + abc + " label name", "2 md5 " + abc + " label o.txt",
                "3 sha256 " + abc_sha256 + " label o3.txt"});
}

TEST_CASE("a leading backslash means that the name is escaped, in both forms") {
    CHECK(records("\\" + abc + "  a\\nb\\\\c\\rd\n\\MD5 (x\\ny) = " + abc + "\n" + abc + "  not\\nescaped\n") ==
          Lines{"1 md5 " + abc + " label a\nb\\c\rd", "2 md5 " + abc + " label x\ny",
                "3 md5 " + abc + " label not\\nescaped"});
    CHECK(rejected("\\" + abc + "  bad\\tescape\n\\" + abc + "  half\\\n") ==
          Lines{"1: the name has an escape other than \\\\, \\n and \\r",
                "2: the name has an escape other than \\\\, \\n and \\r"});
}

TEST_CASE("checksum files may have a byte order mark, CRLF, upper case, blank lines and comments") {
    CHECK(records("\xEF\xBB\xBF# made by x\r\n\r\n900150983CD24FB0D6963F7D28E17F72 *A B\r\nmd5 (n) = " + abc +
                  "\r\n") == Lines{"3 md5 " + abc + " label A B", "4 md5 " + abc + " label n"});
}

TEST_CASE("a name need not be valid UTF-8") {
    CHECK(records(abc + "  \xFF\xFE\n") == Lines{"1 md5 " + abc + " label \xFF\xFE"});
}

TEST_CASE("lines that are no checksums are rejected with number and reason") {
    CHECK(rejected(abc.substr(1) + "  truncated\n" + abc + "\n" + abc + "  \n" + abc + "x  name\nfree text\n" +
                   "SHA512 (x) = " + abc + "\nSHA1 (x) = " + abc + "\nMD5 (x) = " + abc.substr(2) + "\nMD5 (x) " + abc +
                   "\nMD5 () = " + abc + "\n" + abc + "  n" + std::string(1, '\0') + "\n)(\n") ==
          Lines{"1: no digest: 32, 40 or 64 hexadecimal digits expected, 31 found", "2: no name stands with the digest",
                "3: no name stands with the digest", "4: no digest: a character is no hexadecimal digit",
                "5: no digest: a character is no hexadecimal digit", "6: the algorithm is none of MD5, SHA1 and SHA256",
                "7: the digest is not as long as its algorithm demands",
                "8: no digest: 32, 40 or 64 hexadecimal digits expected, 30 found",
                "9: no \"= DIGEST\" stands behind the name", "10: no name stands with the digest",
                "11: holds a NUL byte", "12: neither \"DIGEST  name\" nor \"ALGORITHM (name) = DIGEST\""});
}

TEST_CASE("a checksum file is recognised by one line of its form") {
    CHECK(test::recognises(md5sum_list(), "# c\n" + abc + "  a\n"));
    CHECK(test::recognises(md5sum_list(), "MD5 (a) = " + abc));
    for (const std::string& text :
         {std::string(), abc + "\n", "{\"MD5\": \"" + abc + "\"}\n", "md5,name\n" + abc + ",a\n",
          "\"" + abc + "\",\"a\"\n", "SQLite format 3" + std::string(100, '\0')})
        CHECK_FALSE(test::recognises(md5sum_list(), text));
}

TEST_CASE("damaged checksum files are read to their end") {
    const std::string seed = abc + "  docs/abc.txt\n\\" + abc_sha1 + " *a\\nb\\\\\r\nMD5 (x (y)) = " + abc + "\n# c\n";
    for (unsigned i = 0; i < 2000; ++i) {
        const std::string text = i % 4 == 0 ? test::random_bytes(i) : test::mutated(seed, i);
        test::recognises(md5sum_list(), text);
        const auto reading = test::read_list(md5sum_list(), text);
        const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
        REQUIRE(reading.records.size() + reading.rejections.size() <= lines);
    }
}

}  // namespace triage
