// SPDX-License-Identifier: Apache-2.0
// Facts of a run that a file gives instead of the run (--run-facts): with them two runs over the same evidence make
// reports of the same bytes. What a run found, what it is made by, and that it was interrupted or resumed is never one
// of them, and a report that is made with them says so. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

namespace triage {

struct ReportContext;

struct RunFacts {
    std::string started, ended;  // RFC 3339, UTC
    std::string host, user, command, hash_engine, sandbox;
    std::string configuration_sha256;  // the configuration holds threads, memory and limits too
    std::uint32_t threads = 0;
    std::string source_sha256;  // of the file that gives them
};

// Puts them in the place of the run's own. No seal is left: it stands for the times of the case.
void replace_run_facts(ReportContext& context, const RunFacts& facts);

}  // namespace triage
