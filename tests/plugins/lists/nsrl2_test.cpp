// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/list_reading.h"
#include "tests/support/reference_key.h"
#include "tests/support/scratch_file.h"

namespace triage {

const ListFormat& nsrl2_list();

namespace {

using Lines = std::vector<std::string>;
const std::string md5 = "900150983cd24fb0d6963f7d28e17f72";
const std::string sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d";
const std::string header =
    "\"SHA-1\",\"MD5\",\"CRC32\",\"FileName\",\"FileSize\",\"ProductCode\",\"OpSystemCode\",\"SpecialCode\"\n";
const std::string prod_header =
    "\"ProductCode\",\"ProductName\",\"ProductVersion\",\"OpSystemCode\",\"MfgCode\",\"Language\","
    "\"ApplicationType\"\n";
const std::string start = "\"" + sha1 + "\",\"" + md5 + "\",\"352441C2\",";
const std::string abc = " md5 " + md5 + " sha1 " + sha1 + " size 3";

test::Reading read(const std::string& text, const std::string& products) {
    test::TextSource source(text, {}, {{"nsrlprod.txt", products}});
    return test::read_list(nsrl2_list(), source);
}

}  // namespace

TEST_CASE("an NSRL row is one record, labelled with its file and product") {
    const auto reading = read(header + start + "\"a,\"\"b\"\"\",3,7,\"362\",\"\"\r\n" + start +
                                  "\"abc\",\"3\",\"8\",\"362\",\"M\"\r\n" + start + "\"abc\",3,9,\"362\",\"\"\n",
                              prod_header +
                                  "7,\"Tool\",\"1.0\",\"362\",\"D1\",\"English\",\"Test\"\n"
                                  "7,\"Tool\",\"1.0\",\"363\",\"D1\",\"German\",\"Test\"\n"
                                  "8,\"X\",\"\",\"362\",\"D1\",\"English\",\"Test\"\n"
                                  "8,\"Y, Z\",\"2\",\"362\",\"D1\",\"English\",\"Test\"\n");
    CHECK(reading.rejected().empty());
    CHECK(reading.lines() == Lines{"2" + abc + " label a,\"b\", Tool 1.0",
                                   "3" + abc + " category NSRL:M label abc, X; Y, Z 2", "4" + abc + " label abc"});
}

TEST_CASE("NSRL lists without products, of version 1 or joined are read") {
    const std::string version1 =
        "\"SHA-1\",\"FileName\",\"FileSize\",\"ProductCode\",\"OpSystemCode\",\"MD4\",\"MD5\",\"CRC32\","
        "\"SpecialCode\"\n\"" +
        sha1 + "\",\"abc\",3,7,\"NT\",\"a448017aaf21d8525fc10ae87aa6729d\",\"" + md5 + "\",\"352441C2\",\"\"\n";
    const auto reading = test::read_list(nsrl2_list(), version1 + header + start + "\"abc\",3,7,\"362\",\"\"");
    CHECK(reading.rejected().empty());
    CHECK(reading.lines() == Lines{"2" + abc + " label abc", "4" + abc + " label abc"});
}

TEST_CASE("bad NSRL rows and products are rejected with line and reason") {
    const auto reading = read(header + start + "\"abc\",3,7,\"362\"\n" + start + "\"abc\",x,7,\"362\",\"\"\n" + "\"" +
                                  md5 + "\",\"\",\"\",\"abc\",3,7,\"362\",\"\"\n" +
                                  "\"\",\"\",\"\",\"abc\",3,7,\"362\",\"\"\n" + "\"" + sha1 + ",\"\n",
                              prod_header + "7,\"Tool\n,\"x\"\n" + "\"\",\"Tool\",\"1.0\",\"\",\"\",\"\",\"\"\n");
    CHECK(reading.lines().empty());
    CHECK(reading.rejected() == Lines{"0: NSRLProd.txt, line 2: text stands behind a closing quote",
                                      "0: NSRLProd.txt, line 3: not as many fields as the header has",
                                      "0: NSRLProd.txt, line 4: no product code",
                                      "2: not as many fields as the header has", "3: the size is no number",
                                      "4: a digest is not as long as its name demands", "5: no digest",
                                      "6: not as many fields as the header has"});
    CHECK(read(header, "x\ny\n").rejected() ==
          Lines{"0: NSRLProd.txt, line 1: no header; reading of products ended here"});
    CHECK(test::read_list(nsrl2_list(), start + "\"abc\",3,7,\"362\",\"\"\n").rejected() ==
          Lines{"1: no header names the columns before it"});
}

TEST_CASE("an NSRL list is recognised by the columns of its header") {
    CHECK(test::recognises(nsrl2_list(), header));
    CHECK_FALSE(test::recognises(nsrl2_list(), prod_header));
    CHECK_FALSE(test::recognises(nsrl2_list(), "sha1,md5,filename\n"));
    CHECK_FALSE(test::recognises(nsrl2_list(), start + "\"abc\",3,7,\"362\",\"\"\n"));
    CHECK_FALSE(test::recognises(nsrl2_list(), ""));
}

TEST_CASE("the reference NSRL list gives its key") {
    const auto text = test::file_text(test::shared_path("reference/hashlists/NSRLFile.txt"));
    const auto products = test::file_text(test::shared_path("reference/hashlists/NSRLProd.txt"));
    if (!text || !products) {
        MESSAGE("skipped: no shared reference lists");
        return;
    }
    REQUIRE(test::recognises(nsrl2_list(), *text));
    const auto reading = read(*text, *products);
    CHECK(reading.rejected().empty());
    Lines expected;
    for (const Lines& k : test::reference_key())
        expected.push_back(std::to_string(expected.size() + 2) + " md5 " + k.at(4) + " sha1 " + k.at(5) + " size " +
                           k.at(1) + " label " + k.at(0) + ", Demo " + k.at(0) + " 1.0");
    CHECK(reading.lines() == expected);
    CHECK(expected.size() == 7);
}

TEST_CASE("damaged NSRL lists are read to their end") {
    const std::string seed = header + start + "\"a,b\",3,7,\"362\",\"\"\n" + start + "\"c\",3,7,\"362\",\"\"\r\n";
    for (unsigned i = 0; i < 2000; ++i) {
        const std::string text = i % 4 == 0 ? header + test::random_bytes(i) : test::mutated(seed, i);
        test::recognises(nsrl2_list(), text);
        const auto reading = read(text, test::mutated(prod_header + "7,\"Tool\",\"1.0\",\"\",\"\",\"\",\"\"\n", i));
        for (const KnownRecord& record : reading.records) REQUIRE_FALSE(record.digests.algorithms().empty());
    }
}

// About 150 bytes of memory a product: two million are more than the 256 MiB that are set aside.
TEST_CASE("products that do not fit in memory do not refuse an honest list") {
    std::string products = "\"ProductCode\",\"ProductName\"\n";
    for (int i = 0; i < 2'100'000; ++i) products += std::to_string(i) + ",x\n";
    const auto reading =
        read(header + start + "\"abc\",3,7,\"362\",\"\"\n" + start + "\"abc\",3,2099999,\"362\",\"\"\n", products);
    CHECK(reading.rejected().empty());
    CHECK(reading.lines() == Lines{"2" + abc + " label abc, x", "3" + abc + " label abc"});
    CHECK(reading.warnings == Lines{"more products than memory is set aside for: records are kept without the others"});
}

}  // namespace triage
