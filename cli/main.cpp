// SPDX-License-Identifier: Apache-2.0
// The command table, the one catch, and the exit code.
#include <cstdio>
#include <cstring>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"
#include "cli/versions.h"
#include "engine/base/error.h"
#include "engine/worker/serve.h"
#include "plugins/registry.h"

namespace triage {
namespace {

constexpr auto commands = {add_scan, add_info, add_report, add_verify, add_config, add_plugins};

std::string as_one_line(int count, char** arguments) {
    std::string line;
    for (int i = 0; i < count; ++i) line += (i > 0 ? " " : "") + std::string(arguments[i]);
    return line;
}

int run(int count, char** arguments) {
    CommandLine line;
    line.text = as_one_line(count, arguments);
    CLI::App app(
        "triage: does this image or device hold files from a known-hash list, which, where,\n"
        "and what could not be checked? Evidence is only ever read.");
    app.name("triage");
    app.set_version_flag("--version", version_text());
    app.require_subcommand(1);
    app.footer(
        "Exit codes: 0 checked, nothing alarming; 1 alert; 2 wrong use; 3 nothing found but the answer is\n"
        "not whole; 4 interrupted with nothing found so far.");
    for (const auto add : commands) add(app, line);
    try {
        app.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        // Help and version end with 0 here; everything else is wrong use.
        if (error.get_exit_code() == 0) return app.exit(error);
        print_error(error.what(), "see triage --help");
        return exit_code::usage;
    }
    return line.chosen();
}

}  // namespace
}  // namespace triage

int main(int count, char** arguments) {
    using namespace triage;
    if (count == 2 && std::strcmp(arguments[1], "worker") == 0) return serve_process(registry());
    try {
        return run(count, arguments);
    } catch (const Error& error) {
        print_error(error.what(), error.advice());
        return error.kind() == ErrorKind::interrupted ? exit_code::interrupted : exit_code::usage;
    } catch (const std::exception& error) {
        print_error(std::string("internal error: ") + error.what(), "please report it");
        return exit_code::usage;
    }
}
