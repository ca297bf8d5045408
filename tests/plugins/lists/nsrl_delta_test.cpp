// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "tests/support/list_reading.h"
#include "tests/support/scratch_file.h"

namespace triage {

const ListFormat& nsrl_delta_list();
const ListFormat& plain_list();

namespace {

using Lines = std::vector<std::string>;
const std::string md5 = "900150983cd24fb0d6963f7d28e17f72";
const std::string sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d";
const std::string sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const std::string digests = "md5 " + md5 + " sha1 " + sha1 + " sha256 " + sha256;
const std::string into = "INSERT INTO FILE(sha256,sha1,md5,crc32,file_name,file_size,package_id) VALUES";

std::string values(const std::string& name, const std::string& size = "3", const std::string& package = "7") {
    return "('" + sha256 + "','" + sha1 + "','" + md5 + "','352441C2','" + name + "'," + size + "," + package + ")";
}
std::string file(const std::string& name) { return into + values(name) + ";\n"; }
Lines records(const std::string& text) {
    const auto reading = test::read_list(nsrl_delta_list(), text);
    CHECK(reading.rejected().empty());
    return reading.lines();
}
Lines rejected(const std::string& text) { return test::read_list(nsrl_delta_list(), text).rejected(); }
std::string labelled(const std::string& line, const std::string& label) {
    return line + " " + digests + " size 3 label " + label;
}
const std::string no_end = "the statement has no end";

}  // namespace

TEST_CASE("each row that a delta adds to FILE is a record at the line of its statement") {
    CHECK(records("BEGIN TRANSACTION;\n" + file("abc.txt") + "\n" + file("it''s") + "COMMIT;\n") ==
          Lines{labelled("2", "abc.txt (package 7)"), labelled("4", "it's (package 7)")});
    CHECK(records("insert or ignore into main.\"FILE\" values\n" + values("a") + ",\r\n" + values("b;--c") + ";") ==
          Lines{labelled("1", "a (package 7)"), labelled("1", "b;--c (package 7)")});
    CHECK(records("\xEF\xBB\xBF/* a; 'b */ -- c;\n ;;" + file("two\nlines")) ==
          Lines{labelled("2", "two\nlines (package 7)")});
    CHECK(records("INSERT INTO FILE(md5,file_size) VALUES('" + md5 + "',NULL);") == Lines{"1 md5 " + md5});
}

TEST_CASE("a delta's packages name what follows them, and its version is said") {
    const std::string text =
        "INSERT INTO VERSION VALUES('2024.06.1','modern_minimal','','','');\n"
        "INSERT INTO PKG VALUES(7,'Suite','1.0',1,1,'English','x');\n"
        "INSERT INTO PKG VALUES(7,'Suite','1.0',2,1,'English','x');\n"
        "INSERT INTO MFG VALUES(1,replace('a','b','c'));\n" +
        file("abc.txt");
    const auto reading = test::read_list(nsrl_delta_list(), text);
    CHECK(reading.lines() == Lines{labelled("5", "abc.txt (Suite 1.0)")});
    CHECK(reading.rejected().empty());
    CHECK(reading.says.name == "NSRL RDS modern_minimal");
    CHECK(reading.says.version == "2024.06.1");
}

TEST_CASE("a delta of the full edition is read") {
    CHECK(records("INSERT INTO PACKAGE_OBJECT VALUES(1,7,70);\n"
                  "INSERT INTO APPLICATION(application_id,package_id,name,version) VALUES(1,7,'Suite','1');\n"
                  "INSERT INTO METADATA(metadata_id,object_id,file_name,extension,bytes,md5,sha1,sha256) VALUES(1,70,"
                  "'abc','txt',3,'" +
                  md5 + "','" + sha1 + "','" + sha256 + "');") == Lines{labelled("3", "abc.txt (Suite 1)")});
}

TEST_CASE("what a delta deletes or changes is rejected, never applied or skipped") {
    const std::string why =
        " changes what is in the full set and cannot be done to a list: apply the delta to the full "
        "database and import that";
    const auto reading =
        test::read_list(nsrl_delta_list(), file("a") + "DELETE FROM FILE WHERE sha1 = '" + sha1 + "';\n" +
                                               "update or replace PKG SET name = 'x;';\nDELETE FROM OS WHERE 1;\n" +
                                               "UPDATE VERSION SET version = 'x';\nDROP TABLE FILE;\nROLLBACK;\n" +
                                               "CREATE TEMP TRIGGER t BEGIN SELECT 1; END;\nCREATE INDEX i ON FILE "
                                               "(md5);\nINSERT INTO FILES VALUES(1);\n.mode csv;\n");
    CHECK(reading.lines() == Lines{labelled("1", "a (package 7)")});
    CHECK(reading.rejected() ==
          Lines{"2: DELETE" + why, "3: UPDATE" + why, "6: a statement that no delta of the NSRL has",
                "7: a statement that no delta of the NSRL has", "8: a trigger",
                "10: an INSERT into a table that the NSRL does not have", "11: no SQL statement"});
}

TEST_CASE("bad rows of a delta are rejected with line and reason, and reading goes on") {
    const auto bad = [](const std::string& row) { return rejected(into + row + ";\n" + file("next")); };
    const std::string size = "1: the size is no number of bytes",
                      plain = "1: an INSERT that is no plain list of values";
    CHECK(bad(values("a", "-1")) == Lines{size});
    CHECK(bad(values("a", "'x'")) == Lines{size});
    CHECK(bad(values("a", "1.5")) == Lines{size});
    CHECK(bad(values("a", "9223372036854775808")) == Lines{size});
    CHECK(bad("(1,2)") == Lines{"1: not as many values as columns"});
    CHECK(bad("('" + sha256.substr(1) + "','','','','',3,7)") ==
          Lines{"1: no digest: 32, 40 or 64 hexadecimal digits expected, 63 found"});
    CHECK(bad("('" + sha1 + "','','','','',3,7)") == Lines{"1: a digest is not as long as its name demands"});
    CHECK(bad("(1,'','','','',3,7)") == Lines{"1: a digest is no quoted text"});
    CHECK(bad("(lower('x'),'','','','',3,7)") == Lines{"1: a digest is no quoted text"});
    CHECK(bad("('','',NULL,'','',3,7)") == Lines{"1: no digest"});
    CHECK(bad("('','','" + md5 + "','',upper('a'),3,7)") == Lines{"1: the name is no quoted text"});
    CHECK(bad("(") == Lines{plain});
    CHECK(bad("('a','b'") == Lines{plain});
    CHECK(bad(values("a") + " ON CONFLICT DO NOTHING") == Lines{plain});
    CHECK(rejected("INSERT INTO FILE SELECT * FROM x;\n" + file("next")) == Lines{plain});
    CHECK(rejected("INSERT INTO FILE(a b) VALUES(1);\n" + file("next")) == Lines{plain});
}

TEST_CASE("a lost quote, semicolon or comment end costs one statement of a delta") {
    const auto two = [](std::string first) {
        const auto reading = test::read_list(nsrl_delta_list(), first + file("b") + file("c"));
        CHECK(reading.records.size() == 2);
        return reading.rejected();
    };
    CHECK(two(into + "('" + sha256 + ",'','','',3,7);\n") == Lines{"1: " + no_end});
    CHECK(two(into + values("a") + "\n") == Lines{"1: " + no_end});
    CHECK(two("/* x\n") == Lines{"1: " + no_end});
    CHECK(two(into + std::string("('\0');\n", 7)) == Lines{"1: holds a NUL byte"});
    CHECK(rejected(into + values("a")) == Lines{"1: " + no_end});
    CHECK(rejected("\n" + into + "\n('") == Lines{"2: " + no_end});
}

TEST_CASE("a statement of a delta longer than 1 MiB is rejected whole") {
    const auto long_line = test::read_list(nsrl_delta_list(), file(std::string(3 << 20, 'x')) + file("b"));
    CHECK(long_line.rejected() == Lines{"1: longer than 1 MiB"});
    CHECK(long_line.records.size() == 1);
    std::string rows = into;
    for (int i = 0; i < 10000; ++i) rows += values("x") + (i == 9999 ? ";\n" : ",\n");
    const auto long_statement = test::read_list(nsrl_delta_list(), rows + file("b"));
    CHECK(long_statement.rejected() == Lines{"1: longer than 1 MiB"});
    CHECK(long_statement.lines() == Lines{labelled("10001", "b (package 7)")});
}

TEST_CASE("deltas are recognised by their statements") {
    CHECK(test::recognises(nsrl_delta_list(), "BEGIN TRANSACTION;\n" + file("a")));
    CHECK(test::recognises(nsrl_delta_list(), "-- x\nINSERT INTO MFG VALUES(1,'x');\nDELETE FROM FILE WHERE 1;\n"));
    CHECK(test::recognises(nsrl_delta_list(), "INSERT INTO PKG VALUES(1,'a','',1,1,'','');\n"));
    CHECK_FALSE(test::recognises(nsrl_delta_list(), "INSERT INTO FILE(id,name) VALUES(1,'x');\n"));
    CHECK_FALSE(test::recognises(nsrl_delta_list(), "INSERT INTO users VALUES(1);\n" + file("a")));
    CHECK_FALSE(test::recognises(nsrl_delta_list(), "CREATE TABLE FILE (sha1);\n"));
    CHECK_FALSE(test::recognises(nsrl_delta_list(), md5 + "  INSERT INTO FILE\n"));
    CHECK_FALSE(test::recognises(nsrl_delta_list(), ""));
}

TEST_CASE("damaged deltas are read to their end") {
    const std::string seed = "BEGIN TRANSACTION;\nINSERT INTO PKG VALUES(7,'Suite','1',1,1,'','');\n" + file("a''b") +
                             file("c") + "/* x */ DELETE FROM FILE WHERE 1;\nCOMMIT;\n";
    for (unsigned i = 0; i < 3000; ++i) {
        const std::string text = i % 4 == 0 ? into + test::random_bytes(i) : test::mutated(seed, i);
        test::recognises(nsrl_delta_list(), text);
        const auto reading = test::read_list(nsrl_delta_list(), text);
        for (const KnownRecord& record : reading.records) REQUIRE_FALSE(record.digests.algorithms().empty());
    }
}

}  // namespace triage
