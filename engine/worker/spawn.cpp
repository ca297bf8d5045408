// SPDX-License-Identifier: Apache-2.0
#include "engine/worker/spawn.h"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <string>

#include "engine/base/error.h"

namespace triage {
namespace {

std::string& worker_program() {
    static std::string program = "/proc/self/exe";
    return program;
}

// The three descriptors, moved out of the way of 3, 4 and 5 before they are put there.
struct HighFd {
    explicit HighFd(int low) : fd(UniqueFd(fcntl(low, F_DUPFD_CLOEXEC, 16))) {}
    UniqueFd fd;
};

// Takes the actions.
pid_t start(const std::vector<std::string>& words, posix_spawn_file_actions_t& actions) {
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    // A process group of its own: Ctrl-C on the terminal reaches the parent, which decides.
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);

    std::vector<char*> arguments{const_cast<char*>("triage")};
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    // libtsk turns FAT and ISO 9660 times into seconds by mktime: in UTC they stay what the disk says.
    std::array<char*, 3> environment{const_cast<char*>("TZ=UTC0"), const_cast<char*>("LC_ALL=C.UTF-8"), nullptr};
    pid_t pid = -1;
    const int error =
        posix_spawn(&pid, worker_program().c_str(), &actions, &attributes, arguments.data(), environment.data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw Error("worker", std::strerror(error), "the program could not start a copy of itself");
    return pid;
}

}  // namespace

void UniqueFd::reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

std::pair<UniqueFd, UniqueFd> make_pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw Error("worker", std::strerror(errno));
    fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);  // a hint: fewer switches between worker and parent
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

void set_worker_program(const char* path) { worker_program() = path; }

pid_t spawn_worker(int job_fd, int record_fd, int board_fd, const char* command) {
    const HighFd job(job_fd), record(record_fd), board(board_fd);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, job.fd.get(), 3);
    posix_spawn_file_actions_adddup2(&actions, record.fd.get(), 4);
    posix_spawn_file_actions_adddup2(&actions, board.fd.get(), 5);
    posix_spawn_file_actions_addclosefrom_np(&actions, 6);
    return start({command}, actions);
}

pid_t spawn_self(const std::vector<std::string>& words, int input, int output, int errors) {
    const HighFd in(input), out(output), err(errors);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in.fd.get(), 0);
    posix_spawn_file_actions_adddup2(&actions, out.fd.get(), 1);
    posix_spawn_file_actions_adddup2(&actions, err.fd.get(), 2);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    return start(words, actions);
}

}  // namespace triage
