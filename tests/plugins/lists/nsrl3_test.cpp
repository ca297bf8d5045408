// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "tests/support/sqlite_file.h"

namespace triage {

const ListFormat& nsrl3_list();
const ListFormat& kdb_list();

namespace {

using Lines = std::vector<std::string>;
const std::string md5 = "900150983cd24fb0d6963f7d28e17f72";
const std::string sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d";
const std::string sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const std::string digests = "md5 " + md5 + " sha1 " + sha1 + " sha256 " + sha256;

// The schema.sql of NIST's minimal edition, without tables that are not read.
const std::string minimal =
    "CREATE TABLE FILE (sha256 VARCHAR NOT NULL, sha1 VARCHAR NOT NULL, md5 VARCHAR NOT NULL, crc32 VARCHAR NOT NULL, "
    "file_name VARCHAR NOT NULL, file_size INTEGER NOT NULL, package_id INTEGER NOT NULL, CONSTRAINT PK_FILE__FILE "
    "PRIMARY KEY (sha256, sha1, md5, crc32, file_name, file_size, package_id));"
    "CREATE TABLE PKG (package_id INTEGER NOT NULL, name VARCHAR NOT NULL, version VARCHAR NOT NULL, "
    "operating_system_id INTEGER NOT NULL, manufacturer_id INTEGER NOT NULL, language VARCHAR NOT NULL, "
    "application_type VARCHAR NOT NULL, CONSTRAINT PK_PGK__PKG_ID PRIMARY KEY (package_id, operating_system_id, "
    "manufacturer_id, language, application_type));"
    "CREATE TABLE VERSION (version VARCHAR UNIQUE NOT NULL, build_set VARCHAR NOT NULL, build_date TIMESTAMP DEFAULT "
    "CURRENT_TIMESTAMP NOT NULL, release_date TIMESTAMP NOT NULL, description VARCHAR NOT NULL, CONSTRAINT "
    "PK_VERSION__VERSION PRIMARY KEY (version));"
    "CREATE VIEW DISTINCT_HASH AS SELECT DISTINCT sha256, sha1, md5, crc32 FROM FILE;";
// The schema.sql of the full edition, columns that are not read left out but for a few.
const std::string full =
    "CREATE TABLE PACKAGE_OBJECT (package_object_id INTEGER UNIQUE NOT NULL, package_id INTEGER NOT NULL, object_id "
    "INTEGER UNIQUE NOT NULL, CONSTRAINT PK PRIMARY KEY (package_object_id));"
    "CREATE TABLE APPLICATION (application_id INTEGER UNIQUE NOT NULL, package_id INTEGER NOT NULL, name VARCHAR "
    "DEFAULT '' NOT NULL, version VARCHAR DEFAULT '', CONSTRAINT PK PRIMARY KEY (application_id));"
    "CREATE TABLE METADATA (metadata_id NUMERIC UNIQUE NOT NULL, object_id INTEGER, key_hash VARCHAR NOT NULL, path "
    "VARCHAR NOT NULL, file_name VARCHAR NOT NULL, extension VARCHAR DEFAULT '' NOT NULL, bytes INTEGER NOT NULL, "
    "crc32 VARCHAR NOT NULL, md5 VARCHAR NOT NULL, sha1 VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, CONSTRAINT PK "
    "PRIMARY KEY (metadata_id));"
    "CREATE VIEW FILE AS SELECT UPPER(md.sha256) AS sha256, UPPER(md.sha1) AS sha1, UPPER(md.md5) AS md5, CASE "
    "md.extension WHEN '' THEN md.file_name ELSE md.file_name||'.'||md.extension END AS file_name, md.bytes AS "
    "file_size, po.package_id FROM METADATA AS md, PACKAGE_OBJECT AS po WHERE md.object_id = po.object_id;";

std::string file(const std::string& name, const std::string& size, const std::string& package, std::string hex = md5) {
    return "INSERT INTO FILE VALUES ('" + sha256 + "','" + sha1 + "','" + hex + "','352441C2','" + name + "'," + size +
           "," + package + ");";
}
std::string many() {
    std::string sql = minimal + "BEGIN;INSERT INTO PKG VALUES (1,'Suite','1',1,1,'English','x');";
    for (int i = 0; i < 300; ++i) sql += file("f" + std::to_string(i), "3", "1");
    return sql + "COMMIT;";
}

}  // namespace

TEST_CASE("each row of NSRL's minimal edition is a record with its package's name") {
    const auto reading = test::read_sql(
        nsrl3_list(),
        minimal + file("abc.txt", "3", "7") + file("copy", "3", "8") + file("x", "3", "9") +
            "INSERT INTO PKG VALUES (7,'Suite','1.0',1,1,'English','Test'), (7,'Suite','1.0',2,1,'English',"
            "'Test'), (8,'B','',1,1,'English','Test'), (8,'A','2',2,1,'English','Test');"
            "INSERT INTO VERSION VALUES ('2024.03.1','modern_minimal','2024-01-01','2024-01-01','');");
    CHECK(reading.lines() == Lines{"1 " + digests + " size 3 label abc.txt (Suite 1.0)",
                                   "2 " + digests + " size 3 label copy (A 2, B)",
                                   "3 " + digests + " size 3 label x (package 9)"});
    CHECK(reading.rejected().empty());
    CHECK(reading.says.name == "NSRL RDS modern_minimal");
    CHECK(reading.says.version == "2024.03.1");
}

TEST_CASE("NSRL's full edition is read from the tables behind its views") {
    const auto reading = test::read_sql(
        nsrl3_list(), full +
                          "INSERT INTO PACKAGE_OBJECT VALUES (1, 7, 70), (2, 8, 80);"
                          "INSERT INTO APPLICATION VALUES (1, 7, 'Suite', '1.0'), (2, 7, 'Tool', NULL);"
                          "INSERT INTO METADATA VALUES (11, 70, 'k', '/p', 'abc', 'txt', 3, '352441C2', '" +
                          md5 + "', '" + sha1 + "', '" + sha256 +
                          "'), (12, 80, 'k', '/p', 'abc', '', 3, '352441C2', '" + md5 +
                          "', '', ''),"
                          "(13, NULL, 'k', '/p', 'no', 'object', 3, '352441C2', '" +
                          md5 + "', '', '');");
    CHECK(reading.lines() == Lines{"1 " + digests + " size 3 label abc.txt (Suite 1.0, Tool)",
                                   "2 md5 " + md5 + " size 3 label abc (package 8)",
                                   "3 md5 " + md5 + " size 3 label no.object"});
    CHECK(reading.rejected().empty());
}

TEST_CASE("bad NSRL rows are rejected with row and reason, and reading goes on") {
    const auto reading = test::read_sql(
        nsrl3_list(), minimal + file("a", "-1", "1") + file("b", "'many'", "1") + file("c", "1.5", "1") +
                          file("d", "3", "'one'") + file("e", "3", "1", md5.substr(1)) + file("f", "3", "1", sha1) +
                          file("g", "9223372036854775808", "1") + "INSERT INTO FILE VALUES ('','','','','h',3,1);" +
                          file("i", "3", "1", md5.substr(1) + "g") + file("' || zeroblob(2000000) || '", "3", "1") +
                          file("k", "' 4 '", "1") + "INSERT INTO FILE VALUES ('','',x'" + md5 + "','','l',3,1);");
    CHECK(reading.lines() == Lines{"4 " + digests + " size 3 label d", "11 " + digests + " size 4 label k (package 1)",
                                   "12 md5 " + md5 + " size 3 label l (package 1)"});
    const std::string size = "the size is no number of bytes";
    CHECK(reading.rejected() == Lines{"1: " + size, "2: " + size, "3: " + size,
                                      "5: no digest: 32, 40 or 64 hexadecimal digits expected, 31 found",
                                      "6: a digest is not as long as its name demands", "7: " + size, "8: no digest",
                                      "9: no digest: a character is no hexadecimal digit",
                                      "10: the row is longer than 1 MiB"});
}

TEST_CASE("NSRL's FILE is read as it is stored, with or without row ids") {
    std::string sql = minimal + file("z", "3", "1") + file("a", "3", "1") + "UPDATE FILE SET rowid = rowid * 10;";
    auto reading = test::read_sql(nsrl3_list(), sql);
    REQUIRE(reading.records.size() == 2);
    CHECK(reading.records[0].position == 10);
    CHECK(reading.records[0].label == "z (package 1)");
    sql.replace(sql.find("package_id));"), 13, "package_id)) WITHOUT ROWID;");
    sql.erase(sql.find("UPDATE FILE"));
    reading = test::read_sql(nsrl3_list(), sql);
    REQUIRE(reading.records.size() == 2);
    CHECK(reading.records[0].position == 1);
    CHECK(reading.records[0].label == "a (package 1)");
}

TEST_CASE("NSRL names that are not UTF-8 or hold NUL are kept as they are") {
    const auto reading = test::read_sql(nsrl3_list(), minimal + file("\xFF\xFE'' || char(0) || ''b", "3", "'x'") +
                                                          file("' || x'ff00ff' || '", "3", "'x'"));
    REQUIRE(reading.records.size() == 2);
    CHECK(reading.records[1].label == std::string("\xFF\0\xFF", 3));
}

TEST_CASE("only a database with the tables of an NSRL edition is one") {
    CHECK(test::recognises_database(nsrl3_list(), test::sqlite_bytes(minimal)));
    CHECK(test::recognises_database(nsrl3_list(), test::sqlite_bytes(full)));
    CHECK_FALSE(test::recognises_database(kdb_list(), test::sqlite_bytes(minimal)));
    const std::string view = "CREATE TABLE x (sha256, sha1, md5, file_name, file_size, package_id);";
    CHECK_FALSE(
        test::recognises_database(nsrl3_list(), test::sqlite_bytes(view + "CREATE VIEW FILE AS SELECT * FROM x")));
    CHECK_FALSE(test::recognises_database(
        nsrl3_list(),
        test::sqlite_bytes(
            "CREATE VIRTUAL TABLE FILE USING fts5(sha256, sha1, md5, file_name, file_size, package_id)")));
    CHECK_FALSE(test::recognises_database(nsrl3_list(), test::sqlite_bytes("CREATE TABLE FILE (sha1, md5)")));
}

TEST_CASE("a damaged page of NSRL's FILE ends the reading in one rejection with the last row") {
    std::string sql = "PRAGMA page_size=512;" + many();
    const std::string key =
        ", CONSTRAINT PK_FILE__FILE PRIMARY KEY (sha256, sha1, md5, crc32, file_name, file_size, package_id)";
    sql.erase(sql.find(key), key.size());  // or else names stand in an index too
    std::string bytes = test::sqlite_bytes(sql);
    CHECK(test::read_database(nsrl3_list(), bytes).records.size() == 300);
    bytes[bytes.find("f150") / 512 * 512] = 'x';  // the kind of its page
    const auto reading = test::read_database(nsrl3_list(), bytes);
    CHECK(reading.records.size() < 151);
    CHECK(reading.records.size() > 100);
    CHECK(reading.rejected() ==
          Lines{std::to_string(reading.records.size()) + ": the database is damaged here: reading ended"});
    CHECK_THROWS_AS(test::read_database(nsrl3_list(), bytes.substr(0, bytes.size() - 512)), Error);
}

TEST_CASE("damaged NSRL databases are read without harm") {
    test::read_damaged(nsrl3_list(), test::sqlite_bytes("PRAGMA page_size=512;" + many()), 400);
}

TEST_CASE("the shared NSRL databases are read whole") {
    const auto bytes = test::file_text(test::shared_path("reference/hashlists/rdsv3_minimal.db"));
    const auto known = test::file_text(test::shared_path("evidence/known/rdsv3-minimal.db"));
    if (!bytes || !known) {
        MESSAGE("skipped: the shared samples are not there");
        return;
    }
    const auto reading = test::read_database(nsrl3_list(), *bytes);
    CHECK(reading.rejected().empty());
    const auto key = test::file_text(test::shared_path("reference/hashlists/content.tsv")).value_or("");
    CHECK(test::missing_contents(reading, key) == Lines{});
    CHECK(reading.records.size() == 14);  // each content of content.tsv under two names
    CHECK(reading.lines()[4] == "5 " + digests + " size 3 label abc.txt (Demo abc.txt 1.0)");
    CHECK(reading.says.version == "2024.03.1");
    CHECK(test::read_database(nsrl3_list(), *known).rejected().empty());
}

}  // namespace triage
