// SPDX-License-Identifier: Apache-2.0
// What the shapes of CASE/UCO allow, and that the graph is what the store holds: tests/cli/case_test.py.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/report/reporter.h"
#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;
using nlohmann::json;

namespace triage {
const ReporterKind& case_reporter();
}

namespace {

const std::string hostile = "/a\"b\n{\"@id\":\"kb:entry-\xFF\xE2\x80\xAE\x01\x7F\\";

// Two evidences; entries with and without a finding, a hard link, one whose placement is assumed.
void make_store(const std::string& path, bool is_reversed = false) {
    Store store = start(path);
    store.put_evidence(evidence(1, "other.E01"));
    store.put_volume(volume(1, 1, 0, "p0"));
    Examined matched = hashed();
    matched.matches = {match()};
    matched.matches[0].label = "label\xE2\x80\xAE";
    Entry deleted = entry("/lost", 5);
    deleted.state = EntryState::deleted;
    deleted.placement = Placement::assumed;
    Entry odd = entry(hostile, 1ull << 60, 7);
    odd.stream = "stream";
    odd.kind = EntryKind::stream;
    std::vector<std::pair<Entry, std::uint32_t>> found{{odd, 0}, {deleted, 0}, {entry("/one", 9), 1}};
    if (is_reversed) std::reverse(found.begin(), found.end());
    for (const auto& [e, where] : found) put(store, e, matched, where);
    put(store, entry("/plain", 2), hashed(0x22));
    EntryRecord link;
    link.volume = 1;
    link.entry = entry("/two", 9);
    store.put_entry(link, std::nullopt);
    ProblemRecord p = problem(ProblemKind::damaged, "detail");
    p.problem.path = hostile;
    store.put_problem(p);
    store.seal(alert_on_match);
}

std::string text_of(const std::string& store, const std::string& folder, const RenderOptions& options = {}) {
    CHECK(render(Store::open_read_only(store), {&case_reporter()}, folder, options).at(0).failure == "");
    return read_file(folder + "/report.jsonld");
}

std::vector<json> nodes_of(const std::string& text, const std::string& kind) {
    std::vector<json> nodes;
    const json graph = json::parse(text);
    for (const json& node : graph["@graph"])
        if (node["@id"].get<std::string>().starts_with("kb:" + kind + "-")) nodes.push_back(node);
    return nodes;
}

std::multiset<std::string> ids_of(const std::string& text) {
    std::multiset<std::string> ids;
    const json graph = json::parse(text);
    for (const json& node : graph["@graph"]) ids.insert(node["@id"].get<std::string>());
    return ids;
}

bool has(const json& list, const std::string& text) { return std::find(list.begin(), list.end(), text) != list.end(); }

RenderOptions with_all() {
    RenderOptions options;
    options.reports.case_graph.entries = ReportedEntries::all;
    return options;
}

}  // namespace

TEST_CASE("a graph holds the entries with a finding, and each evidence lists its own") {
    Folder folder;
    make_store(folder / "case.sqlite");
    const std::string text = text_of(folder / "case.sqlite", folder / "reports");
    CHECK(nodes_of(text, "entry").size() == 4);
    const auto records = nodes_of(text, "provenance-record");
    REQUIRE(records.size() == 4);
    CHECK(records[2]["uco-core:object"].size() == 2);
    CHECK(records[3]["uco-core:object"].size() == 2);
    CHECK(has(records[2]["uco-core:description"], "2 of 3 entries stand here: those with a finding."));
    const std::string all = text_of(folder / "case.sqlite", folder / "reports-2", with_all());
    CHECK(nodes_of(all, "entry").size() == 5);
    CHECK(has(nodes_of(all, "provenance-record")[2]["uco-core:description"], "3 of 3 entries stand here."));
    for (const std::string& id : ids_of(text)) CHECK(ids_of(all).contains(id));
}

TEST_CASE("names of one content are one node") {
    Folder folder;
    make_store(folder / "case.sqlite");
    const auto entries = nodes_of(text_of(folder / "case.sqlite", folder / "reports"), "entry");
    CHECK(entries[2]["@id"] == entries[3]["@id"]);
    CHECK(entries[2]["uco-core:hasFacet"][0]["uco-observable:filePath"] == "/one");
    CHECK(entries[3]["uco-core:hasFacet"][0]["uco-observable:filePath"] == "/two");
}

TEST_CASE("a path is asserted only where placement is recorded") {
    Folder folder;
    make_store(folder / "case.sqlite");
    const std::string text = text_of(folder / "case.sqlite", folder / "reports");
    const json deleted = nodes_of(text, "entry")[0];
    CHECK(deleted["uco-core:hasFacet"][0].contains("uco-observable:filePath") == false);
    CHECK(has(deleted["uco-core:tag"], "name-not-established:/lost"));
    CHECK(has(deleted["uco-core:description"],
              "Placement assumed: these bytes are on the device; that this name belonged to them is not established."));
    CHECK(text.find("\"uco-observable:path\":\"/lost\"") == std::string::npos);
}

TEST_CASE("no control is alive in a graph, and every byte of a name is there") {
    Folder folder;
    make_store(folder / "case.sqlite");
    const std::string text = text_of(folder / "case.sqlite", folder / "reports", with_all());
    CHECK(std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c < 32 && c != '\n') || c == 127; }) ==
          0);
    CHECK(text.find("\xE2\x80\xAE") == std::string::npos);
    CHECK(text.find("\nkb:") == std::string::npos);
    const std::string raw = "raw-name:" + to_base64(as_bytes(hostile + ":stream"));
    CHECK(has(nodes_of(text, "entry")[2]["uco-core:tag"], raw));
    CHECK(text.find(to_base64(as_bytes(hostile)) + "\"") != std::string::npos);  // of the problem
}

TEST_CASE("a disclosure copy has the ids of the whole and no name or label") {
    Folder folder;
    make_store(folder / "case.sqlite");
    RenderOptions options = with_all();
    const std::string whole = text_of(folder / "case.sqlite", folder / "reports", options);
    options.reports.redact = {true, true};
    const std::string copy = text_of(folder / "case.sqlite", folder / "copy", options);
    CHECK(ids_of(copy) == ids_of(whole));
    for (const char* name : {"/lost", "/one", "/two", "/plain", "/a\\\"b", "label:", "raw-name"}) {
        CHECK(whole.find(name) != std::string::npos);
        CHECK(copy.find(name) == std::string::npos);
    }
    CHECK(copy.find("Disclosure copy: names from evidence and labels of lists are left out.") != std::string::npos);
}

TEST_CASE("neither the order in which rows arrive nor threads show in a byte of a graph") {
    Folder folder;
    make_store(folder / "1.sqlite");
    make_store(folder / "2.sqlite", true);
    RenderOptions options = with_all();
    const std::string first = text_of(folder / "1.sqlite", folder / "1", options);
    options.threads = 8;
    CHECK(text_of(folder / "2.sqlite", folder / "2", options) == first);
}

TEST_CASE("what two runs tell differently stands in the line of the action") {
    Folder folder;
    for (const std::string name : {"1", "2"}) {
        make_store(folder / name + ".sqlite");
        Store store = Store::open_for_resume(folder / name + ".sqlite");
        RunRecord record = run();
        if (name == "2") record.host = "other", record.threads = 7, record.started_utc = "2024-05-02T10:00:00.000Z";
        store.put_run(record);
        store.seal(alert_on_match);
    }
    const auto without_action = [](std::string text) {
        const std::size_t line = text.find("\n{\"@id\":\"kb:investigative-action-");
        REQUIRE(line != std::string::npos);
        return text.erase(line, text.find('\n', line + 1) - line);
    };
    const std::string first = text_of(folder / "1.sqlite", folder / "1"),
                      other = text_of(folder / "2.sqlite", folder / "2");
    CHECK(first != other);
    CHECK(without_action(first) == without_action(other));
}

TEST_CASE("of very many pieces the first 10,000 stand in a graph, which says so") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    Examined matched = hashed();
    matched.matches = {match()};
    Entry pieces = entry("/pieces", 3, 10'001);
    pieces.extents.clear();
    for (std::uint64_t i = 0; i < 10'001; ++i) pieces.extents.push_back({40'000 + 2 * i, 1});
    put(store, pieces, matched);
    store.seal(alert_on_match);
    const std::string text = text_of(folder / "case.sqlite", folder / "reports");
    CHECK(nodes_of(text, "relationship").back()["uco-core:hasFacet"].size() == 10'001);  // and the path
    CHECK(has(nodes_of(text, "entry")[0]["uco-core:description"], "The first 10,000 of 10,001 ranges stand here."));
}
