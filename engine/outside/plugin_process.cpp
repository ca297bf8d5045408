// SPDX-License-Identifier: Apache-2.0
#include "engine/outside/plugin_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>

#include "engine/base/error.h"
#include "engine/outside/serve_plugin.h"

namespace triage {
namespace {

using Steady = std::chrono::steady_clock;

// That pass by the clock alone, where the machine gives a plug-in no processor or its write to a disk does not return:
// as many times what it may work or sleep, and as much at least.
constexpr std::uint32_t clock_factor = 4, least_clock_seconds = 120;

// Sealed: a plug-in that cut its mapping short would end the parent at the next look (SIGBUS).
PluginBoard* map_board(int fd) {
    if (ftruncate(fd, sizeof(PluginBoard)) != 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        throw Error("plug-in", "no memory for its mapping");
    void* memory = mmap(nullptr, sizeof(PluginBoard), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) throw Error("plug-in", "no memory for its mapping");
    return static_cast<PluginBoard*>(memory);
}

// The plug-in can write what it likes there, also no 0.
template <std::size_t N>
std::string text_at(const std::array<char, N>& place) {
    return {place.data(), strnlen(place.data(), N)};
}

// A socket and not a pipe: a reader that has gone is an error then, and no signal.
std::pair<UniqueFd, UniqueFd> make_socket_pair() {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw Error("plug-in", std::strerror(errno));
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::string framed(ByteView bytes) {
    const auto size = static_cast<std::uint32_t>(bytes.size());
    std::string text(reinterpret_cast<const char*>(&size), sizeof size);
    return text.append(as_text(bytes));
}

}  // namespace

PluginProcess::PluginProcess(const PluginFile& plugin, const PluginOptions& options, int output)
    : options_(options),
      path_(plugin.path),
      board_fd_(memfd_create("triage-plugin", MFD_CLOEXEC | MFD_ALLOW_SEALING)),
      board_(map_board(board_fd_.get())) {
    auto [rows_in, rows_out] = make_socket_pair();
    rows_ = std::move(rows_out);
    pid_ = spawn_worker(rows_in.get(), output, board_fd_.get(), plugin_worker);
    rows_in.reset();
    try {
        const std::uint64_t limit = std::uint64_t{options.output_mib} << 20;
        send(framed(plugin.bytes));
        send(framed(std::as_bytes(std::span(&limit, 1))));
        await(PluginBoard::loaded);
    } catch (...) {
        end();
        throw;
    }
}

PluginProcess::~PluginProcess() { end(); }

void PluginProcess::end() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
    }
    if (board_) munmap(std::exchange(board_, nullptr), sizeof(PluginBoard));
}

void PluginProcess::send(std::string_view frames) {
    while (!frames.empty()) {
        const ssize_t n = ::send(rows_.get(), frames.data(), frames.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            frames.remove_prefix(static_cast<std::size_t>(n));
            silence_.end();
        } else if (n < 0 && errno == EAGAIN) {
            pollfd room{rows_.get(), POLLOUT, 0};
            poll(&room, 1, 100);
            check_clock();
        } else if (errno != EINTR) {
            fail_with_cause();
        }
    }
}

void PluginProcess::await_end() {
    await(PluginBoard::done);
    int status = 0;
    while (waitpid(pid_, &status, WNOHANG) == 0) {  // its destructors run yet, and may hang
        check_clock();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    pid_ = -1;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail(cause_of(status));
}

void PluginProcess::await(std::uint32_t state) {
    while (board_->state.load() != state) {
        siginfo_t ended{};
        if (waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == pid_) {
            if (board_->state.load() == state) return;
            fail_with_cause();
        }
        check_clock();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

void PluginProcess::check_clock() {
    const std::uint64_t steps = board_->steps.load(std::memory_order_relaxed);
    if (std::exchange(last_steps_, steps) != steps) silence_.end();
    silence_.look(state_of(pid_), Steady::now());
    const std::uint32_t most = std::max(clock_factor * options_.seconds, least_clock_seconds);
    if (std::max(silence_.busy_seconds(), silence_.asleep_seconds()) >= options_.seconds)
        end_for_silence(options_.seconds, " (reports.plugin.seconds)");
    if (silence_.seconds() >= most) end_for_silence(most, "");
}

void PluginProcess::end_for_silence(std::uint32_t seconds, const char* key) {
    ::kill(pid_, SIGKILL);
    fail(fmt::format("no progress for {} s{}: ended", seconds, key));
}

// It has gone, or is about to: it closed its end of the pipe.
void PluginProcess::fail_with_cause() {
    int status = 0;
    while (waitpid(pid_, &status, WNOHANG) == 0) {
        check_clock();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    pid_ = -1;
    fail(cause_of(status));
}

void PluginProcess::fail(const std::string& why) const { throw Error("plug-in " + path_, why); }

std::string PluginProcess::cause_of(int status) const {
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)
        return fmt::format("its report went beyond {} MiB (reports.plugin.output_mib)", options_.output_mib);
    if (WIFSIGNALED(status))
        return fmt::format("ended by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
    if (board_->state.load() == PluginBoard::failed) return text_at(board_->reason);
    return fmt::format("ended before its report was whole (exit code {})", WEXITSTATUS(status));
}

std::string PluginProcess::sandbox() const { return text_at(board_->sandbox); }
std::string PluginProcess::describes() const { return text_at(board_->describes); }

}  // namespace triage
