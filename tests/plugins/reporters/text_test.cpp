// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "engine/base/text.h"
#include "engine/report/reporter.h"
#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;

namespace triage {
const ReporterKind& text_reporter();
}

namespace {

const std::string hostile = "/secret\x1b[2J\xE2\x80\xAE\xFF\n=cmd" + std::string(300, 'w');

// A case whose every name, label and description is hostile.
std::string report_of(bool show_names, std::uint64_t findings = 1) {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    VolumeRecord named = volume(0, 0, 0, "p0");
    named.label = "secretlabel\x1b";
    named.description = "secretdescription";
    store.put_volume(named);
    for (std::uint64_t i = 0; i < findings; ++i) {
        Examined matched = hashed();
        matched.matches = {match()};
        matched.matches[0].label = "secretseries\x1b";
        Entry e = entry(hostile, 1000 + i);
        e.stream = "secretstream";
        put(store, e, matched);
        ProblemRecord p = problem(ProblemKind::damaged, "libtsk: bad\x1b block " + std::to_string(i));
        p.problem.path = hostile;
        p.problem.address = 1000 + i;
        p.problem.first_sector = 63;
        store.put_problem(p);
    }
    store.seal(alert_on_match);
    CHECK(render(store, {&text_reporter()}, folder / "reports", {.show_names = show_names}).at(0).failure == "");
    return read_file(folder / "reports/report.txt");
}

void check_is_plain(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        CAPTURE(line);
        CHECK_FALSE(needs_raw_name(line));
        CHECK(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }) <= 80);
        CHECK_FALSE(line.starts_with("=cmd"));
    }
}

}  // namespace

TEST_CASE("without --show-names no name, label or series stands in the report; volume and address do") {
    const std::string text = report_of(false);
    check_is_plain(text);
    CHECK(text.find("secret") == std::string::npos);
    CHECK(text.find("disk.E01, p0, address 1000, a stream, allocated, 10 B; rule") != std::string::npos);
    CHECK(text.find("Verdict:     MATCH, INCOMPLETE") != std::string::npos);
    CHECK(text.find("damaged: disk.E01, p0, address 1000: libtsk: bad\\x1b block 0 (sector 63") != std::string::npos);
}

TEST_CASE("with --show-names names are escaped") {
    const std::string text = report_of(true);
    check_is_plain(text);
    for (const char* word :
         {"/secret\\x1b[2J\\u{202e}\\xff\\x0a=cmd", "secretstream", "secretlabel\\x1b", "secretseries\\x1b"}) {
        CAPTURE(word);
        CHECK(text.find(word) != std::string::npos);
    }
}

TEST_CASE("long lists are cut, and the rest is counted") {
    const std::string text = report_of(false, 1234);
    CHECK(text.find("Findings (1,234)") != std::string::npos);
    CHECK(text.find("... and 1,194 more: see findings.jsonl") != std::string::npos);
    CHECK(text.find("Problems (1,234)") != std::string::npos);
    CHECK(text.find("... and 1,214 more: see problems.jsonl") != std::string::npos);
}

TEST_CASE("the next step fits the verdict") {
    Folder folder;
    const auto report = [&](const std::string& name, auto change) {
        Store store = start(folder / name + ".sqlite");
        put(store, entry("/a", 1));
        change(store);
        store.seal(alert_on_match);
        render(store, {&text_reporter()}, folder / name);
        return read_file(folder / name + "/report.txt");
    };
    const std::string clean = report("clean", [](Store&) {});
    CHECK(clean.find("Verdict:     NO MATCH IN WHAT WAS CHECKED\n") != std::string::npos);
    CHECK(clean.find("Next step\n  No match is no clearance") != std::string::npos);
    CHECK(clean.find("Findings (0)\n  none\n") != std::string::npos);
    const std::string interrupted = report("interrupted", [](Store& store) {
        RunRecord r = run();
        r.is_interrupted = true;
        r.interruption = "signal INT";
        store.put_run(r);
    });
    CHECK(interrupted.find("triage scan --resume CASE") != std::string::npos);
    CHECK(interrupted.find("  - the scan was interrupted: signal INT\n") != std::string::npos);
    const std::string uncompared = report("uncompared", [](Store& s) { s.put_list(0, list(Polarity::ignorable)); });
    CHECK(uncompared.find("Verdict:     NOT COMPARED\n") != std::string::npos);
    CHECK(uncompared.find("--notable LIST") != std::string::npos);
}
