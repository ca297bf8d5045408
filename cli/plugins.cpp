// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "config/config.h"
#include "engine/base/text.h"
#include "engine/outside/plugin_reports.h"
#include "plugins/registry.h"

namespace triage {
namespace {

struct Row {
    std::string_view kind, name, describes;
};

template <class Kinds>
void add_rows(std::vector<Row>& rows, std::string_view kind, const Kinds& kinds) {
    for (const auto* one : kinds) {
        if constexpr (requires { one->name(); }) rows.push_back({kind, one->name(), one->describes()});
        else rows.push_back({kind, one->name, one->describes});
    }
}

std::vector<Row> all_rows() {
    std::vector<Row> rows;
    add_rows(rows, "container", registry().containers);
    add_rows(rows, "volumes", registry().volume_systems);
    add_rows(rows, "filesystem", registry().filesystems);
    add_rows(rows, "types", std::vector{registry().types});
    add_rows(rows, "list", registry().lists);
    add_rows(rows, "report", registry().reporters);
    return rows;
}

void print_row(const Row& row, bool json) {
    const std::string text = json ? fmt::format("{{\"kind\":\"{}\",\"name\":\"{}\",\"describes\":{}}}\n", row.kind,
                                                row.name, to_json_string(row.describes))
                                  : fmt::format("{:<11} {:<9} {}\n", row.kind, row.name, row.describes);
    std::fputs(text.c_str(), stdout);
}

// Those outside the tree that a configuration names. One that would not be used is listed with the reason.
void print_plugin(const LoadedPlugin& plugin, bool json) {
    const PluginFile& file = plugin.file;
    const std::string describes = escape_for_terminal(plugin.describes);
    std::string text;
    if (json)
        text = fmt::format(
            R"({{"kind":"plug-in","name":"{}","describes":{},"path":{},"sha256":"{}","sandbox":{},"failure":{}}})",
            file.report, to_json_string(describes), to_json_string(file.path), file.sha256,
            to_json_string(plugin.sandbox), to_json_string(plugin.failure));
    else if (plugin.failure.empty())
        text = fmt::format("{:<11} {:<9} {} (SHA-256 {})", "plug-in", file.report, describes, file.sha256);
    else text = fmt::format("{:<11} {:<9} refused: {}", "plug-in", file.report, escape_for_terminal(plugin.failure));
    std::puts(text.c_str());
}

int print_all(const std::string& config, bool json) {
    PluginOptions named;
    if (!config.empty()) {
        ConfigSources sources;
        sources.file = config;
        named = load_configuration(sources).options.report_options.plugin;
    }
    const PluginReports outside(named);
    for (const Row& row : all_rows()) print_row(row, json);
    for (const LoadedPlugin& plugin : outside.plugins()) print_plugin(plugin, json);
    return exit_code::success;
}

}  // namespace

void add_plugins(CLI::App& app, CommandLine& line) {
    auto json = std::make_shared<bool>(false);
    auto config = std::make_shared<std::string>();
    CLI::App* plugins = app.add_subcommand("plugins", "List what this build reads and writes");
    plugins->add_option("--config", *config, "Also the plug-ins that this configuration names, with their SHA-256")
        ->type_name("FILE");
    plugins->add_flag("--json", *json, "One JSON object a line");
    plugins->callback([json, config, &line] { line.chosen = [json, config] { return print_all(*config, *json); }; });
}

}  // namespace triage
