// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "engine/base/text.h"
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
    add_rows(rows, "list", registry().lists);
    add_rows(rows, "report", registry().reporters);
    return rows;
}

}  // namespace

void add_plugins(CLI::App& app, CommandLine& line) {
    auto json = std::make_shared<bool>(false);
    CLI::App* plugins = app.add_subcommand("plugins", "List what this build reads and writes");
    plugins->add_flag("--json", *json, "One JSON object a line");
    plugins->callback([json, &line] {
        line.chosen = [json] {
            for (const Row& row : all_rows()) {
                const std::string text = *json ? fmt::format("{{\"kind\":\"{}\",\"name\":\"{}\",\"describes\":{}}}\n",
                                                             row.kind, row.name, to_json_string(row.describes))
                                               : fmt::format("{:<11} {:<9} {}\n", row.kind, row.name, row.describes);
                std::fputs(text.c_str(), stdout);
            }
            return exit_code::success;
        };
    });
}

}  // namespace triage
