// SPDX-License-Identifier: Apache-2.0
#include "engine/report/ranking.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "tests/engine/case/sample_case.h"

using namespace triage;

namespace {

RankedExhibit exhibit(const std::string& name, Verdict verdict, std::uint64_t alerts = 0,
                      const std::string& category = {}, std::uint64_t matches = 0) {
    RankedExhibit one;
    one.case_path = "cases/" + name;
    one.line.exhibit = name;
    one.line.evidence = name + ".E01";
    one.line.verdict = verdict;
    one.line.matches = matches;
    one.alerts = alerts;
    one.category = category;
    return one;
}

const Verdict match{true, true, true, true, false}, alert{false, true, true, true, false},
    incomplete{false, false, true, false, false}, not_compared{false, false, false, true, false}, none{};

std::string names(const std::vector<RankedExhibit>& exhibits) {
    std::string all;
    for (const RankedExhibit& one : exhibits) all += (all.empty() ? "" : " ") + one.line.exhibit;
    return all;
}

}  // namespace

TEST_CASE("exhibits are ranked by verdict, severity, category and count, whatever their order was") {
    RankedExhibit unreadable = exhibit("unreadable", {});
    unreadable.line.failure = "no such case";
    std::vector<RankedExhibit> exhibits{
        unreadable,
        exhibit("few-of-1", match, 1, "1", 2),
        exhibit("a-of-2", match, 9, "2", 90),
        exhibit("b-of-10", match, 9, "10", 900),
        exhibit("c-of-word", match, 9, "A", 900),
        exhibit("d-without", match, 9, "", 900),
        exhibit("no-alert", match, 0, "1", 9000),
        exhibit("by-rule", alert, 5),
        exhibit("damaged", incomplete),
        exhibit("no-list", not_compared),
        exhibit("a-none", none),
        exhibit("b-none", none),
    };
    const std::string expected = names(exhibits);
    std::mt19937 random(1);
    for (int i = 0; i < 20; ++i) {
        std::shuffle(exhibits.begin(), exhibits.end(), random);
        rank(exhibits);
        CHECK(names(exhibits) == expected);
    }
}

TEST_CASE("the CSV quotes, escapes and defuses what a sheet would take for a formula") {
    RankedExhibit hostile = exhibit("=cmd()", match, 1, "a,\"b\"", 3);
    hostile.line.evidence = "x\x1b[2J\r\n.E01";
    hostile.scope.profile = "home-visit";
    hostile.scope.configuration = "ab12";
    hostile.scope.lists = "=list.csv, notable";
    CHECK(
        ranking_csv({hostile}) ==
        R"x("rank","exhibit","verdict","alerts","notices","category","matches","not_checked","next_step","evidence",)x"
        R"x("case","note","cautions","examined","profile","configuration","lists","case_info")x"
        "\r\n"
        R"x("1","'=cmd()","MATCH","1","0","a,""b""","3","0 entries","secure it, do not browse; full examination",)x"
        R"x("x\x1b[2J\x0d\x0a.E01","cases/=cmd()","","","","home-visit","ab12","'=list.csv, notable","")x"
        "\r\n");
    hostile.line.evidence = "a;=cmd;\"-1; @x;y=";  // where ; separates, quotes do not hold a line together
    CHECK(ranking_csv({hostile}).find(R"("a;'=cmd;""'-1; '@x;y=")") != std::string::npos);
}

TEST_CASE("the page holds no markup that is not its own, no script and no other place") {
    RankedExhibit hostile = exhibit("<script>alert('&')</script>", match, 1, "\"><img src=x>", 3);
    hostile.scope.case_info = "operator: <b>";
    RankedExhibit unreadable = exhibit("u", {});
    unreadable.line.failure = "<b>gone</b>";
    const std::string page = ranking_html({hostile, unreadable});
    CHECK(page.find("&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;") != std::string::npos);
    for (const char* forbidden : {"<script", "<img", "<b>", "http:", "https:", "url(", "@import"})
        CHECK(page.find(forbidden) == std::string::npos);
    CHECK(page.find("default-src 'none'") != std::string::npos);
    CHECK(page.find("NOT READABLE") != std::string::npos);
    CHECK(page.find("<strong>case_info</strong> operator: &lt;b&gt;") != std::string::npos);
}

TEST_CASE("beside each verdict stands what it is built on") {
    using namespace triage::sample;
    const Folder folder;
    Store store = start(folder / "case.sqlite");
    RunRecord home = run();
    home.profile = "home-visit";
    home.configuration_sha256 = "ab12";
    home.exclusions = "deleted entries are left out";
    home.names_forgotten = true;
    store.put_run(home);
    EvidenceRecord used = evidence();
    used.device = BlockDevice{"sdb", 100, "Stick", "4711", false, false, "sdb is mounted (ro)"};
    store.put_evidence(used);
    store.put_evidence(evidence(1, "other.dd"));
    store.put_case_info({{{}, "operator", "PC 17"}, {0, "note", "a stick"}});
    put(store, entry("/a", 1, 1024), hashed());
    put(store, entry("/b", 2, 2048), not_hashed(Status::skipped, Reason::size));
    store.seal(alert_on_match);
    const std::vector<RankedExhibit> exhibits = exhibits_of("case", make_context(store, false));
    REQUIRE(exhibits.size() == 2);
    const RankedScope& scope = exhibits[0].scope;
    CHECK(scope.profile == "home-visit");
    CHECK(scope.configuration == "ab12");
    CHECK(scope.lists == "bad.txt, notable, version 2024-05-01, 3 records");
    CHECK(scope.examined ==
          "hashed 1 entries (1.0 KiB); of 2 entries (3.0 KiB); excluded by size 1 entries (2.0 KiB); skipped by rule 0 "
          "entries (0 B); deleted entries are left out");
    CHECK(scope.case_info.starts_with("operator: PC 17; authority not recorded; "));
    CHECK(scope.case_info.find("note: a stick") != std::string::npos);
    CHECK(scope.cautions.find("sdb is mounted (ro)") != std::string::npos);
    CHECK(scope.cautions.find("names were not kept") != std::string::npos);
    CHECK(exhibits[1].scope.cautions.find("mounted") == std::string::npos);
    CHECK(exhibits[1].scope.case_info.find("a stick") == std::string::npos);
    const std::string csv = ranking_csv(exhibits), html = ranking_html(exhibits);
    for (const std::string& part : {scope.profile, scope.configuration, scope.lists, scope.examined, scope.case_info}) {
        CHECK(csv.find(part) != std::string::npos);
        CHECK(html.find(part) != std::string::npos);
    }
}
