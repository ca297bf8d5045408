// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>

#include "cli/command.h"
#include "cli/evidence_list.h"
#include "cli/exit_code.h"
#include "cli/live.h"
#include "cli/scan_run.h"
#include "cli/terminal.h"
#include "cli/watch.h"
#include "config/keys.h"
#include "config/run_facts_file.h"
#include "engine/worker/sandbox.h"
#include "plugins/registry.h"

namespace triage {
namespace {

Watched watched_of(const Run& run, const ScanArguments& arguments) {
    Watched watched;
    for (const EvidenceSpec& spec : run.evidence) watched.evidences.push_back(evidence_in_words(spec));
    for (const ListRecord& list : run.lists.records) watched.lists.push_back(list.identity.name);
    watched.is_resumed = !arguments.resume.empty();
    watched.is_discreet = arguments.discreet;
    watched.deadline = deadline_of(run.configuration.options, arguments);
    return watched;
}

// In this part of the run or an earlier one. A store that fails cannot tell of earlier ones.
bool has_found(const Store& store, const Progress& progress) {
    if (progress.matches > 0) return true;
    try {
        return store.run().found_before || store.has_notable_match();
    } catch (const Error&) {
        return false;
    }
}

// From here on only the case can be written, or of a list of evidence the folder of its cases. Once for a process:
// the layers stay, and the kernel stacks only a few.
void confine(const Run& run, const ScanArguments& arguments) {
    if (arguments.has_more_to_write) run.lists.confinement = "none: this process has more to write";
    std::filesystem::path folder = run.directory.path();
    if (arguments.listed) folder = std::filesystem::absolute(folder).parent_path();
    if (run.lists.confinement.empty()) run.lists.confinement = confine_writing({folder.string()});
}

int run_scan(ScanArguments& arguments, const std::string& command) {
    const std::atomic<bool>& stop = stop_on_signals();
    const bool names_more = !arguments.evidence.empty() || !arguments.notable.empty() || !arguments.ignorable.empty() ||
                            !arguments.exhibits.empty() || !arguments.profile.empty() || !arguments.out.empty() ||
                            !arguments.case_info.empty() || !arguments.reports.empty() || !arguments.redact.empty() ||
                            !arguments.evidence_list.empty() || arguments.lenient;
    if (!arguments.resume.empty() && names_more)
        throw Error("--resume", "takes evidence, lists, configuration and reports from the case",
                    "use --evidence-at or --list-at where files have moved");
    arguments.signer = read_signing_key(arguments.sign);
    if (!arguments.run_facts_file.empty()) arguments.run_facts = read_run_facts_file(arguments.run_facts_file);
    if (!arguments.evidence_list.empty()) return run_evidence_list(arguments, command, stop);
    LoadedLists lists;
    return run_case(arguments, command, stop, lists);
}

}  // namespace

std::optional<std::chrono::steady_clock::time_point> deadline_of(const ScanOptions& options,
                                                                 const ScanArguments& arguments) {
    if (options.time_seconds == 0) return std::nullopt;
    return arguments.started + std::chrono::seconds(options.time_seconds);
}

int run_case(const ScanArguments& arguments, const std::string& command, const std::atomic<bool>& stop,
             LoadedLists& lists) {
    Progress progress;  // from here on time is counted: lists and evidence are part of the wait
    const bool is_resume = !arguments.resume.empty();
    Run run = is_resume ? begin_resumed(arguments, lists) : begin_new(arguments, command, lists);
    const std::string path = run.directory.path();
    confine(run, arguments);
    run.audit.record("confined", {{"layers", run.lists.confinement}});
    print_notice("writing " + path);
    std::optional<LiveStream> live;
    if (!arguments.live.empty()) live.emplace(stdout, progress, arguments.show_names);
    if (live) live->start(path, run.evidence, run.lists.records);
    LiveStream* const stream = live ? &*live : nullptr;
    Watch watch(progress, watched_of(run, arguments), stop, !arguments.quiet, stream);
    try {
        if (run.is_scanned) forget_names(run.store, run.audit);
        else
            scan({registry(), run.evidence, run.lists.sets, run.configuration.rules, run.configuration.options, path,
                  stop, deadline_of(run.configuration.options, arguments), stream},
                 run.store, run.audit, progress);
    } catch (const Error& error) {
        watch.end();
        // Whatever ends a scan under way: what was recorded stays, and the case can go on.
        const std::string advice = error.advice().empty() ? "when that is mended" : error.advice() + "; then";
        const bool may_go_on = error.kind() != ErrorKind::untrusted;
        print_error(path + ": " + error.what(),
                    may_go_on ? advice + ": " + resume_command(run, arguments) : error.advice());
        if (!has_found(run.store, progress)) return exit_code::interrupted;
        if (!arguments.discreet) print_notice("files of a notable list were found before that");
        return exit_code::alert;
    }
    progress.phase = Phase::reporting;
    return conclude(std::move(run), arguments, watch, stream, progress.matches > 0);
}

void add_scan(CLI::App& app, CommandLine& line) {
    auto a = std::make_shared<ScanArguments>();
    CLI::App* scan = app.add_subcommand("scan", "Examine evidence: hash every file, compare with known lists, report");
    scan->add_option("evidence", a->evidence, "Images (any segment of a set) or block devices");
    const auto each = [&](const char* flag, std::vector<std::string>& values, const char* value, const char* meaning) {
        scan->add_option(flag, values, meaning)->type_name(value)->allow_extra_args(false);
    };
    each("--notable", a->notable, "LIST", "Known list whose files matter when found; may be repeated");
    each("--ignorable", a->ignorable, "LIST", "Known list of files that need no look; may be repeated");
    each("--exhibit", a->exhibits, "REF=PATH", "Evidence with its exhibit reference; may be repeated");
    each("--case-info", a->case_info, "INFO",
         "KEY=VALUE, KEY@EXHIBIT=VALUE, a YAML file, or \"ask\": who, by which authority, where; may be repeated");
    auto* config = scan->add_option("--config", a->config, "Configuration file (YAML)")->type_name("FILE");
    scan->add_option("--profile", a->profile, help_of("profile"))->type_name("NAME")->excludes(config);
    scan->add_option("--out", a->out, "Case directory to write (default ./triage-EXHIBIT-TIME)")->type_name("CASE");
    scan->add_option("--report", a->reports, help_of("reports", "Separated by commas."))->type_name("NAMES");
    scan->add_option("--redact", a->redact, help_of("reports.redact", "Separated by a comma."))->type_name("WHAT");
    scan->add_option("--run-facts", a->run_facts_file,
                     "Reports tell times, host, user, command, threads... from here, and say so (YAML): with it the\n"
                     "same evidence makes the same bytes. The store and the audit log keep the run's own")
        ->type_name("FILE");
    scan->add_option("--threads", a->threads, help_of("threads"))->type_name("N")->check(CLI::Range(0u, 1024u));
    scan->add_option("--memory", a->memory_mib, help_of("memory_mib"))
        ->type_name("MIB")
        ->check(CLI::Range(64u, 1048576u));
    scan->add_option("--hash-engine", a->hash_engine, help_of("hash.engine"))
        ->type_name("ENGINE")
        ->check(CLI::IsMember({"auto", "openssl"}));
    scan->add_option("--time-limit", a->time_seconds, help_of("limits.time_seconds", "As 90s, 25m or 2h."))
        ->type_name("TIME")
        ->transform(CLI::AsNumberWithUnit(std::map<std::string, std::uint32_t>{{"s", 1}, {"m", 60}, {"h", 3600}},
                                          CLI::AsNumberWithUnit::UNIT_REQUIRED, "TIME"));
    scan->add_option("--stop-after", a->most_matches, help_of("limits.matches"))
        ->type_name("N")
        ->check(CLI::NonNegativeNumber);
    scan->add_option("--evidence-list", a->evidence_list,
                     "CSV with the columns exhibit, path, note: one case an exhibit in the folder --out; what is\n"
                     "finished is skipped, what was interrupted goes on. Exit code: the worst, of 1, 4, 3, 0")
        ->type_name("FILE");
    scan->add_option("--resume", a->resume,
                     "Go on with an interrupted case; needs nothing else, but where the case's configuration\n"
                     "names programs or plug-ins --config CASE/config.yaml: they run as you")
        ->type_name("CASE");
    each("--evidence-at", a->evidence_at, "FOLDER", "With --resume: where moved evidence is now");
    each("--list-at", a->list_at, "FOLDER", "With --resume: where moved lists are now");
    scan->add_option("--key", a->key, "Opens protected lists: a key file, \"ask\" for a passphrase, or \"fd:N\"")
        ->type_name("KEY");
    add_sign_options(*scan, a->sign);
    scan->add_flag("--verify-evidence", a->verify_evidence,
                   "Read the whole media, compare with the digests that its image stores or compute its SHA-256");
    scan->add_flag("--cache", a->cache,
                   "Keep compiled lists for the next scan (`triage known cache clear` removes them)");
    scan->add_flag("--set-read-only", a->set_read_only,
                   "Set the kernel's read-only flag of devices before anything is read (root); it stays set");
    scan->add_flag("--allow-mounted", a->allow_mounted,
                   "Go on with a device that is mounted, swap or held; said beside the verdict");
    scan->add_flag("--lenient", a->lenient, "Accept lists with bad lines; they are counted and reported");
    scan->add_flag("--show-names", a->show_names, "Show names from evidence and labels from lists (escaped)");
    auto* json = scan->add_flag("--json", a->json, "Print summary.json instead of the summary in words");
    scan->add_option("--live", a->live,
                     "jsonl: stream progress, matches and problems to standard output instead, one JSON object a line")
        ->type_name("FORM")
        ->check(CLI::IsMember({"jsonl"}))
        ->excludes(json);
    scan->add_flag(
            "--discreet", a->discreet,
            "Show progress only: no verdict, no word or count of what was found, also at the end; the exit code\n"
            "stays. `triage report CASE --report text` tells the verdict later")
        ->excludes(json)
        ->excludes("--live");
    scan->footer(
        "Exit codes: 0 checked, nothing alarming; 1 alert; 2 wrong use; 3 nothing found but the answer is\n"
        "not whole; 4 interrupted with nothing found so far.");
    scan->callback([a, &line] {
        a->quiet = line.is_quiet;
        a->has_more_to_write = line.has_more_to_write;
        line.chosen = [a, &line] { return run_scan(*a, line.text); };
    });
}

std::string as_yaml_list(const std::string& names) {
    std::string list;
    for (const std::string& name : split_names(names)) list += (list.empty() ? "" : ", ") + name;
    return "[" + list + "]";
}

std::vector<std::string> split_names(const std::string& list) {
    constexpr const char* blanks = " \t";
    std::vector<std::string> names;
    std::istringstream pieces(list);
    for (std::string piece; std::getline(pieces, piece, ',');) {
        const std::size_t begin = piece.find_first_not_of(blanks);
        if (begin == std::string::npos) continue;
        const std::string name = piece.substr(begin, piece.find_last_not_of(blanks) + 1 - begin);
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    return names;
}

}  // namespace triage
