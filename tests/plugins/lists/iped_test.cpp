// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "tests/support/sqlite_file.h"

namespace triage {

const ListFormat& iped_list();
const ListFormat& nsrl3_list();

namespace {

using Lines = std::vector<std::string>;
const std::string md5 = "900150983cd24fb0d6963f7d28e17f72";
const std::string sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d";
const std::string digests = "md5 " + md5 + " sha1 " + sha1;

// As IPED's HashDBTool creates them.
const std::string schema =
    "CREATE TABLE HASHES (HASH_ID integer primary key, MD5 blob, SHA1 blob, SHA256 blob, SHA512 blob, EDONKEY blob);"
    "CREATE TABLE HASHES_PROPERTIES (HASH_ID integer, PROPERTY_ID integer, VALUE text NOT NULL, primary key (HASH_ID, "
    "PROPERTY_ID));"
    "CREATE TABLE PROPERTIES (PROPERTY_ID integer, PROPERTY_NAME text NOT NULL, primary key (PROPERTY_ID));";

std::string hash(int id, const std::string& values = "x'" + md5 + "',x'" + sha1 + "',NULL") {
    return "INSERT INTO HASHES VALUES (" + std::to_string(id) + "," + values + ",NULL,NULL);";
}
// One hash with these properties.
std::string with(const std::vector<std::pair<std::string, std::string>>& properties) {
    std::string sql = schema + hash(1);
    int id = 0;
    for (const auto& [name, value] : properties) {
        const std::string number = std::to_string(++id);
        sql += "INSERT INTO PROPERTIES VALUES (" + number + ",'" + name +
               "');INSERT INTO HASHES_PROPERTIES VALUES (1," + number + ",'" + value + "');";
    }
    return sql;
}
Lines records(const std::vector<std::pair<std::string, std::string>>& properties) {
    const auto reading = test::read_sql(iped_list(), with(properties));
    CHECK(reading.rejected().empty());
    return reading.lines();
}
Lines rejected(const std::string& sql) {
    const auto reading = test::read_sql(iped_list(), sql);
    CHECK(reading.lines().empty());
    return reading.rejected();
}

}  // namespace

TEST_CASE("an IPED hash has the category of its set, or its status") {
    CHECK(records({{"set", "ProjectVIC"}, {"status", "pedo"}, {"vicCategory", "1"}}) ==
          Lines{"1 " + digests + " category ProjectVIC:1"});
    CHECK(records({{"set", "Mine"}, {"status", "alert"}}) == Lines{"1 " + digests + " category Mine:alert"});
    CHECK(records({{"status", "known"}}) == Lines{"1 " + digests + " category :known"});
    CHECK(records({}) == Lines{"1 " + digests});
}

TEST_CASE("an IPED hash in several sets is a record a set, each with its own details") {
    CHECK(records({{"set", "ICSE|NSRL|ProjectVIC"},
                   {"status", "known|pedo"},
                   {"vicCategory", "1|2"},
                   {"vicSeries", "S"},
                   {"vicVictimIdentified", "true"},
                   {"vicIsDistributed", "false"},
                   {"icseIsDistributed", "true"},
                   {"nsrlProductName", "Office|Windows"}}) ==
          Lines{"1 " + digests + " category ICSE:known flags 1", "1 " + digests + " category ICSE:pedo flags 1",
                "1 " + digests + " category NSRL:known label Office|Windows",
                "1 " + digests + " category NSRL:pedo label Office|Windows",
                "1 " + digests + " category ProjectVIC:1 flags 34 label S",
                "1 " + digests + " category ProjectVIC:2 flags 34 label S"});
}

TEST_CASE("an IPED hash of CAID has its size and name") {
    CHECK(records({{"Set", "CAID"}, {"Status", "known"}, {"caidMediaSize", "3"}, {"caidFileName", "abc.jpg"}}) ==
          Lines{"1 " + digests + " size 3 category CAID:known label abc.jpg"});
    CHECK(rejected(with({{"set", "CAID"}, {"caidMediaSize", "3 KB"}})) == Lines{"1: the size is no number of bytes"});
}

TEST_CASE("bad IPED rows are rejected with row and reason, and reading goes on") {
    const auto reading = test::read_sql(
        iped_list(), schema + hash(1, "x'00',NULL,NULL") + hash(2, "NULL,NULL,NULL") +
                         hash(3, "'" + md5 + "',NULL,NULL") + hash(4, "7,NULL,NULL") + hash(5) +
                         "INSERT INTO HASHES_PROPERTIES VALUES (5, 99, 'x');" + hash(6) +
                         "INSERT INTO PROPERTIES VALUES (1, 'set');" +
                         "INSERT INTO HASHES_PROPERTIES VALUES (6, 1, printf('%.*c', 2000000, 'x'));" + hash(7));
    CHECK(reading.lines() == Lines{"3 md5 " + md5, "7 " + digests});
    CHECK(reading.rejected() == Lines{"1: a digest of 1 bytes where 16 are expected", "2: no digest",
                                      "4: a digest is a number", "5: a property that has no name",
                                      "6: a property is longer than 1 MiB"});
}

TEST_CASE("sets and categories do not multiply without end") {
    std::string sets = "a";
    for (int i = 0; i < 70; ++i) sets += "|s" + std::to_string(i);
    CHECK(rejected(with({{"set", sets}})) == Lines{"1: in more than 64 sets or categories"});
    CHECK(records({{"set", "||  |a||"}}) == Lines{"1 " + digests + " category a:"});
}

TEST_CASE("properties that no index finds are refused") {
    CHECK_THROWS_AS(test::read_sql(iped_list(),
                                   "CREATE TABLE HASHES (HASH_ID, MD5, SHA1, SHA256);"
                                   "CREATE TABLE HASHES_PROPERTIES (HASH_ID, PROPERTY_ID, VALUE);"
                                   "CREATE TABLE PROPERTIES (PROPERTY_ID, PROPERTY_NAME);"),
                    Error);
}

TEST_CASE("only a database with IPED's tables is one") {
    CHECK(test::recognises_database(iped_list(), test::sqlite_bytes(schema)));
    CHECK_FALSE(test::recognises_database(nsrl3_list(), test::sqlite_bytes(schema)));
    CHECK_FALSE(test::recognises_database(
        iped_list(), test::sqlite_bytes(schema + "DROP TABLE PROPERTIES; CREATE VIEW PROPERTIES AS SELECT 1 AS "
                                                 "PROPERTY_ID, 'x' AS PROPERTY_NAME")));
    CHECK_FALSE(test::recognises_database(iped_list(), "SQLite format 3"));
}

TEST_CASE("damaged IPED databases are read without harm") {
    std::string sql = "PRAGMA page_size=512;" + schema + "BEGIN;INSERT INTO PROPERTIES VALUES (1, 'set');";
    for (int i = 1; i < 200; ++i)
        sql += hash(i, "x'" + md5.substr(0, 28) + std::to_string(1000 + i) + "',NULL,NULL") +
               "INSERT INTO HASHES_PROPERTIES VALUES (" + std::to_string(i) + ",1,'a|b');";
    const std::string bytes = test::sqlite_bytes(sql + "COMMIT;");
    CHECK(test::read_database(iped_list(), bytes).records.size() == 398);
    test::read_damaged(iped_list(), bytes, 400);
}

TEST_CASE("the shared IPED database is read whole") {
    const auto bytes = test::file_text(test::shared_path("reference/hashlists/iped_hashes.db"));
    if (!bytes) {
        MESSAGE("skipped: the shared samples are not there");
        return;
    }
    const auto reading = test::read_database(iped_list(), *bytes);
    CHECK(reading.rejected().empty());
    const auto key = test::file_text(test::shared_path("reference/hashlists/content.tsv")).value_or("");
    CHECK(test::missing_contents(reading, key) == Lines{"empty.bin"});
    REQUIRE(reading.records.size() == 7);  // six contents of content.tsv, one of them in two sets
    CHECK(reading.records[0].category == Category{"ProjectVIC", "0"});
    CHECK(reading.records[1].category == Category{"NSRL", "known"});
    CHECK(reading.records[2].digests.md5->hex() == md5);
    CHECK(reading.records[2].category == Category{"ProjectVIC", "1"});
}

}  // namespace triage
