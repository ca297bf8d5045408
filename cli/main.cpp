// SPDX-License-Identifier: Apache-2.0
// The command table, the one catch, and the exit code.
#include <malloc.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <new>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/last_word.h"
#include "cli/terminal.h"
#include "cli/versions.h"
#include "engine/base/crypto.h"
#include "engine/base/error.h"
#include "engine/outside/program.h"
#include "engine/outside/serve_plugin.h"
#include "engine/worker/serve.h"
#include "plugins/registry.h"

namespace triage {
namespace {

constexpr auto commands = {add_scan,  add_info,   add_report,  add_verify,  add_keygen,
                           add_known, add_config, add_plugins, add_selftest};

constexpr const char* quiet_means = "Print nothing but errors, and what --json or --live ask for";

std::string as_one_line(int count, char** arguments) {
    std::string line;
    for (int i = 0; i < count; ++i) line += (i > 0 ? " " : "") + quoted_for_shell(arguments[i]);
    return line;
}

// What every command takes, and what an unknown word is told.
void finish_command(CLI::App& command, CommandLine& line) {
    command.set_version_flag("--version", version_text(), "Print versions");
    command.add_flag("--quiet", line.is_quiet, quiet_means);
    for (CLI::App* below : command.get_subcommands({})) finish_command(*below, line);
    if (!command.get_footer().empty()) return;
    command.footer("Exit codes: 0 done, 2 wrong use.");
}

void require_known_command(const CLI::App& app, int count, char** arguments) {
    if (count < 2) throw Error("triage", "no command given", "see triage --help");
    const std::string word = arguments[1];
    const auto commands_named =
        app.get_subcommands([&](const CLI::App* command) { return command->get_name() == word; });
    if (word.starts_with('-') || !commands_named.empty()) return;
    throw Error(word, "is no command", "see triage --help");
}

// Was --json or --live given? What was asked for is printed even when nothing else is to be.
bool wants_json(const CLI::App& command) {
    for (const char* name : {"--json", "--live"}) {
        const CLI::Option* option = command.get_option_no_throw(name);
        if (option && option->count() > 0) return true;
    }
    const auto chosen = command.get_subcommands();
    return std::any_of(chosen.begin(), chosen.end(), [](const CLI::App* below) { return wants_json(*below); });
}

// A summary that nobody got is not a success.
int with_output_checked(int code) {
    if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return code;
    print_error("standard output: cannot be written", "the case, where there is one, holds everything");
    return code == exit_code::success ? exit_code::usage : code;
}

int run(int count, char** arguments) {
    set_up_crypto();
    CommandLine line;
    line.text = as_one_line(count, arguments);
    CLI::App app(
        "triage: does this image or device hold files from a known-hash list, which, where,\n"
        "and what could not be checked? Evidence is only ever read.");
    app.name("triage");
    app.set_version_flag("--version", version_text());
    app.add_flag("--quiet", line.is_quiet, quiet_means);
    app.require_subcommand(1);
    for (const auto add : commands) add(app, line);
    for (CLI::App* command : app.get_subcommands({})) finish_command(*command, line);
    app.footer("triage COMMAND --help tells the options and the exit codes of a command.");
    require_known_command(app, count, arguments);
    try {
        app.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        // Help and version end with 0 here; everything else is wrong use.
        if (error.get_exit_code() == 0) return app.exit(error);
        print_error(error.what(), "see triage --help");
        return exit_code::usage;
    }
    if (line.is_quiet) silence_notices();
    if (line.is_quiet && !wants_json(app) && !std::freopen("/dev/null", "w", stdout)) return exit_code::usage;
    return with_output_checked(line.chosen());
}

}  // namespace
}  // namespace triage

int main(int count, char** arguments) {
    using namespace triage;
    ::umask(0077);  // what is written is its owner's alone, and his to read and write
    if (count == 2 && std::strcmp(arguments[1], "worker") == 0) {
        LastWord::become_worker();
        return serve_process(registry());
    }
    if (count == 2 && std::strcmp(arguments[1], plugin_worker) == 0) {
        LastWord::become_worker();
        return serve_plugin_process();
    }
    if (count > 3 && std::strcmp(arguments[1], program_worker) == 0) become_program(arguments + 2);
    // The C library gives each thread a heap of its own, which grows by a page and a call of the system at a time.
    mallopt(M_ARENA_MAX, 1);
    try {
        return run(count, arguments);
    } catch (const Error& error) {
        print_error(error.what(), error.advice());
        return error.kind() == ErrorKind::usage ? exit_code::usage : exit_code::interrupted;
    } catch (const std::bad_alloc&) {
        print_error("out of memory", "a case that was begun goes on with triage scan --resume CASE");
        return exit_code::interrupted;
    } catch (const std::exception& error) {
        print_error(std::string("internal error: ") + error.what(), "please report it");
        return exit_code::interrupted;
    }
}
