// SPDX-License-Identifier: Apache-2.0
// What tests/browser/html_test.py cannot see without a browser at hand.
#include <doctest/doctest.h>
#include <stdlib.h>

#include <algorithm>
#include <ctime>

#include "engine/report/reporter.h"
#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;

namespace triage {
const ReporterKind& html_reporter();
}

namespace {

const std::string hostile = "/<script>alert(1)</script></noscript>\x1b\xE2\x80\xAE\xFF\n\"'&";

std::string report_of(const RenderOptions& options, bool has_findings = true, std::size_t entries = 0) {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    if (has_findings) {
        Examined matched = hashed();
        matched.type = "image/jpeg";
        matched.matches = {match()};
        matched.matches[0].label = hostile;
        Entry e = entry(hostile, 5);
        e.placement = Placement::assumed;
        put(store, e, matched);
    }
    for (std::size_t i = 0; i < entries; ++i) put(store, entry("/" + std::to_string(i), 100 + i));
    store.seal(alert_on_match);
    CHECK(render(store, {&html_reporter()}, folder / "reports", options).at(0).failure == "");
    return read_file(folder / "reports/report.html");
}

bool has(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

// As openssl computes it of what stands between the tags.
std::string digest_between(const std::string& text, const std::string& begin, const std::string& end) {
    const std::size_t from = text.find(begin) + begin.size();
    Folder folder;
    write_file(folder / "part", text.substr(from, text.rfind(end) - from));
    const std::string digest = output_of("openssl dgst -sha256 -binary " + (folder / "part") + " | base64");
    return "'sha256-" + digest.substr(0, digest.size() - 1) + "'";
}

}  // namespace

TEST_CASE("the page allows its own script and styles by digest, and nothing from outside") {
    const std::string text = report_of({});
    const std::string policy = text.substr(text.find("Content-Security-Policy"), 400);
    CHECK(has(policy, "default-src 'none'; script-src " + digest_between(text, "<script>", "</script>")));
    CHECK(has(policy, "style-src " + digest_between(text, "<style>", "</style>")));
    CHECK_FALSE(has(policy, "unsafe"));
    const std::string page = text.substr(0, text.find("</main>\n<script>"));
    for (const std::string attribute : {"src=\"", "href=\""})
        for (auto at = page.find(attribute); at != std::string::npos; at = page.find(attribute, at + 1))
            CHECK(page.at(at + attribute.size()) == '#');
    CHECK_FALSE(has(page, " style=\""));
}

TEST_CASE("a hostile name is text: no tag, no control, no end of the part that it stands in") {
    const std::string text = report_of({});
    const std::string page = text.substr(0, text.find("</main>\n<script>"));
    CHECK_FALSE(has(page, "<script>"));
    CHECK(page.find("</noscript>") == page.rfind("</noscript>"));
    CHECK(has(page, "/&lt;script&gt;alert(1)&lt;/script&gt;&lt;/noscript&gt;\\x1b\\u{202e}\\xff\\x0a&quot;&#39;&amp;"));
    const auto is_control = [](char c) { return c >= 1 && c < 0x20 && c != '\n'; };
    CHECK(std::none_of(page.begin(), page.end(), is_control));
}

TEST_CASE("a report is a draft until reviewer, authoriser and day of issue are named") {
    CHECK(has(report_of({}), "<strong>DRAFT</strong>"));
    RenderOptions options;
    options.seal = "AAAA-BBBB";
    options.reports.html.reviewer = "B. <Example>";
    options.reports.html.authoriser = "C. Example";
    CHECK(has(report_of(options), "<strong>DRAFT</strong>"));
    options.reports.html.issued = "2026-05-06";
    const std::string text = report_of(options);
    CHECK_FALSE(has(text, "<strong>DRAFT</strong>"));
    CHECK(has(text, "B. &lt;Example&gt;"));
    CHECK(has(text, "<code>AAAA-BBBB</code> (the seal of the case)"));
}

TEST_CASE("a clean report says what it does not say, and has no finding") {
    const std::string text = report_of({}, false, 3);
    CHECK(has(text, "NO MATCH IN WHAT WAS CHECKED"));
    CHECK(has(text, "No match is not absence, and no clearance."));
    CHECK(has(text, ">0 findings.<"));
    CHECK(has(text, "<th scope=\"row\">unknown</th><td class=\"num\">3</td>"));
}

TEST_CASE("times of the run stand in UTC and in the zone of the computer with its offset") {
    ::setenv("TZ", "XYZ-5:30", 1), ::tzset();
    const std::string text = report_of({});
    ::unsetenv("TZ"), ::tzset();
    CHECK(has(text, "2024-05-01T10:00:00.000Z (UTC); local 2024-05-01 15:30:00 +0530"));
    CHECK(has(text, "allocated, placement assumed"));
}

TEST_CASE("whatever the threads, the page has the same bytes") {
    CHECK((report_of({.threads = 1}, true, 5000) == report_of({.threads = 4}, true, 5000)));
}
