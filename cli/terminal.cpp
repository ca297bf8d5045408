// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "engine/base/text.h"

namespace triage {
namespace {

std::atomic<bool> stop_requested{false};  // set by the signal handler
std::atomic<int> stop_signal{0};          // which one it was
bool are_notices_silenced = false;
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

extern "C" void on_signal(int signal) {
    if (stop_requested.exchange(true)) _exit(128 + signal);
    stop_signal = signal;
}

// A file that may not grow further is a write that fails. Not SIG_IGN, which the program of a worker would inherit.
extern "C" void on_limit(int) {}

}  // namespace

void print_error(std::string_view message, std::string_view advice) {
    std::string text = "triage: " + escape_for_terminal(message) + "\n";
    if (!advice.empty()) text += "  " + escape_for_terminal(advice) + "\n";
    std::fputs(text.c_str(), stderr);
}

void print_notice(std::string_view message) {
    if (!are_notices_silenced) print_error(message, {});
}

std::string quoted_for_shell(std::string_view word) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=,:+@%#";
    if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos) return std::string(word);
    std::string text = "'";
    for (char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return text + "'";
}

void silence_notices() { are_notices_silenced = true; }

bool can_redraw(int fd) {
    const char* type = std::getenv("TERM");
    return isatty(fd) && type && *type && std::string_view(type) != "dumb";
}

void WorkLine::show(std::string_view what, std::uint64_t done, std::uint64_t total) {
    if (are_notices_silenced || !can_redraw(STDERR_FILENO)) return;
    const std::string share = total > 0 ? fmt::format("{} %", 100 * std::min(done, total) / total) : with_commas(done);
    std::fputs(fmt::format("\r\x1b[K{}: {}", escape_for_terminal(what), share).c_str(), stderr);
    is_shown_ = true;
}

Advance WorkLine::as_advance() {
    return [this](std::string_view what, std::uint64_t done, std::uint64_t total) { show(what, done, total); };
}

void WorkLine::clear() {
    if (std::exchange(is_shown_, false)) std::fputs("\r\x1b[K", stderr);
}

const std::atomic<bool>& stop_on_signals() {
    struct sigaction action {};
    action.sa_handler = on_signal;
    for (int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
    struct sigaction inherited {};
    sigaction(SIGHUP, nullptr, &inherited);
    if (inherited.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);  // nohup asks to be left running
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, on_limit);
    return stop_requested;
}

std::string stop_signal_name() {
    const int signal = stop_signal;
    return signal == 0 ? std::string{} : sigabbrev_np(signal);
}

}  // namespace triage
