// SPDX-License-Identifier: Apache-2.0
#include "engine/report/reporter.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <stdexcept>

#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;

namespace {

std::size_t longest = 0;  // text of entries at once
std::string heard;        // what the listening reporter was told, in order

class Listener : public Reporter {
  public:
    void begin(const ReportContext& context, const std::string&) override {
        heard += "begin " + context.verdict.words();
    }
    void evidence(const EvidenceRecord& record) override { heard += " evidence " + record.name; }
    void volume(const VolumeRecord& record) override { heard += " volume " + record.name; }
    void append_entry(std::string& out, const EntryRecord& record) const override {
        out += " entry " + record.entry.path;
    }
    void entries(std::string_view text) override {
        heard += text;
        longest = std::max(longest, text.size());
    }
    void finding(const EntryRecord& record) override { heard += " finding " + record.entry.path; }
    void problem(const ProblemRecord&) override { heard += " problem"; }
    void end() override { heard += " end"; }
};

// Hears what else is known of an entry, when it asks for it.
template <bool whole>
class Curious : public Reporter {
  public:
    void begin(const ReportContext&, const std::string&) override {}
    bool wants_whole_entries() const override { return whole; }
    void append_entry(std::string& out, const EntryRecord& record) const override {
        out += record.entry.path;
        for (const Extent& extent : record.extents) out += " extent " + std::to_string(extent.length);
        for (const Match& match : record.examined.matches) out += " match " + match.label;
        if (record.finding) out += " finding " + record.finding->rules.at(0);
        out += "; ";
    }
    void entries(std::string_view text) override { heard += text; }
};

class Broken : public Reporter {
  public:
    void begin(const ReportContext&, const std::string&) override {}
    void append_entry(std::string& out, const EntryRecord& record) const override {
        if (record.entry.path == "/b") throw std::runtime_error("cannot show /b");
        out += record.entry.path;
    }
    void entries(std::string_view) override { heard += " broken heard a part"; }
    void end() override { heard += " broken was called again"; }
};

class Full : public Reporter {
  public:
    void begin(const ReportContext&, const std::string&) override {}
    void entries(std::string_view) override { throw std::runtime_error("the disk is full"); }
};

const ReporterKind listener{"listener", "", [] { return std::unique_ptr<Reporter>(new Listener); }};
const ReporterKind curious{"curious", "", [] { return std::unique_ptr<Reporter>(new Curious<true>); }};
const ReporterKind incurious{"incurious", "", [] { return std::unique_ptr<Reporter>(new Curious<false>); }};
const ReporterKind broken{"broken", "", [] { return std::unique_ptr<Reporter>(new Broken); }};
const ReporterKind full{"full", "", [] { return std::unique_ptr<Reporter>(new Full); }};
const ReporterKind unmade{"unmade", "",
                          []() -> std::unique_ptr<Reporter> { throw std::runtime_error("no such part"); }};

}  // namespace

TEST_CASE("reporters hear everything in order; one that fails costs its own report only") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    Examined matched = hashed();
    matched.matches = {match()};
    put(store, entry("/b", 2), matched);
    put(store, entry("/a", 1));
    store.put_problem(problem(ProblemKind::ambiguous));
    store.seal(alert_on_match);
    heard.clear();
    const auto outcomes = render(store, {&broken, &unmade, &listener, &full}, folder / "reports", {.threads = 2});
    CHECK(heard == "begin MATCH evidence disk.E01 volume p0 entry /a entry /b finding /b problem end");
    REQUIRE(outcomes.size() == 5);
    CHECK(outcomes[0].name == "broken");
    CHECK(outcomes[0].failure == "cannot show /b");
    CHECK(outcomes[1].failure == "no such part");
    CHECK(outcomes[2].failure == "");
    CHECK(outcomes[3].failure == "the disk is full");
    CHECK(outcomes[4].name == "summary");
    CHECK(outcomes[4].failure == "");
    struct stat status {};
    REQUIRE(::stat((folder / "reports").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0700);
    REQUIRE(::stat((folder / "reports/summary.json").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    CHECK_THROWS_AS(render(store, {}, folder / "reports"), Error);  // sealed reports never change
}

TEST_CASE("entries come with extents, matches and finding where a reporter asks") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    Examined matched = hashed();
    matched.matches = {match()};
    put(store, entry("/a", 1), matched);
    put(store, entry("/b", 2, 20));
    store.seal(alert_on_match);
    heard.clear();
    render(store, {&incurious}, folder / "reports");
    CHECK(heard == "/a; /b; ");
    heard.clear();
    RenderOptions options;
    options.reports.redact.labels = true;
    render(store, {&curious}, folder / "whole");
    render(store, {&curious}, folder / "redacted", options);
    CHECK(heard ==
          "/a extent 10 match series finding notable-match; /b extent 20; "
          "/a extent 10 match  finding notable-match; /b extent 20; ");
}

TEST_CASE("entries are heard in order and once, however many threads make them into text") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    constexpr std::uint64_t entries = 10'000;  // several pieces a thread
    for (std::uint64_t i = 0; i < entries; ++i) put(store, entry("/" + std::to_string(i), i * 7919 % 10'007));
    store.seal(alert_on_match);
    std::string expected;
    store.for_each_entry([&](const EntryRecord& record) { expected += " entry " + record.entry.path; });
    for (const std::uint32_t threads : {1u, 2u, 4u}) {
        heard.clear();
        CHECK(render(store, {&listener}, folder / std::to_string(threads), {.threads = threads}).at(0).failure == "");
        CHECK(heard == "begin NO MATCH IN WHAT WAS CHECKED evidence disk.E01 volume p0" + expected + " end");
    }
}

TEST_CASE("whoever waits for long reports hears how many entries are done, in order and up to all") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    for (std::uint64_t i = 0; i < 3000; ++i) put(store, entry("/" + std::to_string(i), i));
    store.seal(alert_on_match);
    std::string told;
    const Advance advance = [&](std::string_view what, std::uint64_t done, std::uint64_t total) {
        told += std::string(what) + " " + std::to_string(done) + "/" + std::to_string(total) + " ";
    };
    render(store, {&listener}, folder / "reports", {.threads = 2, .advance = advance});
    CHECK(told == "reports 1024/3000 reports 2048/3000 reports 3000/3000 ");
}

TEST_CASE("text that hostile names make long is handed over in parts, in order") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    std::string expected;
    for (std::uint64_t i = 0; i < 40; ++i) {
        const std::string path = "/" + std::string(400'000, static_cast<char>('a' + i % 26));
        put(store, entry(path, i));
        expected += " entry " + path;
    }
    store.seal(alert_on_match);
    for (const std::uint32_t threads : {1u, 2u}) {
        heard.clear(), longest = 0;
        CHECK(render(store, {&listener}, folder / std::to_string(threads), {.threads = threads}).at(0).failure == "");
        CHECK((heard == "begin NO MATCH IN WHAT WAS CHECKED evidence disk.E01 volume p0" + expected +
                            " end"));  // 16 MB are not worth printing
        CHECK(longest < (5u << 20));
    }
}

TEST_CASE("a store that is damaged where another thread reads it throws, and is not a report without the rest") {
    Folder folder;
    const std::string path = folder / "case.sqlite";
    {
        Store store = start(path);
        for (std::uint64_t i = 0; i < 5000; ++i) put(store, entry("/" + std::to_string(i), i));
        store.seal(alert_on_match);
    }
    CHECK(output_of("sqlite3 " + path + " 'UPDATE entry SET kind = 99 WHERE id = 4000'") == "");
    const Store store = Store::open_read_only(path);
    heard.clear();
    CHECK_THROWS_WITH_AS(render(store, {&listener}, folder / "reports", {.threads = 4}), doctest::Contains("damaged"),
                         Error);
    CHECK(heard.find(" entry /2999 ") != std::string::npos);
    CHECK(heard.find(" end") == std::string::npos);
}
