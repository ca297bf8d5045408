// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

#include <fmt/format.h>

#include <cstdio>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/types.h"
#include "config/schema.h"
#include "engine/outside/plugin_reports.h"
#include "engine/outside/program_file.h"
#include "plugins/registry.h"

namespace triage {
namespace {

std::vector<std::string> report_names() {
    std::vector<std::string> names;
    for (const ReporterKind* kind : registry().reporters) names.emplace_back(kind->name);
    return names;
}

Configuration load(const std::string& file, const std::string& profile) {
    ConfigSources sources;
    if (!file.empty()) sources.file = file;
    if (!profile.empty()) sources.profile = profile;
    sources.available_reports = report_names();
    return load_configuration(sources);
}

void say_what_is_left_open(const Configuration& configuration) {
    const std::vector<std::string> open = rules_left_open(configuration);
    if (open.empty()) return;
    std::printf("note: entries.size_gate leaves most contents unread, and these rules on whole contents open: %s\n",
                fmt::format("{}", fmt::join(open, ", ")).c_str());
}

}  // namespace

void add_config(CLI::App& app, CommandLine& line) {
    CLI::App* config = app.add_subcommand("config", "Check or show a configuration");
    config->require_subcommand(1);
    auto file = std::make_shared<std::string>(), profile = std::make_shared<std::string>();
    CLI::App* check = config->add_subcommand("check", "Check a configuration file with its rules");
    check->add_option("file", *file, "Configuration file (YAML)")->required();
    check->callback([file, &line] {
        line.chosen = [file] {
            const Configuration configuration = load(*file, {});
            const ScanOptions& options = configuration.options;
            PluginReports(options.report_options.plugin).require_all();
            if (names_exec(options.reports)) open_program(options.report_options.exec);
            const std::vector<std::string> doubts = check_types(configuration.rules);
            std::printf("sound: SHA-256 %s\n", configuration.sha256.c_str());
            say_what_is_left_open(configuration);
            for (const std::string& doubt : doubts) std::printf("note: %s\n", doubt.c_str());
            return exit_code::success;
        };
    });
    CLI::App* show = config->add_subcommand("show", "Print the resolved configuration with the meaning of each key");
    auto* from = show->add_option("--config", *file, "Configuration file (YAML)")->type_name("FILE");
    show->add_option("--profile", *profile, "Built-in profile")->type_name("NAME")->excludes(from);
    auto of_rules = std::make_shared<bool>(false);
    CLI::App* schema = config->add_subcommand("schema", "Print the JSON Schema of configuration files, for editors");
    schema->add_flag("--rules", *of_rules, "Of rule files");
    schema->callback([of_rules, &line] {
        line.chosen = [of_rules] {
            std::fputs((*of_rules ? rule_file_schema() : configuration_schema()).c_str(), stdout);
            return exit_code::success;
        };
    });
    auto json = std::make_shared<bool>(false);
    show->add_flag("--json", *json, "One JSON object, with the configuration's SHA-256");
    show->callback([file, profile, json, &line] {
        line.chosen = [file, profile, json] {
            const Configuration configuration = load(*file, *profile);
            std::fputs((*json ? configuration_as_json(configuration) + "\n" : show_keys(configuration)).c_str(),
                       stdout);
            return exit_code::success;
        };
    });
}

}  // namespace triage
