// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "engine/base/error.h"
#include "tests/support/list_reading.h"
#include "tests/support/reference_key.h"
#include "tests/support/scratch_file.h"

namespace triage {

const ListFormat& csv_list();

namespace {

using Lines = std::vector<std::string>;
const std::string md5 = "900150983cd24fb0d6963f7d28e17f72";
const std::string sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d";
const std::string sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

Lines records(const std::string& text, const std::string& columns = {}) {
    const auto reading = test::read_list(csv_list(), text, {columns});
    CHECK(reading.rejected().empty());
    return reading.lines();
}
Lines rejected(const std::string& text, const std::string& columns = {}) {
    const auto reading = test::read_list(csv_list(), text, {columns});
    CHECK(reading.lines().empty());
    return reading.rejected();
}
std::string refused(const std::string& text, const std::string& columns = {}) {
    try {
        test::read_list(csv_list(), text, {columns});
    } catch (const Error& error) {
        return error.what();
    }
    return "read";
}

}  // namespace

TEST_CASE("a CSV header says which column holds what, whatever its case and separator") {
    const std::string whole = " md5 " + md5 + " sha1 " + sha1 + " sha256 " + sha256 + " size 3 category :2 label abc";
    CHECK(records("MD5,SHA-1,SHA-256,File_Size,Category,FileName\n" + md5 + "," + sha1 + "," + sha256 + ",3,2,abc\n") ==
          Lines{"2" + whole});
    CHECK(records("\"name\";\"category\";\"Length\";\"sha2_256\";\"sha1\";\"md5\"\r\n\"abc\";2;\"3\";" + sha256 + ";" +
                  sha1 + ";" + md5) == Lines{"2" + whole});
}

TEST_CASE("tab-separated lists, byte order marks and unknown columns are read") {
    CHECK(records("\xEF\xBB\xBFid\tmd5\tcomment\n7\t" + md5 + "\tx,y;z\n\n") == Lines{"2 md5 " + md5});
    CHECK(records("md5\n" + md5 + "\n") == Lines{"2 md5 " + md5});
}

TEST_CASE("of several names in a CSV record the label is taken, and the series follows it") {
    CHECK(records("md5,series,path,name\n" + md5 + ",s,/x/a,a\n" + md5 + ",,/x/a,\"b\nc\"\n" + md5 + ",s,,\n") ==
          Lines{"2 md5 " + md5 + " label a, s", "3 md5 " + md5 + " label b\nc", "5 md5 " + md5 + " label s"});
}

TEST_CASE("--columns maps names and numbers") {
    CHECK(records("Digest,Bytes,What\n" + md5 + ",3,x\n", "md5=digest,size=Bytes,label=3") ==
          Lines{"2 md5 " + md5 + " size 3 label x"});
    CHECK(records("x;" + md5 + "\ny;" + md5 + "\n", "md5=2,label=1") ==
          Lines{"1 md5 " + md5 + " label x", "2 md5 " + md5 + " label y"});
    CHECK(records("was;hash\ny;" + md5 + "\n", "md5=2") == Lines{"2 md5 " + md5});
    CHECK(rejected("y;" + md5.substr(1) + "\n", "md5=2") ==
          Lines{"1: no digest: 32, 40 or 64 hexadecimal digits expected, 31 found"});
}

TEST_CASE("--columns that cannot be are refused") {
    const std::string list = "a,b,md5\nx,y," + md5 + "\n";
    CHECK(refused(list, "md5") == "--columns: \"md5\" has no \"=\"");
    CHECK(refused(list, "crc=1") == "--columns: \"crc\" is no field");
    CHECK(refused(list, "md5=") == "--columns: \"md5\" has no column");
    CHECK(refused(list, "md5=c") == "--columns: the list's first line names no column \"c\"");
    CHECK(refused(list, "md5=4") == "--columns: the list has 3 columns only");
    CHECK(refused(list, "md5=0") == "--columns: a column's number is not 1 to 256");
    CHECK(refused(list, "md5=3,md5=2") == "--columns: a field is given twice");
    CHECK(refused(list, "md5=3,sha1=md5") == "--columns: column 3 is given twice");
    CHECK(refused(list, "size=1") == "--columns: no digest column is given: md5, sha1 or sha256");
    CHECK(refused("x," + md5 + "\n") == "the list: no column of its first line is named md5, sha1 or sha256");
    CHECK(refused("md5,md5\n") == "the list: two columns of its header are md5");
}

TEST_CASE("bad CSV records are rejected with line and reason") {
    const std::string h = "md5,sha1,size\n";
    CHECK(rejected(h + md5 + ",\n" + md5 + ",,3,\n" + md5.substr(1) + ",,\n" + sha1 + ",,\n" + md5 + ",,-1\n" + md5 +
                   ",,9223372036854775808\n,null,3\nx" + md5.substr(1) + ",,\n\"" + md5 + ",,\n") ==
          Lines{"2: not as many fields as the first line has", "3: not as many fields as the first line has",
                "4: no digest: 32, 40 or 64 hexadecimal digits expected, 31 found",
                "5: a digest is not as long as its name demands", "6: the size is no number",
                "7: the size is no number", "8: no digest", "9: no digest: a character is no hexadecimal digit",
                "10: a quote is not closed"});
    CHECK(rejected(h + std::string("a\0,,\n", 5) + std::string(2 << 20, 'x') + "\n") ==
          Lines{"2: holds a NUL byte", "3: longer than 1 MiB"});
}

TEST_CASE("CSV is recognised by a digest or its name in the first line") {
    CHECK(test::recognises(csv_list(), "a;MD5\n"));
    CHECK(test::recognises(csv_list(), "x,\"" + sha1 + "\"\n"));
    CHECK_FALSE(test::recognises(csv_list(), md5 + "\n"));
    CHECK_FALSE(test::recognises(csv_list(), md5 + "  a,b\n"));
    CHECK_FALSE(test::recognises(csv_list(), "MD5 (a,b) = " + md5 + "\n"));
    CHECK_FALSE(test::recognises(csv_list(), "a,b,c\n"));
    CHECK_FALSE(test::recognises(csv_list(), ""));
}

TEST_CASE("the reference CSV gives its key") {
    const auto text = test::file_text(test::shared_path("reference/hashlists/plain.csv"));
    if (!text) {
        MESSAGE("skipped: no shared reference lists");
        return;
    }
    REQUIRE(test::recognises(csv_list(), *text));
    const Lines lines = records(*text);
    Lines expected;
    for (const Lines& k : test::reference_key()) {
        const std::size_t n = expected.size();
        expected.push_back(std::to_string(n + 2) + " md5 " + k.at(4) + " sha1 " + k.at(5) + " sha256 " + k.at(6) +
                           " category :" + std::to_string(n % 3) + " label " + k.at(0));
    }
    CHECK(lines == expected);
    CHECK(lines.size() == 7);
}

TEST_CASE("damaged CSV lists are read to their end") {
    const std::string seed = "md5,sha1,size,name\n" + md5 + ",,3,\"a,b\"\n" + md5 + "," + sha1 + ",,x\r\n";
    for (unsigned i = 0; i < 2000; ++i) {
        const std::string text = i % 4 == 0 ? "md5,name\n" + test::random_bytes(i) : test::mutated(seed, i);
        if (!test::recognises(csv_list(), text)) continue;
        try {
            const auto reading = test::read_list(csv_list(), text);
            for (const KnownRecord& record : reading.records) REQUIRE_FALSE(record.digests.algorithms().empty());
        } catch (const Error&) {  // the header is damaged
        }
    }
}

}  // namespace triage
