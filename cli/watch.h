// SPDX-License-Identifier: Apache-2.0
// Shows a run while it goes on, from a thread of its own: a screen that renews itself twice a second on a terminal,
// else a plain line every ten seconds, when the phase changes and when something holds the run up; a scan that is over
// sooner prints none. Standard
// error is its own until end().
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "cli/screen.h"

namespace triage {

class LiveStream;

class Watch {
  public:
    // `is_shown`: on standard error; `live` is told every second, and may be null.
    Watch(Progress& progress, Watched watched, const std::atomic<bool>& stop, bool is_shown, LiveStream* live);
    ~Watch() { end(); }
    void end();  // the screen is gone when this returns

  private:
    void run();
    void show_plain(const Snapshot& snapshot);
    void wait_for_next();

    SnapshotTaker taker_;
    LiveStream* const live_;
    const bool draws_, prints_;
    Frame frame_;
    ScreenSize size_;
    double last_plain_ = 0;
    std::optional<Phase> plain_phase_;
    bool was_held_up_ = false;
    std::mutex mutex_;  // protects is_over_
    std::condition_variable ended_;
    bool is_over_ = false;
    std::thread thread_;
};

}  // namespace triage
