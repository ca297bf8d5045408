// SPDX-License-Identifier: Apache-2.0
#include "engine/outside/run_to_last.h"

#include <dirent.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace triage {
namespace {

// proc(5): the name, in parentheses, may hold any character; the state and the parent follow it.
pid_t parent_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const std::size_t name_end = text.rfind(") ");
    return name_end == std::string::npos ? -1 : std::atoi(text.c_str() + name_end + 4);
}

// Not every kernel is built with the list of children in /proc/PID/task: each process is asked for its parent. A child
// stays there until this process waits for it, so that none is missed and no other gets its number.
std::vector<pid_t> children() {
    std::vector<pid_t> found;
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc"), closedir);
    while (const dirent* entry = folder ? readdir(folder.get()) : nullptr)
        if (const pid_t pid = std::atoi(entry->d_name); pid > 0 && parent_of(pid) == getpid()) found.push_back(pid);
    return found;
}

// Whose parent ends becomes a child of this process, so that the next round ends it.
void end_children() {
    do {
        for (const pid_t pid : children()) ::kill(pid, SIGKILL);
    } while (waitpid(-1, nullptr, 0) > 0 || errno == EINTR);
}

sigset_t awaited_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    return set;
}

[[noreturn]] void become(const std::function<int()>& program, const sigset_t& mask) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    sigprocmask(SIG_SETMASK, &mask, nullptr);
    _exit(program());
}

// Waits also for what others left to this process. Returns false when `pid` has not ended.
bool has_ended(pid_t pid, int& status) {
    int one = 0;
    for (pid_t ended; (ended = waitpid(-1, &one, WNOHANG)) > 0;)
        if (ended == pid) return status = one, true;
    return false;
}

}  // namespace

int run_to_last(const std::function<int()>& program) {
    const sigset_t awaited = awaited_signals();
    sigset_t before;
    sigprocmask(SIG_BLOCK, &awaited, &before);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    const pid_t pid = fork();
    if (pid == 0) become(program, before);
    close(STDIN_FILENO);  // who writes there sees when the program has closed it
    int status = pid < 0 ? W_EXITCODE(127, 0) : SIGTERM;
    for (int signal = 0; pid > 0 && signal != SIGTERM && !has_ended(pid, status);) sigwait(&awaited, &signal);
    end_children();
    return status;
}

void end_as(int status) {
    if (WIFEXITED(status)) _exit(WEXITSTATUS(status));
    std::signal(WTERMSIG(status), SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    raise(WTERMSIG(status));
    _exit(128 + WTERMSIG(status));
}

}  // namespace triage
