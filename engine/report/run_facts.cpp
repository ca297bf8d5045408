// SPDX-License-Identifier: Apache-2.0
#include "engine/report/run_facts.h"

#include "engine/report/reporter.h"

namespace triage {

void replace_run_facts(ReportContext& context, const RunFacts& facts) {
    RunRecord& run = context.run;
    run.started_utc = facts.started;
    run.ended_utc = facts.ended;
    run.host = facts.host;
    run.user = facts.user;
    run.command = facts.command;
    run.hash_engine = facts.hash_engine;
    run.sandbox = facts.sandbox;
    run.configuration_sha256 = facts.configuration_sha256;
    run.threads = facts.threads;
    run.earlier_threads.clear();
    context.seal.clear();
    context.run_facts =
        "run facts from a file: times, host, user, command, threads, digest engine, sandbox and the digest of the "
        "configuration are not those of this run but those of the file with the SHA-256 " +
        facts.source_sha256;
}

}  // namespace triage
