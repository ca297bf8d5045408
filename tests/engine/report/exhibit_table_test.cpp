// SPDX-License-Identifier: Apache-2.0
#include "engine/report/exhibit_table.h"

#include <doctest/doctest.h>

#include <sstream>

#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;

namespace {

Verdict verdict(bool match, bool alert, bool compared, bool complete, bool interrupted) {
    return {match, alert, compared, complete, interrupted};
}

}  // namespace

TEST_CASE("a table of exhibits stays within 80 columns, whatever they are called") {
    ExhibitLine plain{"AB/1", "disk.E01", verdict(false, false, true, true, false), 0, {}, {}};
    ExhibitLine found{"", "stick.img", verdict(true, true, true, false, false), 1234567, {12, 99, 1, 1 << 30}, {}};
    ExhibitLine failed{"C\x1b[2J" + std::string(60, 'x'), "", {}, 0, {}, "no such file"};
    TextPage page;
    add_exhibit_table(page, {plain, found, failed});
    CHECK(page.text() ==
          "\n"
          "Exhibits\n"
          "Exhibit           Verdict           Matches   Not checked    Suggested step\n"
          "AB/1              NO MATCH IN WHAT  0         0 entries      none by these\n"
          "                  WAS CHECKED                                lists; this is no\n"
          "                                                             clearance\n"
          "stick.img         MATCH, INCOMPLETE 1,234,567 12 entries, 1  secure it, do not\n"
          "                                              volume (1.0    browse; full\n"
          "                                              GiB)           examination\n"
          "C\\x1b[2Jxxxxxxxxx NOT EXAMINED      -         all of it      see the message\n"
          "xxxxxxxxxxxxxxxxx\n"
          "xxxxxxxxxxxxxxxxx\n"
          "xxxxxxxxxxxxxxxxx\n");
    std::istringstream lines(page.text());
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 80);
}

TEST_CASE("each verdict has a step of its own, and none says that an exhibit is harmless") {
    CHECK(suggested_step(verdict(true, true, true, false, true)) ==
          suggested_step(verdict(true, false, true, true, false)));
    CHECK(suggested_step(verdict(false, true, true, true, false)) == "secure it; have the findings examined");
    CHECK(suggested_step(verdict(false, false, true, false, true)) == "resume the scan");
    CHECK(suggested_step(verdict(false, false, false, true, false)) == "scan it with a notable list");
    CHECK(suggested_step(verdict(false, false, true, false, false)) == "have what was not checked examined");
    CHECK(suggested_step(verdict(false, false, true, true, false)) == "none by these lists; this is no clearance");
}

TEST_CASE("what has no hash and what could not be walked is not checked, each exhibit by itself") {
    const Folder folder;
    Store store = start(folder / "case.sqlite");
    EvidenceRecord other = evidence(1, "other.dd");
    other.exhibit = "B/2";
    store.put_evidence(other);
    VolumeRecord locked = volume(1, 1, 0, "p0");
    locked.state = VolumeState::locked, locked.length = 3 << 20;
    store.put_volume(locked);
    EvidenceRecord closed = evidence(2, "closed.dd");
    closed.is_opened = false;
    store.put_evidence(closed);
    Examined matched = hashed();
    matched.matches = {match()};
    put(store, entry("/hit", 1, 100), matched);
    put(store, entry("/big", 2, 900), not_hashed(Status::skipped, Reason::size));
    store.seal(alert_on_match);
    const std::vector<ExhibitLine> lines = exhibit_lines(make_context(store, false));
    REQUIRE(lines.size() == 3);
    CHECK(lines[0].matches == 1);
    CHECK(in_words(lines[0].unchecked) == "1 entry");
    CHECK(lines[1].exhibit == "B/2");
    CHECK(in_words(lines[1].unchecked) == "1 volume (3.0 MiB)");
    CHECK(in_words(lines[2].unchecked) == "all of it");
}

TEST_CASE("the end of a list says what to do, and with which exhibits") {
    NextSteps steps;
    steps.match = "secure \x1b it";
    steps.alert = "ask";
    steps.no_match = "";
    steps.incomplete = "examine in full";
    const ExhibitLine none{"A", "a.img", verdict(false, false, true, true, false), 0, {}, {}};
    const ExhibitLine found{"B", "b.img", verdict(true, true, true, false, false), 1, {}, {}};
    const ExhibitLine failed{"C", "c.img", {}, 0, {}, "no such file"};
    TextPage page;
    add_next_steps(page, {none, found, failed}, steps);
    CHECK(page.text() == "\nNext step\n  B:\n    secure \\x1b it\n  B, C:\n    examine in full\n");
    TextPage empty;
    add_next_steps(empty, {none}, steps);
    CHECK(empty.text().empty());
}
