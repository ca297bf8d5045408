// SPDX-License-Identifier: Apache-2.0
#include "engine/report/summary.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;
using nlohmann::json;

namespace {

// Two evidences: a match and a swap partition in the first, an unreadable entry in the second.
ReportContext context_of_two(const Folder& folder) {
    Store store = start(folder / "case.sqlite");
    EvidenceRecord other = evidence(1, "other.dd");
    other.exhibit = "B\x1b";
    store.put_evidence(other);
    store.put_volume(volume(1, 1, 0, "-"));
    VolumeRecord swap = volume(2, 0, 1, "p1");
    swap.state = VolumeState::swap;
    swap.fs = "";
    store.put_volume(swap);
    Examined matched = hashed();
    matched.matches = {match()};
    put(store, entry("/hit", 1, 100), matched);
    put(store, entry("/big", 2, 900), not_hashed(Status::skipped, Reason::size));
    put(store, entry("/bad.zip", 3, 50), not_hashed(Status::unreadable, Reason::damaged, 50), 1);
    store.seal(alert_on_match);
    return make_context(store, false);
}

}  // namespace

TEST_CASE("the summary says verdict, completeness and exit code, over everything and by exhibit") {
    Folder folder;
    const std::string text = summary_json(context_of_two(folder));
    const auto is_plain = [](char c) { return c == '\n' || (c >= ' ' && c < 0x7F); };
    CHECK(std::all_of(text.begin(), text.end(), is_plain));
    const json summary = json::parse(text);
    CHECK(summary.at("verdict") == "MATCH, INCOMPLETE");
    CHECK(summary.at("complete") == false);
    CHECK(summary.at("exit_code") == 1);
    CHECK(summary.at("findings") == json{{"alert", 1}, {"notice", 0}, {"info", 0}});
    CHECK(summary.at("times") == json{{"started", "2024-05-01T10:00:00.000Z"}, {"ended", "2024-05-01T10:01:00.000Z"}});
    CHECK(summary.at("incomplete_because").size() == 1);
    REQUIRE(summary.at("exhibits").size() == 2);
    const json& first = summary.at("exhibits")[0];
    CHECK(first.at("evidence") == "disk.E01");
    CHECK_FALSE(first.contains("exhibit"));
    CHECK(first.at("verdict") == "MATCH");
    CHECK(first.at("complete") == true);
    CHECK(first.at("exit_code") == 1);
    const json& second = summary.at("exhibits")[1];
    CHECK(second.at("exhibit") == "B\x1b");
    CHECK(second.at("verdict") == "NO MATCH IN WHAT WAS CHECKED, INCOMPLETE");
    CHECK(second.at("exit_code") == 3);
}

TEST_CASE("the summary counts matches, ledger, volumes and scope") {
    Folder folder;
    const json summary = json::parse(summary_json(context_of_two(folder)));
    CHECK(summary.at("matches") == json::array({{{"set", "bad.txt"},
                                                 {"polarity", "notable"},
                                                 {"category", "1"},
                                                 {"agrees", {"md5", "sha1"}},
                                                 {"differs", json::array()},
                                                 {"entries", 1}}}));
    CHECK(summary.at("exhibits")[1].at("matches") == json::array());
    CHECK(summary.at("ledger") ==
          json::array(
              {{{"status", "hashed"}, {"state", "allocated"}, {"entries", 1}, {"bytes", 100}, {"missing_bytes", 0}},
               {{"status", "skipped"},
                {"reason", "size"},
                {"state", "allocated"},
                {"entries", 1},
                {"bytes", 900},
                {"missing_bytes", 0}},
               {{"status", "unreadable"},
                {"reason", "damaged"},
                {"state", "allocated"},
                {"entries", 1},
                {"bytes", 50},
                {"missing_bytes", 50}}}));
    const json& volumes = summary.at("exhibits")[0].at("volumes");
    REQUIRE(volumes.size() == 2);
    CHECK(volumes[0] == json{{"evidence", "disk.E01"},
                             {"volume", "p0"},
                             {"start", 32256},
                             {"length", 524288},
                             {"fs", "ext4"},
                             {"state", "walked"},
                             {"directories", 0},
                             {"links", 0},
                             {"others", 0}});
    CHECK(volumes[1].at("state") == "swap");
    CHECK_FALSE(volumes[1].contains("fs"));
    const json& scope = summary.at("scope");
    CHECK(scope.at("profile") == "default");
    CHECK(scope.at("algorithms") == json{"md5", "sha1", "sha256"});
    CHECK(scope.at("all") == json{{"entries", 3}, {"bytes", 1050}});
    CHECK(scope.at("hashed") == json{{"entries", 1}, {"bytes", 100}});
    CHECK(scope.at("excluded_by_size") == json{{"entries", 1}, {"bytes", 900}});
    CHECK(scope.at("not_hashed") == json{{"entries", 1}, {"bytes", 50}});
    CHECK(scope.at("missing_bytes") == 50);
    CHECK(scope.at("not_looked_into") == json{{"archives", {{"entries", 1}, {"bytes", 50}}},
                                              {"swap", {{"volumes", 1}, {"bytes", 524288}}},
                                              {"unallocated", {{"bytes", 1048576}}}});
    CHECK(summary.at("lists")[0].at("records_accepted") == 3);
    CHECK(summary.at("lists")[0].at("version") == "2024-05-01");
}

TEST_CASE("what no allocated content holds is what is left of the file systems that were read, once for each place") {
    ReportContext context;
    const auto put = [&](std::uint32_t of, VolumeState state, std::uint64_t start, std::uint64_t held) {
        VolumeRecord& one = context.volumes.emplace_back();
        one.evidence = of, one.state = state, one.start = start, one.length = 1000, one.held_bytes = held;
    };
    put(0, VolumeState::walked, 0, 300);
    put(0, VolumeState::partial, 1000, 5000);  // files that share blocks
    put(0, VolumeState::gap, 2000, 0);
    put(0, VolumeState::locked, 3000, 0);
    put(1, VolumeState::walked, 0, 100);  // two volumes of one pool
    put(1, VolumeState::walked, 0, 200);
    CHECK(unheld_bytes(context, 0) == 700);
    CHECK(unheld_bytes(context, 1) == 700);
    CHECK(unheld_bytes(context) == 1400);
}

TEST_CASE("names that are no UTF-8 do not stop the summary") {
    ReportContext context;
    context.evidences = {evidence(0, "\xFF\xFE.dd")};
    context.evidence_verdicts = {Verdict{}};
    context.lists = {list(Polarity::notable, "l\xFF")};
    CHECK(json::parse(summary_json(context)).at("exhibits").size() == 1);
}
