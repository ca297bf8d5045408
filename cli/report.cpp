// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/case/case_directory.h"
#include "engine/case/manifest.h"
#include "engine/report/reporter.h"
#include "engine/scan/options.h"
#include "plugins/registry.h"

namespace triage {
namespace {

struct ReportArguments {
    std::string path, reports = "text";
    bool show_names = false, json = false;
};

std::vector<const ReporterKind*> kinds_named(const std::vector<std::string>& names) {
    std::vector<const ReporterKind*> kinds;
    for (const std::string& name : names) {
        const auto& all = registry().reporters;
        const auto found = std::find_if(all.begin(), all.end(), [&](const ReporterKind* k) { return k->name == name; });
        if (found == all.end()) throw Error("report " + name, "this build has no such report", "see triage plugins");
        kinds.push_back(*found);
    }
    if (kinds.empty()) throw Error("--report", "names no report", "see triage plugins");
    return kinds;
}

int run_report(const ReportArguments& arguments) {
    const std::vector<const ReporterKind*> kinds = kinds_named(split_names(arguments.reports));
    const Store store = Store::open_read_only(arguments.path + "/case.sqlite");
    // What is rendered from a changed store would carry a seal of its own and be believed.
    for (const std::string& sentence : verify_case(arguments.path)) {
        print_error(arguments.path + ": " + sentence, "nothing is rendered; see triage verify");
        return exit_code::not_whole;
    }
    const std::string folder = next_reports_path(arguments.path);
    int code = exit_code::success;
    for (const ReportOutcome& outcome : render(store, kinds, folder, arguments.show_names, thread_count({}))) {
        if (outcome.failure.empty()) continue;
        print_error("report " + outcome.name + ": " + outcome.failure, {});
        code = exit_code::not_whole;
    }
    const std::string name = std::filesystem::path(folder).filename().string();
    const std::string seal = write_render_manifest(arguments.path, name, thread_count({}));
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
    report->add_option("case", a->path, "Case directory")->required();
    report->add_option("--report", a->reports, "Reports to write, separated by commas (default text)")
        ->type_name("NAMES");
    report->add_flag("--show-names", a->show_names, "Show names from evidence and labels from lists (escaped)");
    report->add_flag("--json", a->json, "Print the folder and its seal as one JSON object");
    report->footer("Exit codes: 0 done, 2 wrong use, 3 a report failed or the case is not as it was sealed.");
    report->callback([a, &line] { line.chosen = [a] { return run_report(*a); }; });
}

}  // namespace triage
