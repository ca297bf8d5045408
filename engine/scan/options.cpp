// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/options.h"

#include <sched.h>

#include <algorithm>
#include <thread>

namespace triage {
namespace {

// Not hardware_concurrency: that counts processors which a container or `taskset` forbids.
std::uint32_t available_processors() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<std::uint32_t>(CPU_COUNT(&set));
    return std::thread::hardware_concurrency();  // more than 1,024 processors do not fit in a cpu_set_t
}

}  // namespace

std::string exclusions_in_words(const ScanOptions& options) {
    std::string words;
    const auto add = [&](bool is_left_out, const char* what) {
        if (is_left_out) words += (words.empty() ? "" : "; ") + std::string(what);
    };
    add(!options.walk.deleted, "deleted entries are left out");
    add(!options.walk.orphans, "orphan entries are not searched for");
    return words;
}

std::uint32_t thread_count(const ScanOptions& options) {
    const std::uint32_t wanted = options.threads != 0 ? options.threads : available_processors();
    return std::max<std::uint32_t>(1, wanted);
}

}  // namespace triage
