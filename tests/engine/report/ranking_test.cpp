// SPDX-License-Identifier: Apache-2.0
#include "engine/report/ranking.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

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
    CHECK(
        ranking_csv({hostile}) ==
        R"x("rank","exhibit","verdict","alerts","notices","category","matches","not_checked","next_step","evidence",)x"
        "\"case\",\"note\"\r\n"
        R"x("1","'=cmd()","MATCH","1","0","a,""b""","3","0 entries","secure it, do not browse; full examination",)x"
        R"x("x\x1b[2J\x0d\x0a.E01","cases/=cmd()","")x"
        "\r\n");
    hostile.line.evidence = "a;=cmd;\"-1; @x;y=";  // where ; separates, quotes do not hold a line together
    CHECK(ranking_csv({hostile}).find(R"("a;'=cmd;""'-1; '@x;y=")") != std::string::npos);
}

TEST_CASE("the page holds no markup that is not its own, no script and no other place") {
    RankedExhibit hostile = exhibit("<script>alert('&')</script>", match, 1, "\"><img src=x>", 3);
    RankedExhibit unreadable = exhibit("u", {});
    unreadable.line.failure = "<b>gone</b>";
    const std::string page = ranking_html({hostile, unreadable});
    CHECK(page.find("&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;") != std::string::npos);
    for (const char* forbidden : {"<script", "<img", "<b>", "http:", "https:", "url(", "@import"})
        CHECK(page.find(forbidden) == std::string::npos);
    CHECK(page.find("default-src 'none'") != std::string::npos);
    CHECK(page.find("NOT READABLE") != std::string::npos);
}
