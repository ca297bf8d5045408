// SPDX-License-Identifier: Apache-2.0
#include "engine/report/reporter.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <stdexcept>

#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;

namespace {

std::string heard;  // what the listening reporter was told, in order

class Listener : public Reporter {
  public:
    void begin(const ReportContext& context, const std::string&) override {
        heard += "begin " + context.verdict.words();
    }
    void entry(const EntryRecord& record) override { heard += " entry " + record.entry.path; }
    void finding(const EntryRecord& record) override { heard += " finding " + record.entry.path; }
    void problem(const ProblemRecord&) override { heard += " problem"; }
    void end() override { heard += " end"; }
};

class Broken : public Reporter {
  public:
    void begin(const ReportContext&, const std::string&) override {}
    void entry(const EntryRecord&) override { throw std::runtime_error("the disk is full"); }
    void end() override { heard += " broken was called again"; }
};

const ReporterKind listener{"listener", "", [] { return std::unique_ptr<Reporter>(new Listener); }};
const ReporterKind broken{"broken", "", [] { return std::unique_ptr<Reporter>(new Broken); }};

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
    const auto outcomes = render(store, {&broken, &listener}, folder / "reports", false);
    CHECK(heard == "begin MATCH entry /a entry /b finding /b problem end");
    REQUIRE(outcomes.size() == 3);
    CHECK(outcomes[0].name == "broken");
    CHECK(outcomes[0].failure == "the disk is full");
    CHECK(outcomes[1].failure == "");
    CHECK(outcomes[2].name == "summary");
    CHECK(outcomes[2].failure == "");
    struct stat status {};
    REQUIRE(::stat((folder / "reports").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0700);
    REQUIRE(::stat((folder / "reports/summary.json").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    CHECK_THROWS_AS(render(store, {}, folder / "reports", false), Error);  // sealed reports never change
}
