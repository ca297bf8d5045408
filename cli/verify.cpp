// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/case/manifest.h"

namespace triage {
namespace {

std::string in_json(const std::string& path, const std::vector<std::string>& broken) {
    std::string sentences;
    for (const std::string& sentence : broken) sentences += (sentences.empty() ? "" : ",") + to_json_string(sentence);
    return fmt::format("{{\"case\":{},\"intact\":{},\"broken\":[{}]}}", to_json_string(path), broken.empty(),
                       sentences);
}

}  // namespace

void add_verify(CLI::App& app, CommandLine& line) {
    auto path = std::make_shared<std::string>();
    auto json = std::make_shared<bool>(false);
    CLI::App* verify = app.add_subcommand("verify", "Check that a case is as it was sealed");
    verify->add_option("case", *path, "Case directory")->required();
    verify->add_flag("--json", *json, "One JSON object: the case, whether it is intact, what is broken");
    verify->footer("An unsigned case shows accidental change only. Exit codes: 0 intact, 2 wrong use, 3 broken.");
    verify->callback([path, json, &line] {
        line.chosen = [path, json] {
            if (!std::filesystem::is_directory(*path)) throw Error(*path, "is no case directory");
            const std::vector<std::string> broken = verify_case(*path);
            const int code = broken.empty() ? exit_code::success : exit_code::not_whole;
            if (*json) return std::puts(in_json(*path, broken).c_str()), code;
            for (const std::string& sentence : broken) print_error(*path + ": " + sentence, {});
            if (broken.empty())
                std::puts("intact: every file is as it was sealed (unsigned: shows accidental change only)");
            return code;
        };
    });
}

}  // namespace triage
