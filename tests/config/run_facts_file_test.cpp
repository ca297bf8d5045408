// SPDX-License-Identifier: Apache-2.0
// What is wrong in such a file: tests/cli/reproducible_test.py.
#include "config/run_facts_file.h"

#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;

TEST_CASE("a file of run facts gives each of them") {
    Folder folder;
    const std::string text =
        "started: 2026-05-01T10:20:30Z\nended: 2026-05-01T11:20:30.5Z\nhost: h\nuser: u\ncommand: triage scan x\n"
        "threads: 4\nhash_engine: e\nsandbox: s\nconfiguration_sha256: " +
        std::string(64, 'a') + "\n";
    write_file(folder / "facts.yaml", text);
    const RunFacts facts = read_run_facts_file(folder / "facts.yaml");
    CHECK(facts.started == "2026-05-01T10:20:30Z");
    CHECK(facts.ended == "2026-05-01T11:20:30.5Z");
    CHECK(facts.host == "h");
    CHECK(facts.user == "u");
    CHECK(facts.command == "triage scan x");
    CHECK(facts.threads == 4);
    CHECK(facts.hash_engine == "e");
    CHECK(facts.sandbox == "s");
    CHECK(facts.configuration_sha256 == std::string(64, 'a'));
    CHECK(output_of("sha256sum " + folder / "facts.yaml").starts_with(facts.source_sha256 + " "));
}

TEST_CASE("a missing file of run facts is an error that names it") {
    CHECK_THROWS_AS(read_run_facts_file("no/such/facts.yaml"), Error);
}
