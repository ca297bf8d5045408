// SPDX-License-Identifier: Apache-2.0
// What a scan may be told, with its defaults: the plain struct that config/ fills and the scan obeys. The keys of the
// configuration file are rows in config/keys.cpp; the defaults stand here and nowhere else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/case/next_step.h"
#include "engine/evidence/filesystem.h"
#include "engine/hash/lanes.h"
#include "engine/report/report_options.h"

namespace triage {

// Of which entries the store of a scan that ended holds the names.
enum class KeepNames : std::uint8_t { all, findings };
inline std::string_view to_string(KeepNames names) { return names == KeepNames::all ? "all" : "findings"; }

struct ScanOptions {
    AlgorithmSet algorithms = AlgorithmSet::all();   // hash.algorithms: what is not computed cannot match
    HashEngine hash_engine = HashEngine::automatic;  // hash.engine: changes the speed only
    bool examine_sparse = false;                     // entries.sparse: also read streams that are nearly all hole
    bool size_gate = false;        // entries.size_gate: leave contents out whose size no notable record has (SizeGate)
    bool verify_evidence = false;  // evidence.verify: read the whole media and compare with its stored digests
    std::uint32_t time_seconds = 0;  // limits.time_seconds: the run stops after so long; 0: never
    std::uint64_t most_matches = 0;  // limits.matches: the run stops after so many notable contents; 0: never
    std::uint64_t hole_bytes = std::uint64_t{1} << 40;  // limits.hole_bytes: that are hashed, a volume
    WalkLimits walk;                                    // entries.deleted, entries.orphans, limits.*
    std::uint32_t threads = 0;       // threads: 0 is the processors available; changes the speed only
    std::uint32_t memory_mib = 512;  // memory_mib: of the parent, about; more entries wait on disk
    // reports: those of the build, when nobody named them. A name here may be unknown to this build only if
    // ConfigSources::available_reports was left empty.
    std::vector<std::string> reports{"text", "html", "jsonl"};
    ReportOptions report_options;           // reports.NAME.OPTION: what a reporter is told
    NextSteps next_steps;                   // next_step.*: what people are told to do after each verdict
    KeepNames keep_names = KeepNames::all;  // store.keep_names: findings drops the others
    bool warn_unprotected = false;  // lists.warn_unprotected: say it of lists that anyone who finds them can read
    std::uint32_t worker_memory_mib = 384;       // worker.memory_mib: address space of a worker
    std::uint32_t worker_memory_max_mib = 1024;  // worker.memory_max_mib: what it grows to with the entries recorded
    std::uint32_t worker_progress_seconds = 5;   // worker.progress_seconds: without progress a worker is ended
    bool worker_in_process = false;              // worker.in_process: no worker processes; tests and fuzzers only
};

// What these options leave out of the examination, in words for the verdict's scope; empty when nothing.
std::string exclusions_in_words(const ScanOptions& options);

// The threads that `options` asks for: at least 1. Zero asks the scheduler which processors this process may use.
std::uint32_t thread_count(const ScanOptions& options);

}  // namespace triage
