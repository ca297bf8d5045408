// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <filesystem>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"
#include "engine/base/error.h"
#include "engine/case/manifest.h"

namespace triage {

void add_verify(CLI::App& app, CommandLine& line) {
    auto path = std::make_shared<std::string>();
    CLI::App* verify = app.add_subcommand("verify", "Check that a case is as it was sealed");
    verify->add_option("case", *path, "Case directory")->required();
    verify->footer("An unsigned case shows accidental change only. Exit codes: 0 intact, 2 wrong use, 3 broken.");
    verify->callback([path, &line] {
        line.chosen = [path] {
            if (!std::filesystem::is_directory(*path)) throw Error(*path, "is no case directory");
            const std::vector<std::string> broken = verify_case(*path);
            for (const std::string& sentence : broken) print_error(*path + ": " + sentence, {});
            if (!broken.empty()) return exit_code::not_whole;
            std::puts("intact: every file is as it was sealed (unsigned: shows accidental change only)");
            return exit_code::success;
        };
    });
}

}  // namespace triage
