// SPDX-License-Identifier: Apache-2.0
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "cli/case_info.h"
#include "cli/command.h"
#include "cli/devices.h"
#include "cli/scan_run.h"
#include "cli/terminal.h"
#include "cli/types.h"
#include "cli/versions.h"
#include "engine/outside/plugin_reports.h"
#include "engine/outside/program_file.h"
#include "plugins/registry.h"

namespace triage {
namespace {

std::vector<EvidenceArgument> evidence_of(const ScanArguments& arguments) {
    if (arguments.listed) return {*arguments.listed};
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

void warn_of_contradictions(const Rules& rules, const LoadedLists& lists) {
    const auto is_alert = [](const Rule& rule) {
        return rule.severity == Severity::alert && concerns_notable_matches(rule.when);
    };
    if (std::none_of(rules.begin(), rules.end(), is_alert))
        print_notice("no rule of severity alert is for notable matches: a match will not show in the exit code");
    for (const ListRecord& a : lists.records)
        for (const ListRecord& b : lists.records)
            if (a.identity.source_sha256 == b.identity.source_sha256 && a.identity.polarity < b.identity.polarity)
                print_notice(a.identity.name + " is given as notable and as ignorable: what it holds is notable");
}

// A device that is carried about may be lost, and a list with it.
void warn_of_unprotected(const ScanOptions& options, const LoadedLists& lists) {
    for (std::size_t i = 0; options.warn_unprotected && i < lists.sets.size(); ++i)
        if (!lists.sets[i].is_protected())
            print_notice(lists.records[i].identity.name + " is not protected: whoever finds this device can read it");
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
    run.forgets_names = configuration.options.keep_names == KeepNames::findings;
    run.next_steps = configuration.options.next_steps;
    return run;
}

void audit_lists(AuditLog& audit, const LoadedLists& lists) {
    for (const ListRecord& list : lists.records)
        audit.record("list", {{"name", list.identity.name},
                              {"sha256", list.identity.source_sha256},
                              {"polarity", to_string(list.identity.polarity)},
                              {"records", list.identity.records_accepted}});
}

CaseInfo case_info_of(const ScanArguments& arguments, std::vector<EvidenceSpec>& evidence) {
    if (arguments.listed) return resolve_case_info({arguments.listed_info, false}, evidence);
    CaseInfoInput input = read_case_info(arguments.case_info);
    if (input.is_asked) {
        ask_for_case(input);
        ask_for_exhibits(input, evidence);
    }
    return resolve_case_info(input, evidence);
}

// Two scans may begin within one second.
std::string unused_case_name(const EvidenceSpec& first) {
    const std::string name = default_case_name(first.exhibit.empty() ? first.name : first.exhibit);
    std::string path = name;
    for (int number = 2; std::filesystem::exists(path); ++number) path = name + "-" + std::to_string(number);
    return path;
}

}  // namespace

std::vector<std::string> paths_of(const std::vector<EvidenceSpec>& evidence) {
    std::vector<std::string> paths;
    for (const EvidenceSpec& spec : evidence)
        for (const Segment& segment : spec.segments) paths.push_back(segment.path);
    return paths;
}

Configuration configuration_of(const ScanArguments& arguments) {
    ConfigSources sources;
    if (!arguments.profile.empty()) sources.profile = arguments.profile;
    if (!arguments.config.empty()) sources.file = arguments.config;
    sources.available_reports = reporter_names();
    if (arguments.threads) sources.overrides.emplace_back("threads", std::to_string(*arguments.threads));
    if (arguments.memory_mib > 0) sources.overrides.emplace_back("memory_mib", std::to_string(arguments.memory_mib));
    if (arguments.time_seconds)
        sources.overrides.emplace_back("limits.time_seconds", std::to_string(*arguments.time_seconds));
    if (arguments.most_matches)
        sources.overrides.emplace_back("limits.matches", std::to_string(*arguments.most_matches));
    if (!arguments.hash_engine.empty()) sources.overrides.emplace_back("hash.engine", arguments.hash_engine);
    if (arguments.verify_evidence) sources.overrides.emplace_back("evidence.verify", "true");
    if (!arguments.reports.empty()) sources.overrides.emplace_back("reports", as_yaml_list(arguments.reports));
    if (!arguments.redact.empty()) sources.overrides.emplace_back("reports.redact", as_yaml_list(arguments.redact));
    return load_configuration(sources);
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

Run begin_new(const ScanArguments& arguments, const std::string& command, LoadedLists& lists) {
    Configuration configuration = configuration_of(arguments);
    const PluginReports plugins(configuration.options.report_options.plugin);
    plugins.require_all();
    if (names_exec(configuration.options.reports)) open_program(configuration.options.report_options.exec);
    for (const std::string& doubt : check_types(configuration.rules)) print_notice(doubt);
    std::vector<std::string> notices;
    std::vector<EvidenceSpec> evidence = identify_evidence(registry(), evidence_of(arguments), notices);
    for (const std::string& notice : notices) print_notice(notice);
    admit_devices(evidence, arguments);
    const CaseInfo case_info = case_info_of(arguments, evidence);
    lists.deadline = deadline_of(configuration.options, arguments);
    if (lists.records.empty()) load_lists(lists, arguments);
    warn_of_contradictions(configuration.rules, lists);
    warn_of_unprotected(configuration.options, lists);
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
    record_clock(audit);
    audit_plugins(audit, plugins);
    audit_program(audit, configuration.options);
    audit_lists(audit, lists);
    audit_devices(audit, evidence);
    audit_case_info(audit, case_info);
    store.put_run(run);
    store.put_case_info(case_info);
    for (std::uint32_t i = 0; i < lists.records.size(); ++i) store.put_list(i, lists.records[i]);
    for (std::uint32_t i = 0; i < evidence.size(); ++i) store.put_evidence(describe(i, evidence[i]));
    store.commit();
    return {std::move(configuration), std::move(evidence), lists,
            std::move(directory),     std::move(store),    std::move(audit)};
}

}  // namespace triage
