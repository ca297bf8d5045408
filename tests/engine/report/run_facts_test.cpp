// SPDX-License-Identifier: Apache-2.0
#include "engine/report/run_facts.h"

#include <doctest/doctest.h>

#include "engine/report/reporter.h"
#include "engine/report/summary.h"
#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;

namespace {

const RunFacts facts{"2026-05-01T10:20:30Z",
                     "2026-05-01T11:20:30Z",
                     "host",
                     "user",
                     "command",
                     "engine",
                     "sandbox",
                     std::string(64, 'c'),
                     4,
                     std::string(64, 'f')};

}  // namespace

TEST_CASE("run facts from a file take the place of the run's, of the seal too, and the reports say whose they are") {
    ReportContext context;
    context.run.started_utc = "2024-01-01T00:00:00Z";
    context.run.tool_version = "1";
    context.run.earlier_threads = "2";
    context.seal = "0123";
    CHECK(cautions(context).empty());
    replace_run_facts(context, facts);
    CHECK(context.run.started_utc == "2026-05-01T10:20:30Z");
    CHECK(context.run.ended_utc == "2026-05-01T11:20:30Z");
    CHECK(context.run.host == "host");
    CHECK(context.run.user == "user");
    CHECK(context.run.command == "command");
    CHECK(context.run.hash_engine == "engine");
    CHECK(context.run.sandbox == "sandbox");
    CHECK(context.run.configuration_sha256 == std::string(64, 'c'));
    CHECK(context.run.threads == 4);
    CHECK(context.run.earlier_threads == "");
    CHECK(context.run.tool_version == "1");
    CHECK(context.seal == "");
    REQUIRE(cautions(context).size() == 1);
    CHECK(cautions(context)[0].starts_with("run facts from a file: "));
    CHECK(cautions(context)[0].ends_with(" SHA-256 " + std::string(64, 'f')));
}

TEST_CASE("run facts from a file never hide an interruption") {
    ReportContext context;
    context.run.is_interrupted = true;
    context.run.interruption = "stopped by a signal";
    context.run.resumed = 2;
    replace_run_facts(context, facts);
    CHECK(context.run.is_interrupted);
    CHECK(context.run.interruption == "stopped by a signal");
    CHECK(context.run.resumed == 2);
    CHECK(cautions(context).back() == "the scan was interrupted and resumed 2 times");
}
