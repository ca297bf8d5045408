// SPDX-License-Identifier: Apache-2.0
// One file a command. `add_X` declares its arguments and leaves what to run in `chosen`; main runs it inside the one
// catch and turns its result into the exit code.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

namespace triage {

struct CommandLine {
    std::string text;                // as the user gave it, for the case
    bool is_quiet = false;           // --quiet, which every command takes
    bool has_more_to_write = false;  // after `chosen`: a scan must not confine the process for good
    std::function<int()> chosen;     // the command to run; returns the exit code
};

void add_scan(CLI::App& app, CommandLine& line);
void add_info(CLI::App& app, CommandLine& line);
void add_report(CLI::App& app, CommandLine& line);
void add_keygen(CLI::App& app, CommandLine& line);
void add_verify(CLI::App& app, CommandLine& line);
void add_config(CLI::App& app, CommandLine& line);
void add_known(CLI::App& app, CommandLine& line);
void add_plugins(CLI::App& app, CommandLine& line);
void add_selftest(CLI::App& app, CommandLine& line);

// "text,jsonl" → names; an unknown one throws Error. Empty pieces are ignored.
std::vector<std::string> split_names(const std::string& list);
std::string as_yaml_list(const std::string& names);  // "a,b" → "[a, b]"

}  // namespace triage
