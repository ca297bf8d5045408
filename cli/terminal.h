// SPDX-License-Identifier: Apache-2.0
// What the program says on a terminal: messages to standard error, results to standard output. Names from evidence
// never pass here unless the user asked for them, and then escaped.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "engine/base/advance.h"

namespace triage {

// "triage: WHAT: WHY" and, on a line of its own, what to do.
void print_error(std::string_view message, std::string_view advice);
void print_notice(std::string_view message);  // "triage: ..." on standard error; nothing after silence_notices()
std::string quoted_for_shell(std::string_view word);  // as a shell would take it again
void silence_notices();                               // --quiet: said once, before any thread starts

// Is it a terminal on which text can be drawn over? Not one that calls itself "dumb", nor one that tells nothing.
bool can_redraw(int fd);

// A line about work on lists and sets, renewed on a terminal and absent elsewhere: what it is, and the share done.
class WorkLine {
  public:
    WorkLine() = default;
    ~WorkLine() { clear(); }  // an error that ends the work begins on a line of its own
    WorkLine(const WorkLine&) = delete;
    WorkLine& operator=(const WorkLine&) = delete;
    void show(std::string_view what, std::uint64_t done, std::uint64_t total);
    void clear();
    Advance as_advance();  // for the engine; the line must outlive it

  private:
    bool is_shown_ = false;
};

// From SIGINT, SIGTERM and SIGHUP: the first asks the run to stop, a second one ends the program at once.
// The flag lives as long as the program. SIGPIPE is ignored from then on.
const std::atomic<bool>& stop_on_signals();
std::string stop_signal_name();  // "INT"; empty when none came

}  // namespace triage
