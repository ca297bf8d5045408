// SPDX-License-Identifier: Apache-2.0
#include "cli/watch.h"

#include <fmt/format.h>
#include <unistd.h>

#include "cli/live.h"
#include "cli/terminal.h"

namespace triage {
namespace {

using namespace std::chrono_literals;
constexpr auto between_draws = 500ms, between_looks_at_size = 50ms;
constexpr double between_plain_lines = 10, between_live_lines = 1;

}  // namespace

Watch::Watch(Progress& progress, Watched watched, const std::atomic<bool>& stop, bool is_shown, LiveStream* live)
    : taker_(progress, std::move(watched), stop),
      live_(live),
      draws_(is_shown && can_redraw(STDERR_FILENO)),
      prints_(is_shown && !draws_),
      frame_(stderr) {
    if (is_shown || live) thread_ = std::thread([this] { run(); });
}

void Watch::end() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        is_over_ = true;
    }
    ended_.notify_all();
    thread_.join();
    if (draws_) frame_.clear(size_of_terminal(STDERR_FILENO));
    if (live_) live_->progress(taker_.take());
}

void Watch::run() {
    double last_live = -between_live_lines;
    while (true) {
        wait_for_next();
        const std::unique_lock lock(mutex_);
        if (is_over_) return;
        const Snapshot snapshot = taker_.take();
        if (draws_) frame_.draw(screen_lines(snapshot, size_), size_);
        if (prints_) show_plain(snapshot);
        if (!live_ || snapshot.seconds - last_live < between_live_lines) continue;
        last_live = snapshot.seconds;
        live_->progress(snapshot);
    }
}

// Until the next draw is due: sooner when the terminal has another size, or the run is over.
void Watch::wait_for_next() {
    const auto due = std::chrono::steady_clock::now() + between_draws;
    std::unique_lock lock(mutex_);
    while (!is_over_ && std::chrono::steady_clock::now() < due) {
        ended_.wait_for(lock, between_looks_at_size);
        if (draws_ && size_of_terminal(STDERR_FILENO) != size_) break;
    }
    size_ = size_of_terminal(STDERR_FILENO);
}

void Watch::show_plain(const Snapshot& snapshot) {
    if (snapshot.seconds < between_plain_lines) return;
    const bool is_due = snapshot.seconds - last_plain_ >= between_plain_lines;
    const bool is_held_up = snapshot.held_up_by.has_value();
    const bool is_new = is_held_up && !was_held_up_;
    was_held_up_ = is_held_up;
    if (!is_due && !is_new && plain_phase_ == snapshot.phase) return;
    last_plain_ = snapshot.seconds, plain_phase_ = snapshot.phase;
    std::fputs(fmt::format("triage: {}\n", plain_line(snapshot)).c_str(), stderr);
}

}  // namespace triage
