// SPDX-License-Identifier: Apache-2.0
// The clocks of a process that gives no sign of life: a machine without a processor for it spends none of them but one.
#include "engine/worker/silence.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <thread>
#include <vector>

using namespace triage;
using namespace std::chrono_literals;

namespace {

Silence after(const std::vector<ProcessState>& looks, std::chrono::milliseconds apart = 100ms) {
    Silence silence;
    Silence::Time at{};
    for (const ProcessState& state : looks) silence.look(state, at += apart);
    return silence;
}

// A child that never executes anything of ours but what it is told by signals.
struct SleepingChild {
    pid_t pid = fork();
    SleepingChild() {
        if (pid == 0)
            for (;;) pause();
    }
    ~SleepingChild() {
        kill(pid, SIGKILL);
        while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    bool is_asleep(bool wanted) const {  // within a while: a signal takes its time
        for (int i = 0; i < 200 && state_of(pid).is_asleep != wanted; ++i) std::this_thread::sleep_for(10ms);
        return state_of(pid).is_asleep;
    }
};

}  // namespace

TEST_CASE("a process that waits for a processor is neither busy nor asleep") {
    const Silence starved = after(std::vector<ProcessState>(101, {7, false}));
    CHECK(starved.busy_seconds() == 0);
    CHECK(starved.asleep_seconds() == 0);
    CHECK(starved.seconds() == doctest::Approx(10));
}

TEST_CASE("a process is as busy as the processor time that it used between the looks") {
    CHECK(after({{7, false}, {7.5, false}, {9, true}}).busy_seconds() == doctest::Approx(2));
}

TEST_CASE("sleep counts in one piece: who was awake or worked between two looks begins anew") {
    CHECK(after({{1, true}, {1, true}, {1, true}}).asleep_seconds() == doctest::Approx(0.2));
    CHECK(after({{1, true}, {1, true}, {1, false}, {1, true}, {1, true}}).asleep_seconds() == doctest::Approx(0.1));
    CHECK(after({{1, true}, {1, true}, {1.01, true}}).asleep_seconds() == 0);
}

TEST_CASE("while the looking process was stopped itself, next to nothing counts") {
    const Silence silence = after({{1, true}, {1, true}}, 3600s);
    CHECK(silence.asleep_seconds() == doctest::Approx(0.5));
    CHECK(silence.seconds() == doctest::Approx(0.5));
}

TEST_CASE("a sign of life ends the silence") {
    Silence silence = after({{1, true}, {2, true}});
    silence.end();
    CHECK(silence.busy_seconds() == 0);
    CHECK(silence.seconds() == 0);
    silence.look({9, true}, Silence::Time{});
    CHECK(silence.busy_seconds() == 0);
}

TEST_CASE("a child that waits for a signal is asleep, one that was stopped is not, nor one that is gone") {
    const SleepingChild child;
    CHECK(child.is_asleep(true));
    kill(child.pid, SIGSTOP);
    CHECK_FALSE(child.is_asleep(false));
    kill(child.pid, SIGCONT);
    CHECK(child.is_asleep(true));
    CHECK_FALSE(state_of(-1).is_asleep);
}

TEST_CASE("the processor time of a process is told") {
    const double before = state_of(getpid()).cpu_seconds;
    for (const auto begin = std::chrono::steady_clock::now(); std::chrono::steady_clock::now() - begin < 60ms;) {
    }
    CHECK(state_of(getpid()).cpu_seconds > before);
}
