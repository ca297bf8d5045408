// SPDX-License-Identifier: Apache-2.0
// Stores that were made to harm whoever opens them.
#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "engine/case/store.h"
#include "tests/engine/case/sample_case.h"

using namespace triage;
using triage::sample::Folder;

TEST_CASE("a store that somebody else prepared runs no triggers and no views, and is no link and no pipe") {
    Folder folder;
    const std::string path = folder / "case.sqlite", other = folder / "other.sqlite";
    const auto prepare = [&](const std::string& sql) {
        std::filesystem::remove(path);
        sample::put(*std::make_unique<Store>(sample::start(path)), sample::entry("/a", 1));
        sample::write_file(folder / "sql", sql);
        sample::output_of("rm -f " + path + "-journal; sqlite3 " + path + " < " + (folder / "sql"));
    };
    prepare("CREATE TRIGGER hide AFTER INSERT ON entry BEGIN DELETE FROM entry; END;");
    {
        Store store = Store::open_for_resume(path);
        sample::put(store, sample::entry("/b", 2));
        sample::put(store, sample::entry("/c", 3));
        store.commit();
    }
    CHECK(sample::output_of("sqlite3 " + path + " 'SELECT count(*) FROM entry'") == "2\n");
    prepare("ALTER TABLE run RENAME TO r; CREATE VIEW run AS SELECT * FROM r;");
    CHECK_THROWS_WITH_AS(Store::open_for_resume(path).run(), doctest::Contains("view"), Error);
    std::filesystem::rename(path, other);
    std::filesystem::create_symlink(other, path);
    const std::string before = sample::read_file(other);
    CHECK_THROWS_WITH_AS(Store::open_for_resume(path), doctest::Contains("not a regular file"), Error);
    CHECK_THROWS_WITH_AS(Store::is_sealed_at(path), doctest::Contains("not a regular file"), Error);
    CHECK(sample::read_file(other) == before);
    std::filesystem::remove(path);
    sample::output_of("mkfifo " + path);
    CHECK_THROWS_WITH_AS(Store::open_read_only(path), doctest::Contains("not a regular file"), Error);
}
