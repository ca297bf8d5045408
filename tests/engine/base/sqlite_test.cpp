// SPDX-License-Identifier: Apache-2.0
#include "engine/base/sqlite.h"

#include <doctest/doctest.h>

#include "tests/engine/case/sample_case.h"

using namespace triage;

namespace {

Database empty_database(const std::string& path) {
    sample::write_file(path, "");
    return Database(path, Database::Mode::read_write);
}

}  // namespace

TEST_CASE("values come back as they were bound") {
    sample::Folder folder;
    Database database = empty_database(folder / "db");
    database.execute("CREATE TABLE t (a INTEGER, b INTEGER, c TEXT, d BLOB, e BLOB, f INTEGER) STRICT");
    const std::string text("a\0b", 3);
    const Bytes blob{std::byte{0}, std::byte{255}};
    database.prepare("INSERT INTO t VALUES (?,?,?,?,?,?)")
        .run(std::int64_t{-5}, ~std::uint64_t{0}, text, ByteView(blob), ByteView(), std::optional<std::uint64_t>());
    Statement row = database.prepare("SELECT * FROM t");
    REQUIRE(row.step());
    CHECK(row.integer(0) == -5);
    CHECK(row.unsigned_integer(1) == ~std::uint64_t{0});
    CHECK(row.text(2) == text);
    CHECK(row.text(3) == std::string("\0\xFF", 2));
    CHECK_FALSE(row.is_null(4));
    CHECK(row.blob(4).empty());
    CHECK(row.is_null(5));
    CHECK_FALSE(row.step());
}

TEST_CASE("a name is a path, whatever it begins with") {
    sample::Folder folder;
    for (const std::string& path : {"/" + folder / "two-slashes", folder / "a?b#c%41"}) {
        empty_database(path).execute("CREATE TABLE t (a)");
        CHECK_FALSE(Database(path, Database::Mode::immutable).prepare("SELECT * FROM t").step());
    }
    const std::filesystem::path before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    sample::write_file("other", "");
    empty_database("file:other").execute("CREATE TABLE t (a)");
    CHECK(std::filesystem::file_size("other") == 0);
    CHECK_FALSE(Database("file:other", Database::Mode::immutable).prepare("SELECT * FROM t").step());
    std::filesystem::current_path(before);
}

TEST_CASE("a failure names the file and what SQLite says, and is no full disk") {
    sample::Folder folder;
    Database database = empty_database(folder / "db");
    try {
        database.execute("SELECT * FROM absent");
        FAIL("no error");
    } catch (const SqliteError& error) {
        CHECK(std::string(error.what()) == folder / "db" + ": no such table: absent");
        CHECK_FALSE(error.is_disk_full());
        CHECK(error.kind() == ErrorKind::interrupted);
    }
}

TEST_CASE("a full database is recognised, and the statement can be used again") {
    sample::Folder folder;
    Database database = empty_database(folder / "db");
    database.execute("CREATE TABLE t (a TEXT); PRAGMA max_page_count = 4");
    Statement insert = database.prepare("INSERT INTO t VALUES (?)");
    bool is_full = false;
    try {
        insert.run(std::string(100'000, 'x'));
    } catch (const SqliteError& error) {
        is_full = error.is_disk_full();
    }
    CHECK(is_full);
    CHECK_NOTHROW(insert.run("short"));
}
