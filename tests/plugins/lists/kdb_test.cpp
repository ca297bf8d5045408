// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "tests/support/sqlite_file.h"

namespace triage {

const ListFormat& kdb_list();
const ListFormat& nsrl3_list();
const ListFormat& iped_list();

namespace {

using Lines = std::vector<std::string>;
const std::string md5 = "900150983cd24fb0d6963f7d28e17f72";
const std::string sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d";
const std::string sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

// As tsk/hashdb/sqlite_hdb.cpp creates them.
const std::string schema =
    "CREATE TABLE db_properties (name TEXT NOT NULL, value TEXT);"
    "INSERT INTO db_properties VALUES ('Schema Version', '1');"
    "CREATE TABLE hashes (id INTEGER PRIMARY KEY AUTOINCREMENT, md5 BINARY(16) UNIQUE, sha1 BINARY(20), "
    "sha2_256 BINARY(32));"
    "CREATE TABLE file_names (name TEXT NOT NULL, hash_id INTEGER NOT NULL, PRIMARY KEY(name, hash_id));"
    "CREATE TABLE comments (comment TEXT NOT NULL, hash_id INTEGER NOT NULL, PRIMARY KEY(comment, hash_id));";
std::string hash(int id, const std::string& values) {
    return "INSERT INTO hashes VALUES (" + std::to_string(id) + "," + values + ");";
}
std::string blob(const std::string& hex) { return "x'" + hex + "'"; }

std::string sound_sql() {
    std::string sql = schema;
    for (int i = 1; i <= 300; ++i) {
        const std::string hex = md5.substr(0, 28) + std::to_string(1000 + i);
        sql += hash(i, blob(hex) + ",NULL,NULL") + "INSERT INTO file_names VALUES ('file" + std::to_string(i) + "'," +
               std::to_string(i) + ");";
    }
    return sql;
}

}  // namespace

TEST_CASE("the digests of a kdb hash are one record") {
    const auto reading = test::read_sql(
        kdb_list(), schema + hash(1, blob(md5) + ",NULL,NULL") + hash(5, "NULL," + blob(sha1) + "," + blob(sha256)));
    CHECK(reading.lines() == Lines{"1 md5 " + md5, "5 sha1 " + sha1 + " sha256 " + sha256});
    CHECK(reading.rejected().empty());
}

TEST_CASE("a kdb hash with several names is a record a name, with its comments behind") {
    const auto reading = test::read_sql(
        kdb_list(), schema + hash(1, blob(md5) + ",NULL,NULL") + hash(2, "NULL," + blob(sha1) + ",NULL") +
                        "INSERT INTO file_names VALUES ('b.jpg', 1), ('a.jpg', 1), ('other', 77);"
                        "INSERT INTO comments VALUES ('two', 1), ('one', 1), ('only', 2);");
    CHECK(reading.lines() == Lines{"1 md5 " + md5 + " label a.jpg (one; two)",
                                   "1 md5 " + md5 + " label b.jpg (one; two)", "2 sha1 " + sha1 + " label only"});
    CHECK(reading.rejected().empty());
}

TEST_CASE("bad kdb rows are rejected with row and reason, and reading goes on") {
    const auto reading =
        test::read_sql(kdb_list(), schema + hash(1, "x'00',NULL,NULL") + hash(2, "NULL,NULL,NULL") +
                                       hash(3, "'xyz',NULL,NULL") + hash(4, "NULL," + blob(md5) + ",NULL") +
                                       hash(5, "'" + md5 + "',NULL,NULL") + hash(6, "12345,NULL,NULL") +
                                       hash(7, "NULL,'" + sha256 + "',NULL") + hash(8, "zeroblob(2000000),NULL,NULL") +
                                       hash(9, "'',NULL," + blob(sha256)) + hash(-3, "NULL," + blob(sha1) + ",NULL"));
    CHECK(reading.lines() == Lines{"5 md5 " + md5, "9 sha256 " + sha256});
    CHECK(reading.rejected() == Lines{"0: the row id is negative", "1: a digest of 1 bytes where 16 are expected",
                                      "2: no digest", "3: no digest: a character is no hexadecimal digit",
                                      "4: a digest of 16 bytes where 20 are expected", "6: a digest is a number",
                                      "7: a digest is not as long as its name demands",
                                      "8: the row is longer than 1 MiB"});
}

TEST_CASE("names that belong to no number and an unknown schema version are said") {
    const auto reading = test::read_sql(kdb_list(), schema + hash(1, blob(md5) + ",NULL,NULL") +
                                                        "UPDATE db_properties SET value = '2';"
                                                        "INSERT INTO file_names VALUES ('x', 'y');");
    CHECK(reading.lines() == Lines{"1 md5 " + md5});
    CHECK(reading.rejected() == Lines{"1: the schema's version is not 1: what it changed is not known here",
                                      "1: a name or comment that belongs to no hash"});
}

TEST_CASE("comments without end do not multiply") {
    const auto reading = test::read_sql(kdb_list(), schema + hash(1, blob(md5) + ",NULL,NULL") +
                                                        "INSERT INTO comments VALUES (printf('%.*c', 5000, 'x'), 1);");
    CHECK(reading.lines() == Lines{"1 md5 " + md5});
    CHECK(reading.rejected() == Lines{"1: comments of more than 4 KiB: the rest of them is left out"});
}

TEST_CASE("a kdb database in UTF-16 is read") {
    const auto reading =
        test::read_sql(kdb_list(), "PRAGMA encoding='UTF-16le';" + schema + hash(1, "'" + md5 + "',NULL,NULL") +
                                       "INSERT INTO file_names VALUES ('\xC3\xBC', 1);");
    CHECK(reading.lines() == Lines{"1 md5 " + md5 + " label \xC3\xBC"});
}

TEST_CASE("only a database with kdb's tables is one") {
    CHECK(test::recognises_database(kdb_list(), test::sqlite_bytes(schema)));
    CHECK_FALSE(test::recognises_database(nsrl3_list(), test::sqlite_bytes(schema)));
    CHECK_FALSE(test::recognises_database(iped_list(), test::sqlite_bytes(schema)));
    CHECK_FALSE(test::recognises(kdb_list(), test::sqlite_bytes(schema)));  // in an archive: no file
    CHECK_FALSE(test::recognises_database(kdb_list(), "SQLite format 3"));
    CHECK_FALSE(test::recognises_database(kdb_list(), ""));
    const auto with = [](const std::string& hashes) {
        return test::sqlite_bytes(
            "CREATE TABLE db_properties (name, value); CREATE TABLE file_names (name, hash_id);"
            "CREATE TABLE x (id, md5);" +
            hashes);
    };
    CHECK(test::recognises_database(kdb_list(), with("CREATE TABLE hashes (id, md5)")));
    CHECK_FALSE(test::recognises_database(kdb_list(), with("CREATE VIEW hashes AS SELECT * FROM x")));
    CHECK_FALSE(test::recognises_database(kdb_list(), with("CREATE VIRTUAL TABLE hashes USING fts5(id, md5)")));
    CHECK_FALSE(test::recognises_database(kdb_list(), with("CREATE TABLE hashes (id, md5 AS (hex(id)))")));
    CHECK_THROWS_AS(test::read_database(kdb_list(), with("CREATE VIEW hashes AS SELECT * FROM x")), Error);
    CHECK_THROWS_AS(test::read_list(kdb_list(), "no database"), Error);
    CHECK_THROWS_AS(test::read_database(kdb_list(), "no database"), Error);
}

TEST_CASE("triggers and a table without row ids or with a column of that name do no harm") {
    auto reading =
        test::read_sql(kdb_list(), schema + hash(1, blob(md5) + ",NULL,NULL") +
                                       "CREATE TRIGGER t AFTER INSERT ON hashes BEGIN DELETE FROM hashes; END");
    CHECK(reading.lines() == Lines{"1 md5 " + md5});
    const std::string other = "CREATE TABLE db_properties (name, value); CREATE TABLE file_names (name, hash_id);";
    reading = test::read_sql(kdb_list(), other +
                                             "CREATE TABLE hashes (id, md5, PRIMARY KEY (id)) WITHOUT ROWID;"
                                             "INSERT INTO hashes VALUES (7, '" +
                                             md5 + "')");
    CHECK(reading.lines() == Lines{"1 md5 " + md5});
    reading = test::read_sql(kdb_list(), other +
                                             "CREATE TABLE hashes (id, md5, rowid);"
                                             "INSERT INTO hashes VALUES (7, '" +
                                             md5 + "', 'x')");
    CHECK(reading.lines() == Lines{"1 md5 " + md5});
    reading = test::read_sql(kdb_list(), other +
                                             "CREATE TABLE hashes (id, md5, PRIMARY KEY (id)) WITHOUT ROWID;"
                                             "INSERT INTO hashes VALUES (7, zeroblob(2000000)), (8, NULL)");
    CHECK(reading.rejected() == Lines{"1: the row is longer than 1 MiB and has no id: reading ended"});
}

TEST_CASE("what lies beside an unclosed database is not read and that is said") {
    const auto bytes = test::sqlite_bytes(schema + hash(1, blob(md5) + ",NULL,NULL"));
    CHECK(test::read_database(kdb_list(), bytes, {{"list-wal", "x"}}).rejected() ==
          Lines{"0: the database was not closed: changes that lie beside it are not read"});
    CHECK(test::read_database(kdb_list(), bytes, {{"list-wal", ""}}).rejected().empty());
}

TEST_CASE("a page of a kdb database that is damaged ends the reading with one rejection") {
    std::string sql = "PRAGMA page_size=512;" + sound_sql();
    sql.erase(sql.find(" UNIQUE"), 7);  // or else the bytes stand in an index too
    std::string bytes = test::sqlite_bytes(sql);
    CHECK(test::read_database(kdb_list(), bytes).records.size() == 300);
    const std::size_t at = bytes.find("\x90\x01\x50\x98");
    REQUIRE(at != std::string::npos);
    bytes[at / 512 * 512] = 'x';  // the kind of its page
    const auto reading = test::read_database(kdb_list(), bytes);
    REQUIRE(reading.rejections.size() == 1);
    CHECK(reading.rejections[0].why == "the database is damaged here: reading ended");
    CHECK(reading.rejections[0].position == reading.records.size());
}

TEST_CASE("a kdb database whose pages are linked to the same page again ends the reading") {
    std::string bytes = test::sqlite_bytes("PRAGMA page_size=512;" + sound_sql());
    unsigned nodes = 0;
    for (std::size_t page = 512; page < bytes.size(); page += 512) {  // SQLite file format, section 1.6
        if (bytes[page] != 5) continue;                               // interior page of a table
        const auto cell_count = load_be<std::uint16_t>(as_bytes(bytes), page + 3).value();
        const auto cell = [&](unsigned i) {
            return page + load_be<std::uint16_t>(as_bytes(bytes), page + 12 + 2 * i).value();
        };
        for (unsigned i = 1; i < cell_count; ++i) bytes.replace(cell(i), 4, bytes, cell(0), 4);
        ++nodes;
    }
    CHECK(nodes > 0);
    const auto reading = test::read_database(kdb_list(), bytes);
    CHECK(reading.records.size() < 50);
    REQUIRE_FALSE(reading.rejections.empty());
    CHECK(reading.rejections.back().why == "the database is damaged here: reading ended");
    CHECK(reading.rejections.back().position == reading.records.back().position);
}

TEST_CASE("damaged kdb databases are read without harm") {
    test::read_damaged(kdb_list(), test::sqlite_bytes("PRAGMA page_size=512;" + sound_sql()), 400);
}

TEST_CASE("the shared Autopsy hash sets are read whole") {
    const std::string path = test::shared_path("reference/hashlists/tsk.kdb");
    const auto bytes = test::file_text(path);
    if (!bytes) {
        MESSAGE("skipped: " << path << " is not there");
        return;
    }
    const auto reading = test::read_database(kdb_list(), *bytes);
    CHECK(reading.rejected().empty());
    const auto key = test::file_text(test::shared_path("reference/hashlists/content.tsv")).value_or("");
    CHECK(test::missing_contents(reading, key) == Lines{});
    CHECK(reading.records.size() == 7);
    CHECK(reading.lines()[2] == "3 md5 " + md5 + " label abc.txt (synthetic)");  // content.tsv: abc.txt
}

}  // namespace triage
