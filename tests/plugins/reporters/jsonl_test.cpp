// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

#include "engine/report/reporter.h"
#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;

namespace triage {
const ReporterKind& jsonl_reporter();
}

namespace {

// The same rows in an order that `seed` decides.
void make_store(const std::string& path, unsigned seed) {
    Store store = start(path);
    std::vector<std::uint64_t> numbers(200);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = i;
    std::shuffle(numbers.begin(), numbers.end(), std::mt19937(seed));
    for (const std::uint64_t i : numbers) {
        Examined examined = hashed(static_cast<unsigned char>(i));
        if (i % 10 == 0) examined.matches = {match(0, i)};
        put(store, entry("/e" + std::to_string(i), i / 3), examined, 0, i);
        ProblemRecord p = problem(ProblemKind::damaged, "detail " + std::to_string(i % 7));
        p.problem.address = i % 20;
        store.put_problem(p);
    }
    store.seal(alert_on_match);
}

}  // namespace

TEST_CASE("the order in which rows arrive does not show in a byte of the report") {
    Folder folder;
    make_store(folder / "1.sqlite", 1);
    make_store(folder / "2.sqlite", 2);
    for (const std::string name : {"1", "2"})
        CHECK(render(Store::open_read_only(folder / name + ".sqlite"), {&jsonl_reporter()}, folder / name)
                  .at(0)
                  .failure == "");
    for (const std::string name : {"/entries.jsonl", "/findings.jsonl", "/problems.jsonl"}) {
        const std::string first = read_file(folder / "1" + name);
        CHECK(first.size() > 1000);
        CHECK(first == read_file(folder / "2" + name));
    }
    const std::string entries = read_file(folder / "1/entries.jsonl");
    CHECK(std::count(entries.begin(), entries.end(), '\n') == 200);
    const std::string findings = read_file(folder / "1/findings.jsonl");
    CHECK(std::count(findings.begin(), findings.end(), '\n') == 20);
}

TEST_CASE("a case without entries gives three empty files") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    store.seal(alert_on_match);
    render(store, {&jsonl_reporter()}, folder / "reports");
    CHECK(output_of("cd " + (folder / "reports") + " && stat -c '%n %s %a' *.jsonl") ==
          "entries.jsonl 0 600\nfindings.jsonl 0 600\nproblems.jsonl 0 600\n");
}

TEST_CASE("without entries the report is the same findings and problems, and no list of all entries") {
    Folder folder;
    make_store(folder / "case.sqlite", 1);
    const Store store = Store::open_read_only(folder / "case.sqlite");
    ReportOptions options;
    options.jsonl.entries = false;
    CHECK(render(store, {&jsonl_reporter()}, folder / "whole").at(0).failure == "");
    CHECK(render(store, {&jsonl_reporter()}, folder / "short", {.reports = options}).at(0).failure == "");
    CHECK(output_of("cd " + (folder / "short") + " && ls") == "findings.jsonl\nproblems.jsonl\nsummary.json\n");
    for (const std::string name : {"/findings.jsonl", "/problems.jsonl"})
        CHECK(read_file(folder / "short" + name) == read_file(folder / "whole" + name));
}
