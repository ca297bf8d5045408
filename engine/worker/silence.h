// SPDX-License-Identifier: Apache-2.0
// How long a process has given no sign of life, by clocks that a starved machine does not spend: a process that waits
// for a processor is neither busy nor asleep. One thread uses it; it never fails.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>

namespace triage {

struct ProcessState {
    double cpu_seconds = 0;  // that it has used
    bool is_asleep = false;  // waits for an event: not runnable, not stopped, not in uninterruptible disk sleep
};
// Of a child that has not been waited for. One that cannot be looked at is awake and uses no processor.
ProcessState state_of(pid_t process);

class Silence {
  public:
    using Time = std::chrono::steady_clock::time_point;

    void end();  // a sign of life: the next look begins at zero
    void look(const ProcessState& now, Time at);

    double busy_seconds() const { return busy_seconds_; }      // processor time
    double asleep_seconds() const { return asleep_seconds_; }  // in one piece, without any processor time
    double seconds() const { return seconds_; }                // by the clock, while looks were frequent

  private:
    struct Look {
        ProcessState state;
        Time at;
    };
    std::optional<Look> last_;
    double busy_seconds_ = 0, asleep_seconds_ = 0, seconds_ = 0;
};

}  // namespace triage
