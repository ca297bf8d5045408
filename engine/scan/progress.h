// SPDX-License-Identifier: Apache-2.0
// How far the run is: written by the scan's threads, read by whoever shows it. Atomics are counters that protect
// nothing; they may be read at any time.
#pragma once

#include <atomic>
#include <cstdint>

namespace triage {

struct Progress {
    std::atomic<std::uint64_t> entries_listed{0}, entries_examined{0}, bytes_examined{0};
    std::atomic<std::uint64_t> matches{0}, problems{0};
    std::atomic<std::uint32_t> volumes_total{0}, volumes_done{0};
    std::atomic<bool> is_listing{true};
};

}  // namespace triage
