// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "tests/support/list_reading.h"
#include "tests/support/scratch_file.h"

namespace triage {

const ListFormat& hashdeep_list();

namespace {

using Lines = std::vector<std::string>;
const std::string md5 = "900150983cd24fb0d6963f7d28e17f72";
const std::string sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d";
const std::string sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const std::string header = "%%%% HASHDEEP-1.0\n";

Lines records(const std::string& text) {
    const auto reading = test::read_list(hashdeep_list(), text);
    CHECK(reading.rejected().empty());
    return reading.lines();
}
Lines rejected(const std::string& text) {
    const auto reading = test::read_list(hashdeep_list(), text);
    CHECK(reading.lines().empty());
    return reading.rejected();
}

}  // namespace

TEST_CASE("the digests of a hashdeep line are one record with its size") {
    CHECK(records(header + "%%%% size,md5,sha256,filename\n## Invoked from: /\n##\n3," + md5 + "," + sha256 +
                  ",a.txt\n") == Lines{"5 md5 " + md5 + " sha256 " + sha256 + " size 3 label a.txt"});
}

TEST_CASE("hashdeep's columns may come in any order; other digests are ignored; names may hold commas") {
    CHECK(records(header + "%%%% size,tiger,sha1,whirlpool,filename\n3,xx," + sha1 + ",yy,a, b,,c\n") ==
          Lines{"3 sha1 " + sha1 + " size 3 label a, b,,c"});
    CHECK(records(header + "%%%% filename,sha256,size\na,b," + sha256 + ",3\n") ==
          Lines{"3 sha256 " + sha256 + " size 3 label a,b"});
    CHECK(records(header + "%%%% md5,filename,size\n" + md5 + ",x,y,3\n") ==
          Lines{"3 md5 " + md5 + " size 3 label x,y"});
    CHECK(records(header + "%%%% md5\n" + md5 + "\n") == Lines{"3 md5 " + md5});
}

TEST_CASE("hashdeep lists may have a byte order mark, CRLF and upper case, and may be joined") {
    CHECK(
        records(
            "\xEF\xBB\xBF%%%% HASHDEEP-1.0\r\n%%%% SIZE,MD5,Filename\r\n3,900150983CD24FB0D6963F7D28E17F72,a\r\n\r\n" +
            header + "%%%% size,sha1,filename\n4," + sha1 + ",b") ==
        Lines{"3 md5 " + md5 + " size 3 label a", "7 sha1 " + sha1 + " size 4 label b"});
}

TEST_CASE("bad hashdeep lines are rejected with number and reason") {
    CHECK(rejected(header + "%%%% size,md5,filename\nx," + md5 + ",a\n-1," + md5 + ",a\n18446744073709551616," + md5 +
                   ",a\n3," + md5.substr(1) + ",a\n3," + sha1 + ",a\n3,,a\n3\n," + md5 + ",a\n") ==
          Lines{"3: the size is no number", "4: the size is no number", "5: the size is no number",
                "6: no digest: 32, 40 or 64 hexadecimal digits expected, 31 found",
                "7: a digest is not as long as its name demands",
                "8: no digest: 32, 40 or 64 hexadecimal digits expected, 0 found", "9: not as many fields as columns",
                "10: the size is no number"});
}

TEST_CASE("hashdeep lines without usable columns are rejected") {
    const std::string no_columns = "no valid line with the names of the columns stands before it";
    CHECK(rejected(header + "3," + md5 + ",a\n") == Lines{"2: " + no_columns});
    CHECK(rejected(header + "%%%% size,tiger,filename\n3,x,a\n") ==
          Lines{"2: no column is md5, sha1 or sha256", "3: " + no_columns});
    CHECK(rejected(header + "%%%% md5,md5,filename\n") == Lines{"2: a column is named twice"});
    CHECK(rejected("%%%% HASHDEEP-2.0\n") == Lines{"1: not version 1.0 of hashdeep"});
}

TEST_CASE("hashdeep is recognised by its header at the very start") {
    CHECK(test::recognises(hashdeep_list(), header));
    CHECK_FALSE(test::recognises(hashdeep_list(), "\n" + header));
    CHECK_FALSE(test::recognises(hashdeep_list(), "%%%% HASHDEEP-2.0\n"));
    CHECK_FALSE(test::recognises(hashdeep_list(), ""));
    CHECK_FALSE(test::recognises(hashdeep_list(), md5 + "  a\n"));
}

TEST_CASE("damaged hashdeep lists are read to their end") {
    const std::string seed = header + "%%%% size,md5,sha256,filename\n## x\n3," + md5 + "," + sha256 + ",a,b\n4," +
                             md5 + "," + sha256 + ",c\r\n";
    for (unsigned i = 0; i < 2000; ++i) {
        const std::string text = i % 4 == 0 ? header + test::random_bytes(i) : test::mutated(seed, i);
        test::recognises(hashdeep_list(), text);
        const auto reading = test::read_list(hashdeep_list(), text);
        const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
        REQUIRE(reading.records.size() + reading.rejections.size() <= lines);
        for (const KnownRecord& record : reading.records) REQUIRE_FALSE(record.digests.algorithms().empty());
    }
}

}  // namespace triage
