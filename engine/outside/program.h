// SPDX-License-Identifier: Apache-2.0
// The parent's side of the program of the report `exec`: starts it, writes to its standard input, waits for it no
// longer than it is allowed, and says how it ended. One thread at a time, started by the one that lives longest.
// Whatever the program does, each call returns or throws std::exception with the reason.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>

#include "engine/report/report_options.h"
#include "engine/worker/spawn.h"

namespace triage {

class Program {
  public:
    // Its standard output and standard error are written to the two files.
    Program(const ExecOptions& options, int output, int errors);
    ~Program();  // ends it, and what it has started
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    void send(std::string_view text);
    void await_end();  // after the last text

  private:
    class Waiting;
    void end();
    int await_status();
    [[noreturn]] void fail(const std::string& why);
    std::string cause_of(int status) const;

    const ExecOptions options_;
    const int output_, errors_;  // borrowed
    UniqueFd input_;
    pid_t pid_ = -1;
    std::chrono::steady_clock::duration waited_{};
};

inline constexpr const char* program_worker = "program-worker";  // the word that starts it

// In the process to be: gives up writing elsewhere, runs the program, ends what that left behind, and then as that
// ended. `words`: the limit of a file in MiB, the program, its arguments, null.
[[noreturn]] void become_program(char** words);

}  // namespace triage
