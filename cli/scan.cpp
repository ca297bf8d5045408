// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/known_sets.h"
#include "cli/terminal.h"
#include "cli/versions.h"
#include "config/config.h"
#include "engine/case/case_directory.h"
#include "engine/case/manifest.h"
#include "engine/report/text_summary.h"
#include "engine/scan/scan.h"
#include "plugins/registry.h"

namespace triage {
namespace {

struct ScanArguments {
    std::vector<std::string> evidence, notable, ignorable, exhibits, evidence_at, list_at;
    std::string config, profile, out, reports, resume, hash_engine;
    std::uint32_t threads = 0, memory_mib = 0;
    std::string key;
    bool lenient = false, cache = false, quiet = false, show_names = false, json = false;
};

std::string file_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) throw Error(path, "cannot be read");
    return text.str();
}

std::vector<EvidenceArgument> evidence_of(const ScanArguments& arguments) {
    std::vector<EvidenceArgument> evidence;
    for (const std::string& path : arguments.evidence) evidence.push_back({{}, path});
    for (const std::string& exhibit : arguments.exhibits) {
        const std::size_t equals = exhibit.find('=');
        if (equals == std::string::npos || equals == 0 || equals + 1 == exhibit.size())
            throw Error("--exhibit " + exhibit, "expected REF=PATH", "for example --exhibit AB/1=disk.E01");
        const std::string reference = exhibit.substr(0, equals), path = exhibit.substr(equals + 1);
        const auto named = std::find_if(evidence.begin(), evidence.end(),
                                        [&](const EvidenceArgument& e) { return e.path == path && e.exhibit.empty(); });
        if (named != evidence.end()) named->exhibit = reference;
        else evidence.push_back({reference, path});
    }
    if (evidence.empty())
        throw Error("scan", "no evidence given", "name an image or a device: triage scan disk.E01 --notable list.txt");
    return evidence;
}

std::vector<std::string> reporter_names() {
    std::vector<std::string> names;
    for (const ReporterKind* kind : registry().reporters) names.emplace_back(kind->name);
    return names;
}

Configuration configuration_of(const ScanArguments& arguments) {
    ConfigSources sources;
    if (!arguments.profile.empty()) sources.profile = arguments.profile;
    if (!arguments.config.empty()) sources.file = arguments.config;
    sources.available_reports = reporter_names();
    if (arguments.threads > 0) sources.overrides.emplace_back("threads", std::to_string(arguments.threads));
    if (arguments.memory_mib > 0) sources.overrides.emplace_back("memory_mib", std::to_string(arguments.memory_mib));
    if (!arguments.hash_engine.empty()) sources.overrides.emplace_back("hash.engine", arguments.hash_engine);
    if (!arguments.reports.empty()) {
        std::string list;
        for (const std::string& name : split_names(arguments.reports)) list += (list.empty() ? "" : ", ") + name;
        sources.overrides.emplace_back("reports", "[" + list + "]");
    }
    return load_configuration(sources);
}

struct LoadedLists {
    KnownSets sets;
    std::vector<ListRecord> records;
    std::unique_ptr<Secret> secret;  // of protected ones
};

// The secret is asked for once, and only when a list needs it.
LoadedSet load(LoadedLists& lists, const std::string& path, Polarity polarity, bool lenient,
               const ScanArguments& arguments) {
    if (!lists.secret && is_compiled_set(path)) lists.secret = read_secret(arguments.key, false);
    LoadOptions options;
    options.import.polarity = polarity;
    options.import.lenient = lenient;
    options.import.writer.temporary_folder = temporary_folder();
    options.import.importer = tool_version();
    options.build = build_id();
    options.secret = lists.secret.get();
    if (arguments.cache) options.cache_folder = list_cache_folder();
    WorkLine line;
    options.import.advance = line.as_advance();
    return load_set(path, registry().lists, options);
}

void load_list(LoadedLists& lists, const std::string& path, Polarity polarity, const ScanArguments& arguments) {
    LoadedSet loaded = load(lists, path, polarity, arguments.lenient, arguments);
    lists.records.push_back({loaded.set.identity(), loaded.warnings});
    lists.sets.push_back(std::move(loaded.set));
    for (const std::string& warning : lists.records.back().warnings) print_notice(warning);
}

void warn_of_contradictions(const Rules& rules, const LoadedLists& lists) {
    const auto is_alert = [](const Rule& rule) { return rule.severity == Severity::alert; };
    if (std::none_of(rules.begin(), rules.end(), is_alert))
        print_notice("no rule is of severity alert: a match will not show in the exit code");
    for (const ListRecord& a : lists.records)
        for (const ListRecord& b : lists.records)
            if (a.identity.source_sha256 == b.identity.source_sha256 && a.identity.polarity < b.identity.polarity)
                print_notice(a.identity.name + " is given as notable and as ignorable: what it holds is notable");
}

// From /etc/passwd alone: getpwuid would ask name services through a socket, and this program opens none.
std::string user_name() {
    std::FILE* file = std::fopen("/etc/passwd", "re");
    if (!file) return std::to_string(geteuid());
    const passwd* entry = nullptr;
    do entry = fgetpwent(file);
    while (entry && entry->pw_uid != geteuid());
    const std::string name = entry ? entry->pw_name : std::to_string(geteuid());
    std::fclose(file);
    return name;
}

std::string host_name() {
    char name[256] = "";
    gethostname(name, sizeof name - 1);
    return name;
}

RunRecord describe_run(const Configuration& configuration, const std::string& command) {
    RunRecord run;
    run.tool_version = tool_version();
    run.build_id = build_id();
    run.libraries = library_versions();
    run.hash_engine = engine_in_words(configuration.options.hash_engine);
    run.command = command;
    run.profile = configuration.profile;
    run.configuration_sha256 = configuration.sha256;
    run.started_utc = format_utc(utc_now());
    run.host = host_name();
    run.user = user_name();
    run.threads = thread_count(configuration.options);
    run.algorithms = configuration.options.algorithms;
    run.exclusions = exclusions_in_words(configuration.options);
    return run;
}

std::vector<AuditField> fields_of(const RunRecord& run) {
    return {{"version", run.tool_version},
            {"build", run.build_id},
            {"libraries", run.libraries},
            {"hash_engine", run.hash_engine},
            {"profile", run.profile},
            {"configuration", run.configuration_sha256},
            {"host", run.host},
            {"user", run.user},
            {"threads", run.threads}};
}

void audit_lists(AuditLog& audit, const LoadedLists& lists) {
    for (const ListRecord& list : lists.records)
        audit.record("list", {{"name", list.identity.name},
                              {"sha256", list.identity.source_sha256},
                              {"polarity", to_string(list.identity.polarity)},
                              {"records", list.identity.records_accepted}});
}

// Everything a run needs, of a new case or of one that goes on.
struct Run {
    Configuration configuration;
    std::vector<EvidenceSpec> evidence;
    LoadedLists lists;
    CaseDirectory directory;
    Store store;
    AuditLog audit;
};

std::vector<std::string> paths_of(const std::vector<EvidenceSpec>& evidence) {
    std::vector<std::string> paths;
    for (const EvidenceSpec& spec : evidence)
        for (const Segment& segment : spec.segments) paths.push_back(segment.path);
    return paths;
}

// Two scans may begin within one second.
std::string unused_case_name(const EvidenceSpec& first) {
    const std::string name = default_case_name(first.exhibit.empty() ? first.name : first.exhibit);
    std::string path = name;
    for (int number = 2; std::filesystem::exists(path); ++number) path = name + "-" + std::to_string(number);
    return path;
}

Run begin_new(const ScanArguments& arguments, const std::string& command) {
    Configuration configuration = configuration_of(arguments);
    std::vector<std::string> notices;
    std::vector<EvidenceSpec> evidence = identify_evidence(registry(), evidence_of(arguments), notices);
    for (const std::string& notice : notices) print_notice(notice);
    LoadedLists lists;
    for (const std::string& path : arguments.notable) load_list(lists, path, Polarity::notable, arguments);
    for (const std::string& path : arguments.ignorable) load_list(lists, path, Polarity::ignorable, arguments);
    warn_of_contradictions(configuration.rules, lists);
    check_against_lists(configuration.options, lists.sets);
    configuration.options.algorithms.add(algorithms_of(lists.sets));
    test_digests(configuration.options.algorithms);

    const std::string path = !arguments.out.empty() ? arguments.out : unused_case_name(evidence.front());
    CaseDirectory directory = CaseDirectory::create(path, paths_of(evidence));
    for (const std::string& warning : directory.warnings()) print_notice(warning);
    directory.write_command(command);
    directory.write_config(configuration.resolved_yaml);
    Store store = Store::create(directory.store_path());
    AuditLog audit = AuditLog::create(directory.audit_path());
    const RunRecord run = describe_run(configuration, command);
    audit.record("start", fields_of(run));
    audit_lists(audit, lists);
    store.put_run(run);
    for (std::uint32_t i = 0; i < lists.records.size(); ++i) store.put_list(i, lists.records[i]);
    for (std::uint32_t i = 0; i < evidence.size(); ++i) store.put_evidence(describe(i, evidence[i]));
    store.commit();
    return {std::move(configuration), std::move(evidence), std::move(lists),
            std::move(directory),     std::move(store),    std::move(audit)};
}

// The recorded path, or the file of that name in one of the folders given for moved files.
std::string found_at(const std::string& recorded, const std::vector<std::string>& folders) {
    namespace fs = std::filesystem;
    for (const std::string& folder : folders) {
        const fs::path moved = fs::path(folder) / fs::path(recorded).filename();
        if (fs::exists(moved)) return moved.string();
        if (fs::path(folder).filename() == fs::path(recorded).filename() && fs::is_regular_file(folder)) return folder;
    }
    return recorded;
}

void require_same(const EvidenceSpec& now, const EvidenceRecord& then) {
    const auto same_content_identity = [](const Segment& a, const Segment& b) {
        return a.size == b.size && a.modified == b.modified;  // a moved file has another inode
    };
    if (now.segments.size() == then.segments.size() &&
        std::equal(now.segments.begin(), now.segments.end(), then.segments.begin(), same_content_identity))
        return;
    throw Error(now.segments.front().path, "is not what the case began with: size, time or segments differ",
                "resume with the same evidence, or start a new case");
}

std::vector<EvidenceSpec> evidence_of_case(const std::vector<EvidenceRecord>& records,
                                           const std::vector<std::string>& folders) {
    std::vector<EvidenceSpec> specs;
    std::vector<std::string> notices;
    for (const EvidenceRecord& record : records) {
        const std::string path = found_at(record.segments.front().path, folders);
        EvidenceSpec spec = identify_evidence(registry(), {{record.exhibit, path}}, notices).front();
        spec.name = record.name;
        require_same(spec, record);
        specs.push_back(std::move(spec));
    }
    return specs;
}

LoadedLists lists_of_case(const std::vector<ListRecord>& records, const ScanArguments& arguments) {
    LoadedLists lists;
    for (const ListRecord& record : records) {
        const std::string path = found_at(record.identity.source_path, arguments.list_at);
        // The lenient reading accepts what either reading accepted; the digest proves that it is the same list.
        LoadedSet loaded = load(lists, path, record.identity.polarity, true, arguments);
        if (loaded.set.identity().source_sha256 != record.identity.source_sha256)
            throw Error(path, "is not the list the case began with: its SHA-256 differs");
        lists.records.push_back(record);
        lists.sets.push_back(std::move(loaded.set));
    }
    return lists;
}

// What a sealed case says of itself is read without touching it: a resume that is refused leaves every byte as it was.
Store open_to_look(const CaseDirectory& directory) {
    return Store::is_sealed_at(directory.store_path()) ? Store::open_read_only(directory.store_path())
                                                       : Store::open_for_resume(directory.store_path());
}

Run begin_resumed(const ScanArguments& arguments) {
    CaseDirectory directory = CaseDirectory::open_for_resume(arguments.resume);
    Configuration configuration = parse_resolved(file_text(directory.config_path()));
    std::optional<Store> looked(open_to_look(directory));
    RunRecord run = looked->run();
    if (!run.ended_utc.empty() && !run.is_interrupted)
        throw Error(arguments.resume, "is a finished case; there is nothing to resume");
    if (run.interruption == untrusted_interruption)
        throw Error(arguments.resume, "is not to be gone on with: " + run.interruption,
                    "start a new case, best on another machine");
    std::vector<EvidenceSpec> evidence = evidence_of_case(looked->evidences(), arguments.evidence_at);
    if (evidence.empty())
        throw Error(arguments.resume, "ended before its evidence was recorded; there is nothing to resume",
                    "remove it and start the scan again");
    LoadedLists lists = lists_of_case(looked->lists(), arguments);
    configuration.options.algorithms.add(algorithms_of(lists.sets));
    test_digests(configuration.options.algorithms);
    ScanOptions& options = configuration.options;
    if (arguments.threads > 0) run.threads = options.threads = arguments.threads;
    if (arguments.memory_mib > 0) options.memory_mib = arguments.memory_mib;
    if (!arguments.hash_engine.empty())
        options.hash_engine =
            arguments.hash_engine == to_string(HashEngine::openssl) ? HashEngine::openssl : HashEngine::automatic;
    const std::string engines = std::exchange(run.hash_engine, engine_in_words(options.hash_engine));
    looked.reset();
    directory.set_reports_aside();
    Store store = Store::open_for_resume(directory.store_path());
    AuditLog audit = AuditLog::open_for_append(directory.audit_path());
    ++run.resumed;
    run.is_interrupted = false;
    audit.record("resume", fields_of(run));  // names the engine of this part, the run those of all parts
    run.hash_engine = with_engine(engines, run.hash_engine);
    store.put_run(run);
    store.commit();
    return {std::move(configuration), std::move(evidence), std::move(lists),
            std::move(directory),     std::move(store),    std::move(audit)};
}

std::vector<const ReporterKind*> kinds_of(const std::vector<std::string>& names) {
    std::vector<const ReporterKind*> kinds;
    for (const ReporterKind* kind : registry().reporters)
        if (std::find(names.begin(), names.end(), kind->name) != names.end()) kinds.push_back(kind);
    return kinds;
}

// A protected list needs its key again.
std::string resume_command(const std::string& path, const ScanArguments& arguments) {
    const std::string key = arguments.key.empty() ? "" : " --key " + quoted_for_shell(arguments.key);
    return "triage scan --resume " + quoted_for_shell(path) + key;
}

// Renders, seals, and says what was found. Returns the exit code.
int conclude(Run run, const ScanArguments& arguments) {
    const std::string path = run.directory.path();
    const ReportContext context = make_context(run.store, arguments.show_names);
    const std::uint32_t threads = thread_count(run.configuration.options);
    bool is_reported = true;
    for (const ReportOutcome& outcome : render(run.store, kinds_of(run.configuration.options.reports),
                                               run.directory.reports_path(), arguments.show_names, threads)) {
        if (outcome.failure.empty()) continue;
        print_error("report " + outcome.name + ": " + outcome.failure, "triage report " + path + " renders it again");
        is_reported = false;
    }
    run.audit.record("end", {{"verdict", context.verdict.words()},
                             {"exit_code", static_cast<std::uint64_t>(context.verdict.exit_code())}});
    { const Store closed = std::move(run.store); }
    { const AuditLog closed = std::move(run.audit); }
    const std::string seal = write_manifest(path, context.evidences, context.lists, threads);
    if (arguments.json) std::fputs(file_text(run.directory.reports_path() + "/summary.json").c_str(), stdout);
    else if (!arguments.quiet) std::fputs(terminal_summary(context).c_str(), stdout);
    if (!arguments.quiet && !arguments.json)
        std::fputs(fmt::format("\nCase: {}\nSeal: {}\n", path, seal_in_groups(seal)).c_str(), stdout);
    if (context.run.is_interrupted)
        print_error("interrupted; what is done is kept", "to go on: " + resume_command(path, arguments));
    const int code = context.verdict.exit_code();
    return code == exit_code::success && !is_reported ? exit_code::not_whole : code;
}

int run_scan(const ScanArguments& arguments, const std::string& command) {
    const std::atomic<bool>& stop = stop_on_signals();
    const bool is_resume = !arguments.resume.empty();
    const bool names_more = !arguments.evidence.empty() || !arguments.notable.empty() || !arguments.ignorable.empty() ||
                            !arguments.exhibits.empty() || !arguments.config.empty() || !arguments.profile.empty() ||
                            !arguments.out.empty() || !arguments.reports.empty() || arguments.lenient;
    if (is_resume && names_more)
        throw Error("--resume", "takes evidence, lists, configuration and reports from the case",
                    "use --evidence-at or --list-at where files have moved");
    Run run = is_resume ? begin_resumed(arguments) : begin_new(arguments, command);
    const std::string path = run.directory.path();
    print_notice("writing " + path);
    Progress progress;
    try {
        const ProgressLine line(progress, !arguments.quiet);
        scan({registry(), run.evidence, run.lists.sets, run.configuration.rules, run.configuration.options, path, stop},
             run.store, run.audit, progress);
    } catch (const Error& error) {
        // Whatever ends a scan under way: what was recorded stays, and the case can go on.
        const std::string advice = error.advice().empty() ? "when that is mended" : error.advice() + "; then";
        const bool may_go_on = error.kind() != ErrorKind::untrusted;
        print_error(path + ": " + error.what(),
                    may_go_on ? advice + ": " + resume_command(path, arguments) : error.advice());
        if (progress.matches == 0) return exit_code::interrupted;
        print_notice("files of a notable list were found before that");
        return exit_code::alert;
    }
    return conclude(std::move(run), arguments);
}

}  // namespace

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
    auto* config = scan->add_option("--config", a->config, "Configuration file (YAML)")->type_name("FILE");
    scan->add_option("--profile", a->profile, "Built-in profile (default: default)")
        ->type_name("NAME")
        ->excludes(config);
    scan->add_option("--out", a->out, "Case directory to write (default ./triage-EXHIBIT-TIME)")->type_name("CASE");
    scan->add_option("--report", a->reports, "Reports to write, separated by commas")->type_name("NAMES");
    scan->add_option("--threads", a->threads, "Threads (default: the processors available)")
        ->type_name("N")
        ->check(CLI::Range(1u, 1024u));
    scan->add_option("--memory", a->memory_mib, "Memory in MiB, about (default 512); more entries wait on disk")
        ->type_name("MIB")
        ->check(CLI::Range(64u, 1048576u));
    scan->add_option("--hash-engine", a->hash_engine,
                     "auto: vector kernels where they are faster, checked by OpenSSL; openssl: OpenSSL alone")
        ->type_name("ENGINE")
        ->check(CLI::IsMember({"auto", "openssl"}));
    scan->add_option("--resume", a->resume, "Go on with an interrupted case; needs nothing else")->type_name("CASE");
    each("--evidence-at", a->evidence_at, "FOLDER", "With --resume: where moved evidence is now");
    each("--list-at", a->list_at, "FOLDER", "With --resume: where moved lists are now");
    scan->add_option("--key", a->key, "Opens protected lists: a key file, \"ask\" for a passphrase, or \"fd:N\"")
        ->type_name("KEY");
    scan->add_flag("--cache", a->cache,
                   "Keep compiled lists for the next scan (`triage known cache clear` removes them)");
    scan->add_flag("--lenient", a->lenient, "Accept lists with bad lines; they are counted and reported");
    scan->add_flag("--show-names", a->show_names, "Show names from evidence and labels from lists (escaped)");
    scan->add_flag("--json", a->json, "Print summary.json instead of the summary in words");
    scan->footer(
        "Exit codes: 0 checked, nothing alarming; 1 alert; 2 wrong use; 3 nothing found but the answer is\n"
        "not whole; 4 interrupted with nothing found so far.");
    scan->callback([a, &line] {
        a->quiet = line.is_quiet;
        line.chosen = [a, &line] { return run_scan(*a, line.text); };
    });
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
