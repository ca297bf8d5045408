// SPDX-License-Identifier: Apache-2.0
#include "engine/outside/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>

#include "engine/base/error.h"

namespace triage {
namespace {

using Steady = std::chrono::steady_clock;

// A wait lasts a tenth of a second: in a longer one this process was stopped, by Ctrl-Z or so, and that is no waiting.
constexpr std::chrono::seconds longest_wait_at_once{1};

// A program that has gone is an error of the write then, and no signal, whatever the process does with SIGPIPE.
class NoBrokenPipe {
  public:
    NoBrokenPipe() {
        sigemptyset(&pipe_);
        sigaddset(&pipe_, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    ~NoBrokenPipe() {
        constexpr timespec now{0, 0};
        const int error = errno;
        if (sigismember(&before_, SIGPIPE) == 0)
            while (sigtimedwait(&pipe_, nullptr, &now) > 0) {
            }
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
        errno = error;
    }
    NoBrokenPipe(const NoBrokenPipe&) = delete;
    NoBrokenPipe& operator=(const NoBrokenPipe&) = delete;

  private:
    sigset_t pipe_{}, before_{};
};

ssize_t write_now(int fd, std::string_view text) {
    const NoBrokenPipe guard;
    return ::write(fd, text.data(), text.size());
}

std::uint64_t size_of(int fd) {
    struct stat status {};
    return fstat(fd, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

}  // namespace

// Adds the time of its life to what was waited.
class Program::Waiting {
  public:
    explicit Waiting(Program& program) : program_(program) {
        if (program.waited_ < std::chrono::seconds(program.options_.timeout)) return;
        program.fail(fmt::format("triage waited {} s for it (reports.exec.timeout): ended", program.options_.timeout));
    }
    ~Waiting() { program_.waited_ += std::min<Steady::duration>(Steady::now() - begun_, longest_wait_at_once); }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

  private:
    Program& program_;
    const Steady::time_point begun_ = Steady::now();
};

Program::Program(const ExecOptions& options, int output, int errors)
    : options_(options), output_(output), errors_(errors) {
    auto [read_end, write_end] = make_pipe();
    fcntl(write_end.get(), F_SETFL, O_NONBLOCK);
    input_ = std::move(write_end);
    std::vector<std::string> words{program_worker, fmt::format("{}", options.output_mib)};
    words.insert(words.end(), options.command.begin(), options.command.end());
    pid_ = spawn_self(words, read_end.get(), output, errors);
}

Program::~Program() { end(); }

// Its keeper ends what the program has started. One that does not end in the kernel (a read of a dead disk) is not
// waited for.
void Program::end() {
    if (pid_ <= 0) return;
    constexpr std::chrono::seconds patience{5};
    ::kill(pid_, SIGTERM);
    for (const auto begun = Steady::now(); waitpid(pid_, nullptr, WNOHANG) == 0;) {
        if (Steady::now() - begun > patience) ::kill(pid_, SIGKILL);
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    pid_ = -1;
}

void Program::send(std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = write_now(input_.get(), text);
        if (n > 0) {
            text.remove_prefix(static_cast<std::size_t>(n));
        } else if (n < 0 && errno == EAGAIN) {
            const Waiting waiting(*this);
            pollfd room{input_.get(), POLLOUT, 0};
            poll(&room, 1, 100);
        } else if (errno != EINTR) {
            const int status = await_status();
            const bool ended_well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
            fail(ended_well ? "ended before it had read every row" : cause_of(status));
        }
    }
}

void Program::await_end() {
    input_.reset();
    const int status = await_status();
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail(cause_of(status));
}

int Program::await_status() {
    int status = 0;
    while (waitpid(pid_, &status, WNOHANG) == 0) {
        const Waiting waiting(*this);
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    pid_ = -1;
    return status;
}

void Program::fail(const std::string& why) {
    end();
    throw Error("program " + options_.command.front(),
                why + (size_of(errors_) > 0 ? "; what it said stands in exec.err" : ""));
}

std::string Program::cause_of(int status) const {
    const std::uint64_t limit = std::uint64_t{options_.output_mib} << 20;
    const bool is_ended_for_it = WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ;
    if (is_ended_for_it || size_of(output_) >= limit || size_of(errors_) >= limit)
        return fmt::format("it wrote more than {} MiB (reports.exec.output_mib)", options_.output_mib);
    if (WIFSIGNALED(status))
        return fmt::format("ended by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
    return fmt::format("ended with exit code {}", WEXITSTATUS(status));
}

}  // namespace triage
