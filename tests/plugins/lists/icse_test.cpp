// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/list_reading.h"
#include "tests/support/scratch_file.h"

namespace triage {

const ListFormat& icse_list();

namespace {

using Lines = std::vector<std::string>;
const std::string md5 = "900150983cd24fb0d6963f7d28e17f72";
const std::string sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d";
// The columns of IPED's issue 1136.
const std::string header =
    "MD5;SHA1;ZZ40;PhotoDNA;Lace;Image ID;Is distributed;Victim identified;Offender identified;Series name;"
    "Investigation name;Agency;Number of submissions;File Available;Media Type;Baseline\n";
const std::string start = md5 + ";" + sha1 + ";00;11;ab==;77;";

}  // namespace

TEST_CASE("an ICSE row is one record with its baseline, flags and series") {
    const auto reading =
        test::read_list(icse_list(), header + start + "Y;N;Y;Some \"\"series;op;LV;2;True;Image;Yes\n" + start +
                                         "N;Y;N;\"a;b\";;;1;False;Video;No\r\n" + start + ";;;;;;;;;\n");
    CHECK(reading.rejected().empty());
    const std::string both = " md5 " + md5 + " sha1 " + sha1;
    CHECK(reading.lines() == Lines{"2" + both + " category ICSE:baseline flags 37 label Some \"\"series",
                                   "3" + both + " category ICSE:not baseline flags 34 label a;b",
                                   "4" + both + " category ICSE:"});
}

TEST_CASE("the columns of an ICSE list may be fewer, in another order and behind another separator") {
    const auto reading = test::read_list(icse_list(), "Baseline,Image ID,sha1\nYes,1," + sha1 + "\n");
    CHECK(reading.lines() == Lines{"2 sha1 " + sha1 + " category ICSE:baseline"});
}

TEST_CASE("bad ICSE rows are rejected with line and reason") {
    const std::string end = "s;;;1;True;Image;";
    const auto reading =
        test::read_list(icse_list(), header + start + "Y;N\n" + start + "maybe;N;N;" + end + "Yes\n" + start +
                                         "Y;N;N;" + end + "perhaps\n;;;;;77;N;N;N;" + end + "Yes\n" + sha1 +
                                         ";;;;;77;N;N;N;" + end + "Yes\n\"" + start + "\n" + std::string("\0\n", 2));
    CHECK(reading.lines().empty());
    CHECK(reading.rejected() == Lines{"2: not as many fields as the header has", "3: a flag is neither yes nor no",
                                      "4: Baseline is neither yes nor no", "5: no digest",
                                      "6: a digest is not as long as its name demands", "7: a quote is not closed",
                                      "8: holds a NUL byte"});
}

TEST_CASE("an ICSE list is recognised by the columns of its header") {
    CHECK(test::recognises(icse_list(), header));
    CHECK_FALSE(test::recognises(icse_list(), "MD5;SHA1;Image ID\n"));
    CHECK_FALSE(test::recognises(icse_list(), "md5,sha1,category,baseline\n"));
    CHECK_FALSE(test::recognises(icse_list(), start + "\n"));
    CHECK_FALSE(test::recognises(icse_list(), ""));
    CHECK(test::read_list(icse_list(), "x\n").rejected() == Lines{"1: no header of an ICSE list"});
}

TEST_CASE("damaged ICSE lists are read to their end") {
    const std::string seed = header + start + "Y;N;Y;\"s;t\";op;LV;2;True;Image;Yes\n" + start + "N;Y;N;;;;1;F;V;No\n";
    for (unsigned i = 0; i < 2000; ++i) {
        const std::string text = i % 4 == 0 ? header + test::random_bytes(i) : test::mutated(seed, i);
        test::recognises(icse_list(), text);
        const auto reading = test::read_list(icse_list(), text);
        for (const KnownRecord& record : reading.records) REQUIRE_FALSE(record.digests.algorithms().empty());
    }
}

}  // namespace triage
