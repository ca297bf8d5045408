// SPDX-License-Identifier: Apache-2.0
#include "engine/case/store.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/sqlite.h"
#include "engine/case/store_schema.h"
#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;

namespace {

// As a reader gets it: sealed, closed, opened again.
Store reopened(Store store, const std::string& path, const Store::Judge& judge = alert_on_match) {
    store.seal(judge);
    { Store closed = std::move(store); }
    return Store::open_read_only(path);
}

bool exists(const std::string& path) { return std::filesystem::exists(path); }

}  // namespace

TEST_CASE("entries come back in the total order of the contract") {
    Folder folder;
    Store store = Store::create(folder / "case.sqlite");
    store.put_evidence(evidence(0));
    store.put_evidence(evidence(1, "other.dd"));
    store.put_volume(volume(0, 1, 0, "-"));
    store.put_volume(volume(1, 0, 10, "p10"));  // by number: after p2
    store.put_volume(volume(2, 0, 2, "p2"));
    constexpr std::uint64_t huge = 1ull << 63;
    const auto with = [](Entry e, std::string stream, EntryState state) {
        e.stream = std::move(stream);
        e.state = state;
        return e;
    };
    const auto plain = EntryState::allocated;
    // Put in an order that is wrong in every key; the path says the place that each must get.
    put(store, entry("12", 0), hashed(), 0, 1);
    put(store, entry("11", 0), hashed(), 1, 2);
    put(store, entry("10", ~0ull), hashed(), 2, 3);
    put(store, entry("09", huge), hashed(), 2, 4);
    put(store, entry("08", huge - 1), hashed(), 2, 5);
    put(store, entry("/b", 5), hashed(), 2, 6);                                  // 07
    put(store, entry("/a\xFF", 5), hashed(), 2, 7);                              // 06
    put(store, entry("/a/x", 5), hashed(), 2, 8);                                // 05: '/' sorts before 0xFF
    put(store, with(entry("/a", 5), "s", plain), hashed(), 2, 9);                // 04
    put(store, with(entry("/a", 5), "", EntryState::deleted), hashed(), 2, 10);  // 03
    put(store, with(entry("/a", 5, huge), "", plain), hashed(), 2, 11);          // 02
    put(store, entry("/a", 5, 2), hashed(), 2, 13);                              // 01
    put(store, entry("/a", 5, 2), hashed(), 2, 12);                              // 00
    const Store sealed = reopened(std::move(store), folder / "case.sqlite");
    std::vector<std::uint64_t> walk_orders;
    for (const EntryRecord& record : entries_of(sealed)) walk_orders.push_back(record.walk_order);
    CHECK(walk_orders == std::vector<std::uint64_t>{12, 13, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1});
}

TEST_CASE("addresses sort by number wherever the sorting key cuts them off, volume by volume") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    store.put_volume(volume(1, 0, 1, "p1"));
    constexpr std::uint64_t cut = 1ull << 40;
    const std::vector<std::uint64_t> addresses{0, 1, cut - 2, cut - 1, cut, cut + 1, ~0ull >> 1, 1ull << 63, ~0ull};
    std::vector<std::uint64_t> expected = addresses;
    expected.insert(expected.end(), addresses.begin(), addresses.end());
    for (auto address = addresses.rbegin(); address != addresses.rend(); ++address)
        for (const std::uint32_t id : {1u, 0u}) put(store, entry("/a", *address), hashed(), id);
    const Store sealed = reopened(std::move(store), folder / "case.sqlite");
    std::vector<std::uint64_t> sorted;
    for (const EntryRecord& record : entries_of(sealed)) sorted.push_back(record.entry.address);
    CHECK(sorted == expected);
    CHECK(entries_of(sealed).front().volume == 0);
}

TEST_CASE("an entry comes back as it was put") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    Entry e = entry(std::string("/nul\0\n\x1b[31m\xC3\x28", 12), ~0ull, ~0ull);
    e.stream = "stream\xFF";
    e.attribute = 128u << 16 | 3;
    e.kind = EntryKind::stream;
    e.state = EntryState::orphan;
    e.placement = Placement::reallocated;
    e.is_metadata = true;
    e.times.modified = Timestamp{-11644473600, 123456700};
    e.times.created = Timestamp{1714550400, 0};
    e.extents = {{0, 5}, {Extent::hole, 7}, {~0ull - 1, 9}};
    Examined examined = hashed(0xAB);
    examined.matches = {match(0, ~0ull), match(0, 8)};
    examined.matches[0].differs = set_of({Algorithm::sha256});
    examined.matches[0].size_agrees = false;
    put(store, e, examined, 0, 77);
    const Store sealed = reopened(std::move(store), folder / "case.sqlite");
    const auto entries = entries_of(sealed);
    REQUIRE(entries.size() == 1);
    Entry expected = e;
    expected.extents.clear();  // not stored with the name
    CHECK(entries[0].entry == expected);
    CHECK(entries[0].walk_order == 77);
    CHECK(entries[0].examined.digests == examined.digests);
    std::vector<EntryRecord> findings;
    sealed.for_each_finding([&](const EntryRecord& record) { findings.push_back(record); });
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].examined == examined);
    CHECK(findings[0].extents == e.extents);
    CHECK(findings[0].finding == Finding{Severity::alert, {"notable-match"}});
}

TEST_CASE("the run, lists, evidence, volumes and problems come back as they were put") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    RunRecord again = run();
    again.is_interrupted = true;
    again.interruption = "signal INT";
    again.resumed = 2;
    again.earlier_threads = "4; 1";
    store.put_run(again);
    ListRecord ignorable = list(Polarity::ignorable, "nsrl");
    ignorable.warnings = {"the empty file's hash was dropped", "2 lines were rejected"};
    store.put_list(1, ignorable);
    EvidenceRecord second = evidence(1, "b\xFF.dd");
    second.segments.push_back({"/images/b2", ~0ull, ~0ull, 3, -1});
    second.digests = {{"md5", "00"}};
    second.header = {{"notes", std::string("a\0b", 3)}};
    store.put_evidence(second);
    store.put_evidence(second);  // replaces
    VolumeRecord fat = volume(4, 1, 1, "-/vol0");
    fat.state = VolumeState::partial;
    fat.label = std::string("\x1b]0;x\0", 6);
    fat.start = ~0ull;
    fat.modified = {0, false, false};
    fat.accessed = {0, false, true};
    fat.counts = {1, 2, 3};
    fat.detail = "died";
    store.put_volume(fat);
    ProblemRecord problem = sample::problem(ProblemKind::aborted, "libtsk: x", 4, 1);
    problem.problem.path = "/d\xFF";
    problem.problem.address = 9;
    problem.problem.first_sector = 63;
    problem.problem.sectors = ~0ull;
    problem.problem.hides_entries = true;
    ProblemRecord first = sample::problem(ProblemKind::damaged, "table2 used", {});
    first.problem.is_lossless = true;
    store.put_problem(problem);
    store.put_problem(first);
    const Store sealed = reopened(std::move(store), folder / "case.sqlite");
    CHECK(sealed.run().interruption == "signal INT");
    CHECK(sealed.run().is_interrupted);
    CHECK(sealed.run().resumed == 2);
    CHECK(sealed.run().earlier_threads == "4; 1");
    CHECK(sealed.run().algorithms == AlgorithmSet::all());
    REQUIRE(sealed.lists().size() == 2);
    CHECK(sealed.lists()[1].warnings == ignorable.warnings);
    CHECK(sealed.lists()[1].identity.polarity == Polarity::ignorable);
    REQUIRE(sealed.evidences().size() == 2);
    CHECK(sealed.evidences()[1].name == second.name);
    CHECK(sealed.evidences()[1].segments == second.segments);
    CHECK(sealed.evidences()[1].digests == second.digests);
    CHECK(sealed.evidences()[1].header == second.header);
    REQUIRE(sealed.volumes().size() == 2);
    const VolumeRecord read = sealed.volumes()[1];
    CHECK(read.state == VolumeState::partial);
    CHECK(read.label == fat.label);
    CHECK(read.start == fat.start);
    CHECK(read.modified == fat.modified);
    CHECK(read.accessed == fat.accessed);
    CHECK(read.created == fat.created);
    CHECK(read.counts == fat.counts);
    std::vector<ProblemRecord> problems;
    sealed.for_each_problem([&](const ProblemRecord& p) { problems.push_back(p); });
    REQUIRE(problems.size() == 2);
    CHECK(problems[0].problem == first.problem);
    CHECK(problems[0].volume == std::nullopt);
    CHECK(problems[1].problem == problem.problem);
    CHECK(problems[1].volume == 4);
}

TEST_CASE("hard links share the content that one of them carried") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    EntryRecord link;
    link.entry = entry("/link", 12);
    store.put_entry(link, std::nullopt);  // before its content is known
    put(store, entry("/file", 12), hashed(0x42));
    link.entry.path = "/other stream";
    link.entry.attribute = 5;  // another content of the same address: never recorded
    store.put_entry(link, std::nullopt);
    const Store sealed = reopened(std::move(store), folder / "case.sqlite");
    const auto entries = entries_of(sealed);
    REQUIRE(entries.size() == 3);
    CHECK(entries[0].entry.path == "/file");
    CHECK(entries[1].entry.path == "/link");
    CHECK(entries[1].examined == entries[0].examined);
    CHECK(entries[1].examined.digests.md5 == digest(Algorithm::md5, 0x42));
    CHECK(entries[2].examined == not_hashed(Status::unreadable, Reason::not_reached, 10));
}

TEST_CASE("a name shares the hashed content of its address, whatever came first") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    put(store, entry("/stale", 12), not_hashed(Status::unreadable, Reason::unrecoverable, 10));
    put(store, entry("/file", 12), hashed(0x42));
    EntryRecord link;
    link.entry = entry("/link", 12);
    store.put_entry(link, std::nullopt);
    const Store sealed = reopened(std::move(store), folder / "case.sqlite");
    const auto entries = entries_of(sealed);
    REQUIRE(entries.size() == 3);
    CHECK(entries[1].entry.path == "/link");
    CHECK(entries[1].examined.digests.md5 == digest(Algorithm::md5, 0x42));
    CHECK(entries[2].entry.path == "/stale");
    CHECK(entries[2].examined.status == Status::unreadable);
}

TEST_CASE("the ledger and the counts add names up by state, and never wrap") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    put(store, entry("/a", 1, 100));
    put(store, entry("/b", 2, 50));
    Entry deleted = entry("/c.zip", 3, 7);
    deleted.state = EntryState::deleted;
    put(store, deleted, not_hashed(Status::partial, Reason::checksum, 3));
    put(store, entry("/h1", 4, ~0ull), not_hashed(Status::unreadable, Reason::damaged, ~0ull));
    put(store, entry("/h2", 5, ~0ull), not_hashed(Status::unreadable, Reason::damaged, ~0ull));
    Examined matched = hashed();
    matched.matches = {match(0, 1), match(0, 2)};  // two records of one set: counted once
    put(store, entry("/m", 6, 1), matched);
    const Store sealed = reopened(std::move(store), folder / "case.sqlite");
    const auto ledger = sealed.ledger();
    REQUIRE(ledger.size() == 3);
    CHECK(ledger[0].status == Status::hashed);
    CHECK(ledger[0].entries == 3);
    CHECK(ledger[0].bytes == 151);
    CHECK(ledger[1].status == Status::partial);
    CHECK(ledger[1].reason == Reason::checksum);
    CHECK(ledger[1].state == EntryState::deleted);
    CHECK(ledger[1].missing_bytes == 3);
    CHECK(ledger[2].entries == 2);
    CHECK(ledger[2].bytes == ~0ull);
    CHECK(ledger[2].missing_bytes == ~0ull);
    const auto matches = sealed.match_counts();
    REQUIRE(matches.size() == 1);
    CHECK(matches[0].entries == 1);
    CHECK(matches[0].category == "1");
    CHECK(matches[0].agrees == set_of({Algorithm::md5, Algorithm::sha1}));
    REQUIRE(sealed.finding_counts().size() == 1);
    CHECK(sealed.finding_counts()[0].severity == Severity::alert);
    CHECK(sealed.finding_counts()[0].entries == 1);
    REQUIRE(sealed.unopened_counts().size() == 1);
    CHECK(sealed.unopened_counts()[0].what == "archives");
    CHECK(sealed.unopened_counts()[0].bytes == 7);
}

TEST_CASE("a sealed store is one sound file of mode 0600, as the sqlite3 tool sees it") {
    Folder folder;
    const std::string path = folder / "case.sqlite";
    Store store = start(path);
    for (std::uint64_t i = 0; i < 1000; ++i) put(store, entry("/e" + std::to_string(i), i), hashed(), 0, i);
    reopened(std::move(store), path);
    CHECK(output_of("ls -A " + folder.path()) == "case.sqlite\n");
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    CHECK(output_of("sqlite3 " + path +
                    " 'PRAGMA integrity_check; PRAGMA application_id; PRAGMA user_version;"
                    " PRAGMA journal_mode; SELECT count(*) FROM entry_order'") ==
          fmt::format("ok\n1414678855\n{}\ndelete\n1000\n", store_version));
    CHECK(output_of("sqlite3 " + path + " \"SELECT word FROM code WHERE kind='reason' AND number=14\"") ==
          "not-reached\n");
    CHECK(output_of("ls -A " + folder.path()) == "case.sqlite\n");
}

TEST_CASE("sealing again after more was put gives the new order and the new findings") {
    Folder folder;
    const std::string path = folder / "case.sqlite";
    {
        Store store = start(path);
        put(store, entry("/b", 2));
        store.seal(alert_on_match);
        CHECK(paths_of(store) == std::vector<std::string>{"/b"});
        store.seal(alert_on_match);
        CHECK(paths_of(store) == std::vector<std::string>{"/b"});
    }
    Store store = Store::open_for_resume(path);
    CHECK_FALSE(store.is_sealed());
    CHECK_THROWS_AS(store.ledger(), Error);
    Examined matched = hashed();
    matched.matches = {match()};
    put(store, entry("/a", 1), matched, 0, store.next_walk_order());
    const Store sealed = reopened(std::move(store), path);
    CHECK(paths_of(sealed) == std::vector<std::string>{"/a", "/b"});
    CHECK(sealed.finding_counts().size() == 1);
}

TEST_CASE("what was committed survives a kill; a forgotten volume can be walked again") {
    Folder folder;
    const std::string path = folder / "case.sqlite";
    const pid_t child = ::fork();
    if (child == 0) {
        Store store = start(path);
        put(store, entry("/kept", 1));
        put(store, entry("/kept too", 2));
        store.put_problem(problem(ProblemKind::damaged));
        store.commit();
        put(store, entry("/lost", 3));
        ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    CHECK_THROWS_WITH_AS(Store::open_read_only(path), doctest::Contains("did not end"), Error);
    {
        Store store = Store::open_for_resume(path);
        store.seal(alert_on_match);
        CHECK(paths_of(store) == std::vector<std::string>{"/kept", "/kept too"});
    }
    Store store = Store::open_for_resume(path);
    store.forget_volume(0);
    CHECK(store.volumes().at(0).state == VolumeState::pending);
    store.put_volume(volume(0, 0, 0, "p0"));
    put(store, entry("/again", 1));
    const Store sealed = reopened(std::move(store), path);
    CHECK(paths_of(sealed) == std::vector<std::string>{"/again"});
    int problems = 0;
    sealed.for_each_problem([&](const ProblemRecord&) { ++problems; });
    CHECK(problems == 0);
}

TEST_CASE("a resumed scan forgets the problems that belong to no volume, but for one that lasts, and only those") {
    Folder folder;
    const std::string path = folder / "case.sqlite";
    Store store = start(path);
    ProblemRecord of_evidence = problem(ProblemKind::damaged);
    of_evidence.volume.reset();
    ProblemRecord of_volume = problem(ProblemKind::capped);
    of_volume.volume = 0;
    ProblemRecord lasting = problem(ProblemKind::unreadable);
    lasting.volume.reset();
    lasting.problem.detail = "it lasts";
    for (const ProblemRecord& record : {of_evidence, of_volume, lasting}) store.put_problem(record);
    store.forget_problems_of_evidence("* lasts");
    std::vector<ProblemKind> left;
    reopened(std::move(store), path).for_each_problem([&](const ProblemRecord& p) { left.push_back(p.problem.kind); });
    CHECK(left == std::vector{ProblemKind::unreadable, ProblemKind::capped});
}

TEST_CASE("what was recorded of a volume that was not is forgotten") {
    Folder folder;
    const std::string path = folder / "case.sqlite";
    Store store = start(path);
    put(store, entry("/known", 1));
    const Entry stray = entry("/stray", 2);
    Examined matched;
    matched.matches.emplace_back();
    store.put_content(77, stray, matched);
    EntryRecord name;
    name.entry = stray;
    name.volume = 77;
    store.put_entry(name, std::nullopt);
    ProblemRecord problem_of_it = problem(ProblemKind::damaged);
    problem_of_it.volume = 77;
    store.put_problem(problem_of_it);
    store.forget_unknown_volumes();
    const Store sealed = reopened(std::move(store), path);
    CHECK(paths_of(sealed) == std::vector<std::string>{"/known"});
    CHECK(output_of("sqlite3 " + path +
                    " 'SELECT count(*) FROM content; SELECT count(*) FROM match;"
                    " SELECT count(*) FROM problem'") == "1\n0\n0\n");
}

TEST_CASE("a commit is due after a second, not before") {
    Folder folder;
    const std::string path = folder / "case.sqlite";
    Store store = start(path);
    store.commit();
    const std::string before = read_file(path);
    put(store, entry("/a", 1));
    store.commit_if_due();
    CHECK(read_file(path) == before);
    ::usleep(1'050'000);
    store.commit_if_due();
    CHECK(read_file(path) != before);
}

TEST_CASE("a second process cannot write into the same store") {
    Folder folder;
    const std::string path = folder / "case.sqlite";
    const auto is_refused = [&] {
        const pid_t child = ::fork();
        if (child == 0) {
            try {
                Store::open_for_resume(path);
                ::_exit(1);
            } catch (const Error& error) {
                ::_exit(error.kind() == ErrorKind::usage ? 0 : 2);
            }
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return WEXITSTATUS(status) == 0;
    };
    {
        Store store = start(path);
        store.commit();
        CHECK(is_refused());
    }
    const Store store = Store::open_for_resume(path);
    CHECK(is_refused());
}

TEST_CASE("create refuses a store that exists, and a link") {
    Folder folder;
    start(folder / "case.sqlite");
    CHECK_THROWS_AS(Store::create(folder / "case.sqlite"), Error);
    std::filesystem::create_symlink(folder / "elsewhere", folder / "link.sqlite");
    CHECK_THROWS_AS(Store::create(folder / "link.sqlite"), Error);
    CHECK_FALSE(exists(folder / "elsewhere"));
}

TEST_CASE("what is no store, of another version, cut off or scrambled is refused with a clear error") {
    Folder folder;
    const std::string path = folder / "case.sqlite";
    CHECK_THROWS_AS(Store::open_read_only(folder / "absent"), Error);
    write_file(folder / "text", std::string(5000, 'x'));
    CHECK_THROWS_WITH_AS(Store::open_read_only(folder / "text"), doctest::Contains("not the store of a case"), Error);
    write_file(folder / "empty", "");
    CHECK_THROWS_WITH_AS(Store::open_read_only(folder / "empty"), doctest::Contains("not the store of a case"), Error);
    {
        Store store = start(path);
        for (std::uint64_t i = 0; i < 500; ++i) put(store, entry("/e" + std::to_string(i), i), hashed(), 0, i);
        store.seal(alert_on_match);
    }
    const std::string whole = read_file(path);
    write_file(folder / "cut", whole.substr(0, whole.size() / 2));
    CHECK_THROWS_WITH_AS(Store::open_read_only(folder / "cut"), doctest::Contains("damaged"), Error);
    std::string other = whole;
    other[63] = store_version + 1;  // user_version, offset 60, big-endian (SQLite file format, section 1.3)
    write_file(folder / "version", other);
    const std::string newer = "version " + std::to_string(store_version + 1);
    CHECK_THROWS_WITH_AS(Store::open_read_only(folder / "version"), doctest::Contains(newer.c_str()), Error);
    for (std::size_t at = 4096; at + 64 < whole.size(); at += 1531) {
        std::string bad = whole;
        for (std::size_t i = 0; i < 64; ++i) bad[at + i] = static_cast<char>(at * 31 + i * 17);
        write_file(folder / "bad", bad);
        try {  // must not crash or hang; most of these must throw
            const Store store = Store::open_read_only(folder / "bad");
            store.run(), store.lists(), store.evidences(), store.volumes(), store.ledger();
            entries_of(store);
        } catch (const Error& error) {
            CHECK(std::string(error.what()).size() > 0);
        }
    }
}

TEST_CASE("a path with the marks of a URI opens") {
    Folder folder;
    std::filesystem::create_directory(folder / "a?b#c%41");
    const std::string path = folder / "a?b#c%41/case.sqlite";
    Store store = start(path);
    CHECK_NOTHROW(reopened(std::move(store), path));
}

TEST_CASE("a full disk is an interruption that says so; what was committed stays, and later writes are refused") {
    Folder folder;
    const std::string path = folder / "case.sqlite";
    const pid_t child = ::fork();
    if (child == 0) {
        ::signal(SIGXFSZ, SIG_IGN);
        Store store = start(path);
        put(store, entry("/kept", 0));
        store.commit();
        const rlimit limit{1 << 20, 1 << 20};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        bool is_full = false;
        try {
            for (std::uint64_t i = 1; i < 100'000; ++i) put(store, entry("/e" + std::string(200, 'x'), i));
            store.commit();
        } catch (const SqliteError& error) {
            is_full = error.is_disk_full() && error.kind() == ErrorKind::interrupted;
        }
        bool is_refused = false;
        try {
            put(store, entry("/late", 1));
        } catch (const Error& error) {
            is_refused = error.kind() == ErrorKind::interrupted;
        }
        ::_exit(is_full && is_refused ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WEXITSTATUS(status) == 0);
    Store store = Store::open_for_resume(path);
    const Store sealed = reopened(std::move(store), path);
    CHECK(paths_of(sealed) == std::vector<std::string>{"/kept"});
}

TEST_CASE("an entry of a volume that was never recorded fails the seal instead of vanishing") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    put(store, entry("/a", 1), hashed(), 99);
    CHECK_THROWS_WITH_AS(store.seal(alert_on_match), doctest::Contains("never recorded"), Error);
}

namespace {

// Names with contents of their own and names of contents that others carry, matches and none, an archive; `before` is
// told the store before the first of them.
void put_many(Store& store, const std::function<void(Store&)>& before) {
    before(store);
    store.put_volume(volume(1, 0, 1, "p1"));
    for (std::uint64_t i = 0; i < 50; ++i) {
        EntryRecord record;
        record.volume = i % 2;
        record.walk_order = i;
        record.entry = entry(i % 5 == 0 ? "/" + std::to_string(i) + ".zip" : "/" + std::to_string(i), i * 37 % 11);
        record.examined = hashed();
        if (i % 3 == 0) record.examined.matches = {match(0, i), match(0, i + 1)};
        if (i % 4 == 1) store.put_entry(record, std::nullopt);
        else store.put_entry(record, store.put_content(record.volume, record.entry, record.examined));
    }
}

// What seal makes, as the sqlite3 tool prints it.
std::string sealed_tables(const std::string& path) {
    std::string text;
    for (const char* table : {"entry_order", "finding", "ledger", "match_count", "finding_count", "unopened_count"})
        text += output_of("sqlite3 " + path + " 'SELECT * FROM " + table + "'") + "\n";
    return text;
}

}  // namespace

TEST_CASE("entries that were judged as they came are sealed as those that are judged at the end") {
    Folder folder;
    const auto tables_after = [&](const std::string& name, const std::function<void(Store&)>& before) {
        Store store = start(folder / name);
        put_many(store, before);
        reopened(std::move(store), folder / name);
        return sealed_tables(folder / name);
    };
    const std::string expected = tables_after("at-the-end", [](Store&) {});
    CHECK(expected.size() > 500);
    CHECK(tables_after("as-they-come", [](Store& store) { store.judge_as_they_come(alert_on_match); }) == expected);
    // A volume that is forgotten takes what was counted with it; all that is left is judged at the end.
    const std::string after = tables_after("forgotten", [](Store& store) {
        store.judge_as_they_come(alert_on_match);
        put(store, entry("/lost.zip", 1));
        store.forget_volume(0);
        store.put_volume(volume(0, 0, 0, "p0"));
    });
    CHECK(after.substr(after.find("\n\n")) == expected.substr(expected.find("\n\n")));
}

TEST_CASE("what an earlier run put is judged too, though the resumed one judges as entries come") {
    Folder folder;
    const std::string path = folder / "case.sqlite";
    Examined matched = hashed();
    matched.matches = {match()};
    {
        Store store = start(path);
        store.judge_as_they_come(alert_on_match);
        put(store, entry("/first", 1), matched);
        store.commit();
    }
    Store store = Store::open_for_resume(path);
    store.judge_as_they_come(alert_on_match);
    put(store, entry("/second", 2), matched, 0, 1);
    const Store sealed = reopened(std::move(store), path);
    REQUIRE(sealed.finding_counts().size() == 1);
    CHECK(sealed.finding_counts()[0].entries == 2);
    CHECK(sealed.ledger().at(0).entries == 2);
}

TEST_CASE("the next steps of a run are kept as its configuration words them") {
    const Folder folder;
    RunRecord run;
    run.next_steps = {"m", "", "n", "i \xC3\xA4", "c"};
    {
        Store store = Store::create(folder / "case.sqlite");
        store.put_run(RunRecord{});
        store.put_run(run);
        CHECK(store.run().next_steps == run.next_steps);
        store.seal([](const EntryRecord&) { return std::optional<Finding>{}; });
    }
    CHECK(Store::open_read_only(folder / "case.sqlite").run().next_steps == run.next_steps);
}
