// SPDX-License-Identifier: Apache-2.0
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>

#include "engine/outside/program.h"
#include "engine/outside/run_to_last.h"
#include "engine/worker/sandbox.h"

namespace triage {

namespace {

constexpr int cannot_start = 127;

int start_program(char** words) {
    if (chdir("/") != 0) return cannot_start;
    std::array<char*, 4> environment{const_cast<char*>("PATH=/usr/local/bin:/usr/bin:/bin"),
                                     const_cast<char*>("LC_ALL=C.UTF-8"), const_cast<char*>("TZ=UTC0"), nullptr};
    execve(words[0], words, environment.data());
    const std::string why = std::string("cannot be started: ") + strerror(errno) + "\n";
    [[maybe_unused]] const ssize_t said = ::write(STDERR_FILENO, why.data(), why.size());
    return cannot_start;
}

}  // namespace

// The parent's handlers are gone with it, what it ignores is not. The two files may also be opened again by their
// descriptors, /dev/stdout and /dev/stderr.
void become_program(char** words) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    for (int signal = 1; signal < NSIG; ++signal) std::signal(signal, SIG_DFL);
    const rlim_t limit = static_cast<rlim_t>(std::strtoul(words[0], nullptr, 10)) << 20;
    const rlimit file_size{limit, limit};
    setrlimit(RLIMIT_FSIZE, &file_size);
    confine_writing({"/proc/self/fd/1", "/proc/self/fd/2"});
    end_as(run_to_last([words] { return start_program(words + 1); }));
}

}  // namespace triage
