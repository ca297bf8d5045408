// SPDX-License-Identifier: Apache-2.0
// Nothing that a program starts outlives it: this process stands in for its parents that have gone, and ends what is
// left, wherever it hid (setsid, a second fork). For a process of one thread that does nothing else.
#pragma once

#include <functional>

namespace triage {

// Runs `program`, which returns an exit code or becomes another program, in a child in a process group of its own.
// Returns how that ended, as wait(2) tells it, when it and all that it started have ended. SIGTERM ends them before.
int run_to_last(const std::function<int()>& program);

// Ends this process as the other ended.
[[noreturn]] void end_as(int status);

}  // namespace triage
