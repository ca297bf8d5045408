// SPDX-License-Identifier: Apache-2.0
// Starting our own binary as a worker: posix_spawn with an environment built from scratch (a fork of a parent with a
// large memory costs 100 ms). Thread-safe.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

namespace triage {

// An owned file descriptor.
class UniqueFd {
  public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        if (this != &other) reset(), fd_ = std::exchange(other.fd_, -1);
        return *this;
    }
    ~UniqueFd() { reset(); }
    int get() const { return fd_; }
    void reset();

  private:
    int fd_ = -1;
};

std::pair<UniqueFd, UniqueFd> make_pipe();  // read end, write end; close-on-exec

// Starts `triage worker` with the three descriptors as 3, 4 and 5 and nothing else open. Throws Error.
pid_t spawn_worker(int job_fd, int record_fd, int board_fd, const char* command = "worker");

// Starts `triage WORDS...` with the three descriptors as 0, 1 and 2 and nothing else open. Throws Error.
pid_t spawn_self(const std::vector<std::string>& words, int input, int output, int errors);

// The program to start; by default this program. Set once, before threads exist (tests name the built binary).
void set_worker_program(const char* path);

}  // namespace triage
