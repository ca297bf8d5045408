// SPDX-License-Identifier: Apache-2.0
// How long the parent has waited for a worker that sends no records, and where the worker stands meanwhile: for whoever
// tells people what holds things up. Written by the thread that uses the Worker, read by any; the atomics protect
// nothing.
#pragma once

#include <atomic>
#include <cstdint>

namespace triage {

struct WorkerWait {
    std::atomic<std::uint32_t> milliseconds{0};  // without a byte; 0 while records come
    std::atomic<std::uint64_t> address{0};       // metadata address
};

}  // namespace triage
