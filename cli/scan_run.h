// SPDX-License-Identifier: Apache-2.0
// What the parts of `triage scan` share: its arguments as given, and the run that a new or a resumed case begins. Each
// part is a file: scan_begin, scan_resume, scan_lists, scan_conclude; scan.cpp is their order. Used by one thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "cli/known_sets.h"
#include "cli/signing.h"
#include "config/case_info_file.h"
#include "config/config.h"
#include "engine/case/audit.h"
#include "engine/case/case_directory.h"
#include "engine/case/store.h"
#include "engine/report/run_facts.h"
#include "engine/scan/scan.h"

namespace triage {

class LiveStream;
class PluginReports;
class Watch;

struct ScanArguments {
    std::vector<std::string> evidence, notable, ignorable, exhibits, evidence_at, list_at, case_info;
    std::string config, profile, out, reports, redact, resume, hash_engine;
    std::uint32_t memory_mib = 0;
    std::optional<std::uint32_t> threads, time_seconds;
    std::optional<std::uint64_t> most_matches;
    std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();  // of the whole visit
    std::string key;
    bool verify_evidence = false;
    bool lenient = false, cache = false, quiet = false, show_names = false, json = false;
    bool discreet = false;
    std::string live;  // what --live names; empty: no live stream
    bool allow_mounted = false, set_read_only = false;
    bool has_more_to_write = false;
    SignArguments sign;
    std::string run_facts_file;
    std::optional<RunFacts> run_facts;         // what it holds
    std::shared_ptr<const SigningKey> signer;  // shared by the cases of a list, read once; null: unsigned
    std::string evidence_list;
    // Of one exhibit of such a list:
    std::optional<EvidenceArgument> listed;
    std::vector<CaseInfoGiven> listed_info;
};

struct LoadedLists {
    KnownSets sets;
    std::vector<ListRecord> records;
    std::unique_ptr<Secret> secret;                                      // of protected ones
    std::optional<std::chrono::steady_clock::time_point> deadline = {};  // ends their reading, as a signal does
    std::string confinement;  // layers of this process, from its first case on
};

// Everything a run needs, of a new case or of one that goes on.
struct Run {
    Configuration configuration;
    std::vector<EvidenceSpec> evidence;
    LoadedLists& lists;  // the caller's: they outlive a case that fails
    CaseDirectory directory;
    Store store;
    AuditLog audit;
    bool is_scanned = false;  // what is left is to render and to seal
};

Configuration configuration_of(const ScanArguments& arguments);
std::vector<std::string> paths_of(const std::vector<EvidenceSpec>& evidence);  // of every segment
// From the start of the command: lists and earlier cases of a visit take their time from it.
std::optional<std::chrono::steady_clock::time_point> deadline_of(const ScanOptions& options,
                                                                 const ScanArguments& arguments);
void load_lists(LoadedLists& lists, const ScanArguments& arguments);  // notable and ignorable ones
// Empty `lists` are loaded; others were loaded for an earlier case, and a resumed one must have begun with the same.
Run begin_new(const ScanArguments& arguments, const std::string& command, LoadedLists& lists);
Run begin_resumed(const ScanArguments& arguments, LoadedLists& lists);
// What a sealed case says of itself is read without touching it: a resume that is refused leaves every byte as it was.
Store open_to_look(const CaseDirectory& directory);
// By polarity and SHA-256, in their order.
bool are_same_lists(const std::vector<ListRecord>& a, const std::vector<ListRecord>& b);

// One case from its beginning, or from where it was left, to its end. Returns the exit code. Lists that it loads
// are left in `lists` for the next one.
int run_case(const ScanArguments& arguments, const std::string& command, const std::atomic<bool>& stop,
             LoadedLists& lists);

// Renders and seals, ends the watch, and says what was found, to the live stream where there is one. Returns the exit
// code, also where it fails: 1 when something was found, else 4.
int conclude(Run run, const ScanArguments& arguments, Watch& watch, LiveStream* live, bool has_matches);

LoadedSet load(LoadedLists& lists, const std::string& path, Polarity polarity, bool lenient,
               const ScanArguments& arguments);
void load_list(LoadedLists& lists, const std::string& path, Polarity polarity, const ScanArguments& arguments);

std::vector<AuditField> fields_of(const RunRecord& run);
bool names_code(const ScanOptions& options);  // programs or plug-ins, which run as whoever scans
std::string resume_command(const Run& run, const ScanArguments& arguments);
void audit_program(AuditLog& audit, const ScanOptions& options);    // of the report exec
void audit_plugins(AuditLog& audit, const PluginReports& plugins);  // whose code is run, by digest

}  // namespace triage
