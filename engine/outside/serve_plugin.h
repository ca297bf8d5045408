// SPDX-License-Identifier: Apache-2.0
// The process of one plug-in: it takes the shared object and rows from the job pipe, enters the sandbox, loads, and
// calls. What the plug-in writes goes to the one descriptor that may be written. One thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace triage {

inline constexpr const char* plugin_worker = "plugin-worker";  // the word that starts it

// A mapping that parent and process share. The plug-in can write into it: the parent believes nothing but for its
// report.
struct PluginBoard {
    enum State : std::uint32_t { starting, loaded, done, failed };
    std::atomic<std::uint32_t> state;
    std::atomic<std::uint64_t> steps;  // the sign of life
    std::array<char, 256> sandbox;     // layers that are active, ended by 0
    std::array<char, 256> describes;   // what the plug-in says of itself
    std::array<char, 2048> reason;     // why it failed
};

// Returns the exit code.
int serve_plugin_process();

}  // namespace triage
