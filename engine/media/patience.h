// SPDX-License-Identifier: Apache-2.0
// How long reads that fail may hold up the examination of one evidence. Within its limits every byte is asked for. On
// media that die, where each failing read takes seconds, it skips: after a failure that goes over the limits, so many
// bytes are not asked for, and twice as many after the next; what reads well in between pays the time back. So a dead
// disk of any size costs the limit and some 25 failing reads. Thread-safe; a lock is taken only over the limits.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

namespace triage {

class Patience {
  public:
    struct Limits {
        std::chrono::nanoseconds failing = std::chrono::seconds(60);  // failing reads may take so long in all...
        std::uint64_t bytes_a_second = 16u << 20;  // ...and a second more for each so many bytes that were read
        std::uint64_t least_skip = 64u << 10;      // bytes
    };

    Patience() = default;
    explicit Patience(Limits limits) : limits_(limits), next_skip_(limits.least_skip) {}

    // May so many bytes be asked for? False: they are among those that are skipped.
    bool allows(std::uint64_t bytes);
    void has_read(std::uint64_t bytes);
    void has_failed(std::chrono::nanoseconds after);
    bool is_spent() const { return lost_ns_.load(std::memory_order_relaxed) > limits_.failing.count(); }

  private:
    Limits limits_;
    std::atomic<std::int64_t> lost_ns_{0};  // taken by failing reads and not paid back; protects nothing
    std::mutex mutex_;                      // protects what follows
    std::uint64_t to_skip_ = 0, next_skip_ = Limits{}.least_skip;
};

}  // namespace triage
