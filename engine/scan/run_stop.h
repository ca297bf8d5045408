// SPDX-License-Identifier: Apache-2.0
// The stop of one run that may end itself. Whoever started it may stop it too; its own end stops nothing else of the
// process. Thread-safe; a thread of its own hands the caller's stop on.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace triage {

class RunStop {
  public:
    explicit RunStop(const std::atomic<bool>& callers)
        : flag_(callers.load()), relay_([this, &callers](const std::stop_token& end) { hand_on(callers, end); }) {}

    std::atomic<bool>& flag() { return flag_; }

  private:
    void hand_on(const std::atomic<bool>& callers, const std::stop_token& end) {
        std::unique_lock lock(mutex_);
        while (!end.stop_requested()) {
            if (callers.load(std::memory_order_relaxed)) flag_ = true;
            wake_.wait_for(lock, end, std::chrono::milliseconds(5), [] { return false; });
        }
    }

    std::atomic<bool> flag_;
    std::mutex mutex_;  // of nothing: what `wake_` waits with
    std::condition_variable_any wake_;
    std::jthread relay_;  // last: it uses the others
};

}  // namespace triage
