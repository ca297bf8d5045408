// SPDX-License-Identifier: Apache-2.0
// What is in the file is for tests/cli/sqlite_test.py to read; here, that its bytes depend on the rows alone.
#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "engine/report/reporter.h"
#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;

namespace triage {
const ReporterKind& sqlite_reporter();
}

namespace {

constexpr std::uint64_t rows = 30'000;  // more pages than the cache of the writer holds

// The same rows in an order that `seed` decides.
void make_store(const std::string& path, unsigned seed) {
    Store store = start(path);
    std::vector<std::uint64_t> numbers(rows);
    std::iota(numbers.begin(), numbers.end(), std::uint64_t{0});
    std::shuffle(numbers.begin(), numbers.end(), std::mt19937(seed));
    for (const std::uint64_t i : numbers) {
        Examined examined = hashed(static_cast<unsigned char>(i * 7919 >> 3));
        if (i % 10 == 0) examined.matches = {match(0, i)};
        put(store, entry("/" + std::string(i % 400, 'x') + std::to_string(i), i / 3), examined, 0, i);
    }
    store.seal(alert_on_match);
}

std::string rendered(const std::string& store, const std::string& folder, std::uint32_t threads) {
    const auto outcomes = render(Store::open_read_only(store), {&sqlite_reporter()}, folder, {.threads = threads});
    CHECK(outcomes.at(0).failure == "");
    return read_file(folder + "/report.sqlite");
}

}  // namespace

TEST_CASE("the same rows make the same database, however they arrive and however many threads make them") {
    Folder folder;
    make_store(folder / "1.sqlite", 1);
    make_store(folder / "2.sqlite", 2);
    const std::string one = rendered(folder / "1.sqlite", folder / "one", 1);
    CHECK(one.size() > 16 << 20);
    CHECK(one == rendered(folder / "1.sqlite", folder / "again", 8));
    CHECK(one == rendered(folder / "2.sqlite", folder / "other", 3));
    CHECK(output_of("sqlite3 " + folder / "one/report.sqlite" +
                    " 'PRAGMA integrity_check; PRAGMA foreign_key_check; SELECT count(*) FROM entries;"
                    " SELECT count(*) FROM matches; SELECT count(*) FROM findings'") == "ok\n30000\n3000\n3000\n");
}

TEST_CASE("the database is private, nothing is left beside it, and nothing is written through a link") {
    Folder folder;
    make_store(folder / "case.sqlite", 1);
    rendered(folder / "case.sqlite", folder / "reports", 1);
    struct stat status {};
    REQUIRE(::stat((folder / "reports/report.sqlite").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    CHECK(output_of("ls " + folder / "reports") == "report.sqlite\nsummary.json\n");
    REQUIRE(::symlink((folder / "elsewhere").c_str(), (folder / "reports/report.sqlite.link").c_str()) == 0);
    REQUIRE(::rename((folder / "reports/report.sqlite.link").c_str(), (folder / "reports/report.sqlite").c_str()) == 0);
    const Store store = Store::open_read_only(folder / "case.sqlite");
    const ReportContext context = make_context(store, false);
    CHECK_THROWS_AS(sqlite_reporter().make()->begin(context, folder / "reports"), Error);
    CHECK(!std::filesystem::exists(folder / "elsewhere"));
}
