// SPDX-License-Identifier: Apache-2.0
// The test program. Started as `triage worker` it is the worker of the tests, with the kinds of
// script_kinds.h; and what becomes the program of a report.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <csignal>
#include <cstring>

#include "engine/outside/program.h"
#include "engine/worker/serve.h"
#include "tests/support/script_kinds.h"

int main(int count, char** arguments) {
    if (count == 2 && std::strcmp(arguments[1], "worker") == 0)
        return triage::serve_process(triage::test::script_registry());
    if (count > 3 && std::strcmp(arguments[1], triage::program_worker) == 0) triage::become_program(arguments + 2);
    std::signal(SIGPIPE, SIG_IGN);  // as the program does: a worker may vanish while it is written to
    doctest::Context context(count, arguments);
    return context.run();
}
