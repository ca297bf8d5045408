// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/list_reading.h"
#include "tests/support/reference_key.h"
#include "tests/support/scratch_file.h"

namespace triage {

const ListFormat& hashkeeper_list();

namespace {

using Lines = std::vector<std::string>;
const std::string md5 = "900150983cd24fb0d6963f7d28e17f72";
const std::string header =
    "\"file_id\",\"hashset_id\",\"file_name\",\"directory\",\"hash\",\"file_size\",\"date_modified\","
    "\"time_modified\",\"time_zone\",\"comments\",\"date_accessed\",\"time_accessed\"\n";
const std::string sets_header =
    "\"hashset_id\",\"name\",\"vendor\",\"package\",\"version\",\"authenicated_flag\",\"notable_flag\",\"initials\","
    "\"num_of_files\",\"description\",\"date_loaded\"\n";
const std::string set5 =
    "5,\"Z00002   Windows 95A\",\"M\",\"Windows 95\",\"A\",1,0,\"NDIC\",0,\"x\",6/11/98 10:35:21\n";

std::string row(const std::string& set, const std::string& hash, const std::string& size) {
    return "29294," + set + ",\"MSFS.HLP\",\"C:\\WINDOWS\\HELP\",\"" + hash + "\"," + size +
           ",7/11/95 0:00:00,12/30/99 9:50:00,\"PST\",,,\n";
}

test::Reading read(const std::string& text, const std::string& sets) {
    test::TextSource source(text, {}, {{"list.hke", sets}});
    return test::read_list(hashkeeper_list(), source);
}

}  // namespace

TEST_CASE("a HashKeeper row is one record of its hash set") {
    const auto reading = read(header + "\n\n" + row("5", md5, "3") + row("6", md5, ""), sets_header + "\n\n" + set5);
    CHECK(reading.rejected().empty());
    CHECK(reading.lines() == Lines{"4 md5 " + md5 + " size 3 category Z00002   Windows 95A:5 label MSFS.HLP",
                                   "5 md5 " + md5 + " category :6 label MSFS.HLP"});
    CHECK(reading.says.name == "Z00002   Windows 95A");
    CHECK(reading.says.version == "A");
}

TEST_CASE("a HashKeeper list of several hash sets has no name of its own, one without .hke only numbers") {
    const auto reading = read(header + row("5", md5, "3"), sets_header + set5 + "6" + set5.substr(1));
    CHECK(reading.rejected().empty());
    CHECK(reading.says.name.empty());
    CHECK(test::read_list(hashkeeper_list(), header + row("5", md5, "3")).lines() ==
          Lines{"2 md5 " + md5 + " size 3 category :5 label MSFS.HLP"});
}

TEST_CASE("bad HashKeeper rows and hash sets are rejected with line and reason") {
    const auto reading =
        read(header + "1,2,3\n" + row("5", md5.substr(1), "3") + row("5", md5, "-3") + row("5", "", "3") +
                 row("5", md5 + "00000000", "3") + "\"" + row("5", md5, "3") + std::string("\0\n", 2),
             sets_header + set5 + set5 + "1,2\n" + set5.substr(1) + "\"\n");
    CHECK(reading.lines().empty());
    CHECK(reading.rejected() ==
          Lines{"0: .hke, line 3: the number of a hash set stands twice",
                "0: .hke, line 4: not as many fields as the header has", "0: .hke, line 5: no number of the hash set",
                "0: .hke, line 6: a quote is not closed", "2: not as many fields as the header has",
                "3: no digest: 32, 40 or 64 hexadecimal digits expected, 31 found", "4: the size is no number",
                "5: no digest", "6: a digest is not as long as its name demands",
                "7: text stands behind a closing quote", "8: holds a NUL byte"});
    CHECK(read(header, "x\ny\n").rejected() == Lines{"0: .hke, line 1: no header; reading of hash sets ended here"});
}

TEST_CASE("a HashKeeper list is recognised by the columns of its header") {
    CHECK(test::recognises(hashkeeper_list(), header));
    CHECK_FALSE(test::recognises(hashkeeper_list(), sets_header));
    CHECK_FALSE(test::recognises(hashkeeper_list(), "hash,file_name\n"));
    CHECK_FALSE(test::recognises(hashkeeper_list(), row("5", md5, "3")));
    CHECK_FALSE(test::recognises(hashkeeper_list(), ""));
    CHECK(test::read_list(hashkeeper_list(), "x\n").rejected() == Lines{"1: no header of a HashKeeper list"});
}

TEST_CASE("the shared HashKeeper lists give their key") {
    const auto text = test::file_text(test::shared_path("reference/hashlists/hashkeeper.hsh"));
    const auto selection = test::file_text(test::shared_path("evidence/known/hashkeeper.csv"));
    if (!text || !selection) {
        MESSAGE("skipped: no shared lists");
        return;
    }
    REQUIRE(test::recognises(hashkeeper_list(), *text));
    const auto reading = test::read_list(hashkeeper_list(), *text);
    CHECK(reading.rejected().empty());
    Lines expected;
    for (const Lines& k : test::reference_key())
        expected.push_back(std::to_string(expected.size() + 2) + " md5 " + k.at(4) + " size " + k.at(1) +
                           " category :7 label " + k.at(0));
    CHECK(reading.lines() == expected);
    CHECK(expected.size() == 7);
    REQUIRE(test::recognises(hashkeeper_list(), *selection));
    CHECK(test::read_list(hashkeeper_list(), *selection).records.size() == 15 + 6);  // and six decoys
}

TEST_CASE("damaged HashKeeper lists are read to their end") {
    const std::string seed = header + row("5", md5, "3") + row("\"6\"", md5, "");
    for (unsigned i = 0; i < 2000; ++i) {
        const std::string text = i % 4 == 0 ? header + test::random_bytes(i) : test::mutated(seed, i);
        test::recognises(hashkeeper_list(), text);
        const auto reading = read(text, test::mutated(sets_header + set5, i));
        for (const KnownRecord& record : reading.records) REQUIRE_FALSE(record.digests.algorithms().empty());
    }
}

}  // namespace triage
