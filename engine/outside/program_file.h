// SPDX-License-Identifier: Apache-2.0
// The program of the report `exec`, as the configuration names it: who may change it was asked of the opened file and
// of each opened folder above it. Throws Error (usage) that says what is wrong.
#pragma once

#include <string>
#include <vector>

#include "engine/report/report_options.h"

namespace triage {

inline constexpr const char* exec_report = "exec";

struct ProgramFile {
    std::string path;
    std::string sha256;  // of its file, hex
};

ProgramFile open_program(const ExecOptions& options);

bool names_exec(const std::vector<std::string>& reports);

}  // namespace triage
