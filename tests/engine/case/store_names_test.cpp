// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "engine/case/verdict.h"
#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;

namespace {

// A finding, two problems, an unreadable one, and 3,000 that are none of these; of a volume that was walked twice, so
// that pages were given back and taken again.
Store sample_store(const std::string& path) {
    Store store = start(path);
    for (int walk = 0; walk < 2; ++walk) {
        if (walk == 1) store.forget_volume(0);
        store.put_volume(volume(0, 0, 0, "-"));
        for (std::uint64_t i = 0; i < 3000; ++i) {
            Entry e = entry(fmt::format("/secret-folder/secret-name-{}", i), 1000 + i);
            if (i % 7 == 0) e.stream = "secret-stream", e.kind = EntryKind::stream;
            put(store, e, hashed(), 0, i);
        }
        Examined found = hashed(0x77);
        found.matches = {match(0, 1)};
        put(store, entry("/kept/found", 1), found, 0, 4000);
        put(store, entry("/kept/address", 2), hashed(), 0, 4001);
        put(store, entry("/kept/path", 3), hashed(), 0, 4002);
        put(store, entry("/kept/unreadable", 4), not_hashed(Status::partial, Reason::read_error, 5), 0, 4003);
        put(store, entry("/secret-folder/secret-name-skipped", 5), not_hashed(Status::skipped, Reason::size), 0, 4004);
        store.commit();
    }
    ProblemRecord by_address = problem(ProblemKind::damaged, "x", 0);
    by_address.problem.address = 2;
    ProblemRecord by_path = problem(ProblemKind::damaged, "x", 0);
    by_path.problem.path = "/kept/path";
    store.put_problem(by_address);
    store.put_problem(by_path);
    return store;
}

std::vector<EntryRecord> without_names(std::vector<EntryRecord> entries) {
    for (EntryRecord& record : entries)
        if (!record.entry.path.starts_with("/kept/")) record.entry.path.clear(), record.entry.stream.clear();
    return entries;
}

std::vector<EntryRecord> findings_of(const Store& store) {
    std::vector<EntryRecord> findings;
    store.for_each_finding([&](const EntryRecord& record) { findings.push_back(record); });
    return findings;
}

// A name can be compared only where the fields of a record can.
void check_same(const std::vector<EntryRecord>& a, const std::vector<EntryRecord>& b) {
    REQUIRE(a.size() == b.size());
    bool is_same = true;
    for (std::size_t i = 0; i < a.size(); ++i)
        is_same = is_same && a[i].entry == b[i].entry && a[i].examined == b[i].examined &&
                  a[i].walk_order == b[i].walk_order && a[i].finding == b[i].finding && a[i].extents == b[i].extents;
    CHECK(is_same);
}

}  // namespace

TEST_CASE("forgotten names are nowhere in the file; order, digests, findings and verdict stay") {
    Folder folder;
    const std::string path = folder / "case.sqlite";
    Store store = sample_store(path);
    store.seal(alert_on_match);
    const auto entries = entries_of(store), findings = findings_of(store);
    const auto ledger = store.ledger();
    REQUIRE(read_file(path).find("secret-name-17") != std::string::npos);
    write_file(path + ".new", "of a run that died");
    CHECK(store.forget_names() == 3001);
    CHECK(read_file(path).find("secret-") == std::string::npos);
    CHECK(output_of("ls " + folder.path()) == "case.sqlite\n");
    CHECK(output_of("sqlite3 " + path + " 'PRAGMA integrity_check'") == "ok\n");
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);

    const Store again = Store::open_read_only(path);
    for (const Store* reader : {static_cast<const Store*>(&store), &again}) {
        const Store& read = *reader;
        CHECK(read.run().names_forgotten);
        check_same(entries_of(read), without_names(entries));
        check_same(findings_of(read), findings);
        CHECK(read.ledger().size() == ledger.size());
        CHECK(verdict_of(read).words() == "MATCH, INCOMPLETE");
    }
    CHECK(Store::is_sealed_at(path));
}

TEST_CASE("a store that cannot be written anew keeps its names, and no draft is left") {
    Folder folder;
    const std::string path = folder / "case.sqlite";
    Store store = sample_store(path);
    store.seal(alert_on_match);
    const std::string before = read_file(path);
    std::filesystem::create_directories(path + ".new/in-the-way");
    CHECK_THROWS(store.forget_names());
    CHECK(read_file(path) == before);
    std::filesystem::remove_all(path + ".new");
    CHECK(store.forget_names() == 3001);
}
