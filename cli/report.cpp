// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/signing.h"
#include "cli/terminal.h"
#include "config/config.h"
#include "config/run_facts_file.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/case/case_directory.h"
#include "engine/case/manifest.h"
#include "engine/case/private_file.h"
#include "engine/hash/hasher.h"
#include "engine/outside/plugin_reports.h"
#include "engine/outside/program_file.h"
#include "engine/report/not_examined.h"
#include "engine/report/ranking.h"
#include "engine/report/reporter.h"
#include "engine/report/text_summary.h"
#include "engine/scan/options.h"
#include "engine/worker/sandbox.h"
#include "plugins/registry.h"

namespace triage {
namespace {

struct ReportArguments {
    std::vector<std::string> cases;
    std::string reports = "text", out, config, redact, run_facts;
    bool show_names = false, json = false;
    SignArguments sign;
};

std::vector<const ReporterKind*> kinds_named(const std::vector<std::string>& names, const PluginReports& plugins) {
    std::vector<const ReporterKind*> all = registry().reporters, kinds;
    for (const ReporterKind& kind : plugins.kinds()) all.push_back(&kind);
    for (const std::string& name : names) {
        const auto found = std::find_if(all.begin(), all.end(), [&](const ReporterKind* k) { return k->name == name; });
        if (found == all.end()) throw Error("report " + name, "this build has no such report", "see triage plugins");
        kinds.push_back(*found);
    }
    if (kinds.empty()) throw Error("--report", "names no report", "see triage plugins");
    return kinds;
}

// What the case was made with, unless another file is named.
ReportOptions options_of(const ReportArguments& arguments) {
    ConfigSources sources;
    sources.file = arguments.config.empty() ? arguments.cases.front() + "/config.yaml" : arguments.config;
    const bool lifts = arguments.redact == "nothing";
    if (!arguments.redact.empty())
        sources.overrides.emplace_back("reports.redact", lifts ? "[]" : as_yaml_list(arguments.redact));
    ReportOptions options = load_configuration(sources).options.report_options;
    // Code runs because the command names a file that names it: a case, which others may have made, names none.
    if (arguments.config.empty()) options.plugin = {}, options.exec = {};
    return options;
}

void print_plugins(const PluginReports& plugins, const std::vector<const ReporterKind*>& kinds) {
    for (const LoadedPlugin& plugin : plugins.plugins())
        if (std::any_of(kinds.begin(), kinds.end(), [&](const auto* kind) { return kind->name == plugin.file.report; }))
            print_notice(fmt::format("plug-in {}: SHA-256 {}", plugin.file.path, plugin.file.sha256));
}

// Refuses it before anything is written.
void print_program(const ExecOptions& options) {
    const ProgramFile program = open_program(options);
    print_notice(fmt::format("program {}: SHA-256 {}", program.path, program.sha256));
}

RankedExhibit not_examined_at(const std::string& path) {
    const NotExamined record = read_not_examined(path);
    RankedExhibit exhibit{path, {}, 0, 0, {}, {}, false};
    exhibit.line.exhibit = record.exhibit;
    exhibit.line.evidence = std::filesystem::path(record.path).filename().string();
    exhibit.line.failure = record.why;
    print_error(fmt::format("exhibit {}: not examined: {}", record.exhibit, record.why), {});
    return exhibit;
}

// A folder of cases, as a list of exhibits makes one, stands for all that is in it. One that is named twice is one.
std::vector<std::string> cases_in(const std::vector<std::string>& given) {
    namespace fs = std::filesystem;
    std::vector<std::string> cases;
    std::set<fs::path> seen;
    for (const std::string& path : given) {
        std::vector<std::string> inside;
        std::error_code error;
        if (!fs::exists(path + "/case.sqlite", error))
            for (const fs::directory_entry& entry : fs::directory_iterator(path, error))
                if (is_not_examined_path(entry.path()) || fs::exists(entry.path() / "case.sqlite", error))
                    inside.push_back(entry.path());
        if (inside.empty()) inside = {path};
        std::sort(inside.begin(), inside.end());
        for (const std::string& one : inside) {
            const fs::path real = fs::weakly_canonical(one, error);
            if (error || seen.insert(real).second) cases.push_back(one);
        }
    }
    return cases;
}

// What is not as it was sealed, or no sealed case at all, is a row that says so.
std::vector<RankedExhibit> exhibits_at(const std::string& path) {
    RankedExhibit unranked;
    unranked.case_path = path;
    try {
        if (is_not_examined_path(path)) return {not_examined_at(path)};
        const Store store = Store::open_read_only(path + "/case.sqlite");
        const std::vector<std::string> flaws = verify_case(path);
        if (flaws.empty()) return exhibits_of(path, make_context(store, false));
        unranked.line.failure = flaws.front();
    } catch (const Error& error) {
        unranked.line.failure = error.what();
    }
    print_error(path + ": " + unranked.line.failure, "it is not ranked; see triage verify");
    return {unranked};
}

int run_ranking(const ReportArguments& arguments) {
    if (!arguments.config.empty() || !arguments.redact.empty() || !arguments.run_facts.empty())
        throw Error("--report summary", "has no options and says no names",
                    "leave --config, --redact and --run-facts out");
    if (arguments.out.empty()) throw Error("--report summary", "no folder to write to", "give a new one with --out");
    refuse_inside_case(arguments.out);
    std::vector<RankedExhibit> exhibits;
    for (const std::string& path : cases_in(arguments.cases))
        for (RankedExhibit& exhibit : exhibits_at(path)) exhibits.push_back(std::move(exhibit));
    rank(exhibits);
    make_private_folder(arguments.out);
    confine_writing({arguments.out});
    write_private_file(arguments.out + "/summary.csv", ranking_csv(exhibits));
    write_private_file(arguments.out + "/summary.html", ranking_html(exhibits));
    sync_folder(arguments.out);
    const std::string text = arguments.json
                                 ? fmt::format("{{\"summary\":{}}}\n", to_json_string(arguments.out))
                                 : fmt::format("Summary of {} exhibits: {}\n", exhibits.size(), arguments.out);
    std::fputs(text.c_str(), stdout);
    const bool is_whole = std::all_of(exhibits.begin(), exhibits.end(),
                                      [](const RankedExhibit& exhibit) { return exhibit.line.failure.empty(); });
    return is_whole ? exit_code::success : exit_code::not_whole;
}

int run_report(const ReportArguments& arguments) {
    const bool is_summary = split_names(arguments.reports) == std::vector<std::string>{"summary"};
    if (is_summary && !arguments.sign.key.empty()) throw Error("--sign", "a summary of cases has no manifest to sign");
    if (is_summary) return run_ranking(arguments);
    if (arguments.cases.size() > 1 || !arguments.out.empty())
        throw Error("report", "several cases and --out go with --report summary alone");
    const std::string& path = arguments.cases.front();
    const std::shared_ptr<const SigningKey> signer = read_signing_key(arguments.sign);
    const Store store = Store::open_read_only(path + "/case.sqlite");
    const CaseDirectory directory = CaseDirectory::open_for_render(path);
    confine_writing({path});
    for (const std::string& folder : remove_drafts(path))
        print_notice(path + "/" + folder + " was left of a rendering that did not end: it was removed");
    // What is rendered from a changed store would carry a seal of its own and be believed.
    for (const std::string& sentence : verify_case(path)) {
        print_error(path + ": " + sentence, "nothing is rendered; see triage verify");
        return exit_code::not_whole;
    }
    const ReportOptions options = options_of(arguments);
    std::optional<RunFacts> facts;
    if (!arguments.run_facts.empty()) facts = read_run_facts_file(arguments.run_facts);
    const PluginReports plugins(options.plugin);
    const std::vector<const ReporterKind*> kinds = kinds_named(split_names(arguments.reports), plugins);
    print_plugins(plugins, kinds);
    if (names_exec(split_names(arguments.reports))) print_program(options.exec);
    const std::string folder = next_reports_path(path);
    int code = exit_code::success;
    WorkLine line;
    const std::vector<ReportOutcome> outcomes = render(
        store, kinds, draft_of(folder),
        {arguments.show_names, thread_count({}), options, seal_in_groups(seal_of(path)), line.as_advance(), facts});
    line.clear();
    for (const ReportOutcome& outcome : outcomes) {
        if (outcome.failure.empty()) continue;
        print_error("report " + outcome.name + ": " + outcome.failure, {});
        code = exit_code::not_whole;
    }
    const std::string name = std::filesystem::path(folder).filename().string();
    const std::string seal = write_render_manifest(path, name, thread_count({}), signer.get());
    const auto is_text = [](const ReporterKind* kind) { return kind->name == "text"; };
    if (!arguments.json && std::any_of(kinds.begin(), kinds.end(), is_text))
        std::fputs((terminal_summary(make_context(store, arguments.show_names)) + "\n").c_str(), stdout);
    const std::string text = arguments.json
                                 ? fmt::format("{{\"reports\":{},\"seal\":\"{}\"}}\n", to_json_string(folder), seal)
                                 : fmt::format("Reports: {}\nSeal: {}\n", folder, seal_in_groups(seal));
    std::fputs(text.c_str(), stdout);
    return code;
}

}  // namespace

void add_report(CLI::App& app, CommandLine& line) {
    auto a = std::make_shared<ReportArguments>();
    CLI::App* report = app.add_subcommand("report", "Render the reports of a case again, into a folder of their own");
    report->add_option("case", a->cases, "Case directory; several with --report summary")->required();
    report
        ->add_option("--report", a->reports,
                     "Reports to write, separated by commas (default text), or\n"
                     "summary: the exhibits of all cases by rank, as CSV and HTML")
        ->type_name("NAMES");
    report->add_option("--out", a->out, "With --report summary: a new folder for it")->type_name("FOLDER");
    add_sign_options(*report, a->sign);
    report->add_option("--config", a->config, "Options of the reports from here, not from the case's configuration")
        ->type_name("FILE");
    report
        ->add_option("--redact", a->redact,
                     "What no report says: names, labels, or both by a comma (marked as a disclosure copy),\n"
                     "or nothing; default: as the scan was told")
        ->type_name("WHAT");
    report
        ->add_option("--run-facts", a->run_facts,
                     "Times, host, user, command, threads... are told from here, and the reports say so (YAML)")
        ->type_name("FILE");
    report->add_flag("--show-names", a->show_names, "Show names from evidence and labels from lists (escaped)");
    report->add_flag("--json", a->json, "Print the folder and its seal as one JSON object");
    report->footer("Exit codes: 0 done, 2 wrong use, 3 a report failed or a case is not as it was sealed.");
    report->callback([a, &line] { line.chosen = [a] { return run_report(*a); }; });
}

}  // namespace triage
