// SPDX-License-Identifier: Apache-2.0
#include "engine/worker/silence.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <string>

namespace triage {
namespace {

// Looks come each 0.1 s. A longer gap is one in which the looking process was itself stopped or starved.
constexpr double most_between_looks = 0.5;

// Field 3 of /proc/PID/stat, after the name in brackets (proc(5)).
char state_letter(pid_t process) {
    std::ifstream stat(fmt::format("/proc/{}/stat", process));
    std::string line;
    std::getline(stat, line);
    const std::size_t after_name = line.rfind(") ");
    return after_name == std::string::npos || after_name + 2 >= line.size() ? '?' : line[after_name + 2];
}

}  // namespace

ProcessState state_of(pid_t process) {
    ProcessState state;
    clockid_t clock{};
    timespec used{};
    if (clock_getcpuclockid(process, &clock) == 0 && clock_gettime(clock, &used) == 0)
        state.cpu_seconds = static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
    state.is_asleep = state_letter(process) == 'S';
    return state;
}

void Silence::end() { *this = {}; }

void Silence::look(const ProcessState& now, Time at) {
    if (last_) {
        const double passed = std::chrono::duration<double>(at - last_->at).count();
        const double counted = std::clamp(passed, 0.0, most_between_looks);
        const double used = std::max(0.0, now.cpu_seconds - last_->state.cpu_seconds);
        seconds_ += counted;
        busy_seconds_ += used;
        const bool slept_on = now.is_asleep && last_->state.is_asleep && used == 0;
        asleep_seconds_ = slept_on ? asleep_seconds_ + counted : 0;
    }
    last_ = {now, at};
}

}  // namespace triage
