// SPDX-License-Identifier: Apache-2.0
// The stop of one run, and why. Whoever started it may stop it, its deadline, or the run itself; its own end stops
// nothing else of the process. Thread-safe; a thread of its own watches the caller's stop and the clock.
#pragma once

#include <atomic>
#include <chrono>
#include <ctime>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/time.h"

namespace triage {

class RunStop {
  public:
    using Clock = std::chrono::steady_clock;
    RunStop(const std::atomic<bool>& callers, std::optional<Clock::time_point> deadline)
        : flag_(callers.load()),
          watch_([this, &callers, deadline](const std::stop_token& end) { watch(callers, deadline, end); }) {}

    const std::atomic<bool>& flag() const { return flag_; }
    // By the run itself. What stopped it first is the cause.
    void stop(const std::string& cause) {
        const std::lock_guard lock(mutex_);
        if (!flag_.exchange(true)) cause_ = cause;
    }
    // "stopped by a signal", "stopped by its time limit", or what `stop` was given.
    std::string cause() const {
        const std::lock_guard lock(mutex_);
        return cause_;
    }

    // When this program did not run for two seconds or more: stopped, starved, or on a machine that slept.
    struct Pause {
        Timestamp end;
        double seconds = 0;
    };
    // Those that were not taken before.
    std::vector<Pause> take_pauses() {
        const std::lock_guard lock(mutex_);
        return std::exchange(pauses_, {});
    }

  private:
    static double boot_seconds() {
        timespec now{};
        clock_gettime(CLOCK_BOOTTIME, &now);
        return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
    }
    void note_pause(double& last) {
        const double now = boot_seconds(), gone = now - std::exchange(last, now);
        constexpr double least = 2;
        if (gone < least) return;
        const std::lock_guard lock(mutex_);
        pauses_.push_back({utc_now(), gone});
    }
    void watch(const std::atomic<bool>& callers, std::optional<Clock::time_point> deadline,
               const std::stop_token& end) {
        for (double last = boot_seconds(); !end.stop_requested() && !flag_; note_pause(last)) {
            if (callers.load(std::memory_order_relaxed)) return stop("stopped by a signal");
            if (deadline && Clock::now() >= *deadline) return stop("stopped by its time limit");
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }

    std::atomic<bool> flag_;
    mutable std::mutex mutex_;  // protects what follows
    std::string cause_ = "stopped by a signal";
    std::vector<Pause> pauses_;
    std::jthread watch_;  // last: it uses the others
};

}  // namespace triage
