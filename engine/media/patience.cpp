// SPDX-License-Identifier: Apache-2.0
#include "engine/media/patience.h"

#include <algorithm>

#include "engine/base/bytes.h"

namespace triage {

bool Patience::allows(std::uint64_t bytes) {
    if (!is_spent()) return true;
    const std::lock_guard lock(mutex_);
    if (to_skip_ == 0) return true;
    to_skip_ -= std::min(bytes, to_skip_);
    return false;
}

void Patience::has_read(std::uint64_t bytes) {
    std::int64_t lost = lost_ns_.load(std::memory_order_relaxed);
    if (lost == 0) return;
    const std::int64_t limit = limits_.failing.count();
    const auto paid =
        static_cast<std::int64_t>(1e9 * static_cast<double>(bytes) / static_cast<double>(limits_.bytes_a_second));
    std::int64_t left = 0;
    do left = std::max<std::int64_t>(lost - paid, 0);
    while (!lost_ns_.compare_exchange_weak(lost, left, std::memory_order_relaxed));
    if (lost <= limit || left > limit) return;
    const std::lock_guard lock(mutex_);
    to_skip_ = 0, next_skip_ = limits_.least_skip;
}

void Patience::has_failed(std::chrono::nanoseconds after) {
    lost_ns_.fetch_add(after.count(), std::memory_order_relaxed);
    if (!is_spent()) return;
    const std::lock_guard lock(mutex_);
    to_skip_ = next_skip_;
    next_skip_ = checked_multiply(next_skip_, 2).value_or(~std::uint64_t{0});
}

}  // namespace triage
