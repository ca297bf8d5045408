// SPDX-License-Identifier: Apache-2.0
// The parent's side of one plug-in: starts its process, sends it rows, watches its clock, and says how it ended. One
// thread at a time. Whatever the plug-in does, each call returns or throws std::exception with the reason.
#pragma once

#include <memory>
#include <string>

#include "engine/outside/plugin_file.h"
#include "engine/report/report_options.h"
#include "engine/worker/silence.h"
#include "engine/worker/spawn.h"

namespace triage {

struct PluginBoard;

class PluginProcess {
  public:
    // `output` is what it may write to. Returns when the plug-in is loaded and its version is known to fit.
    PluginProcess(const PluginFile& plugin, const PluginOptions& options, int output);
    ~PluginProcess();  // ends it
    PluginProcess(const PluginProcess&) = delete;
    PluginProcess& operator=(const PluginProcess&) = delete;

    void send(std::string_view frames);
    void await_end();  // that everything is written

    std::string sandbox() const;
    std::string describes() const;  // in its own words

  private:
    void await(std::uint32_t state);
    void check_clock();
    [[noreturn]] void end_for_silence(std::uint32_t seconds, const char* key);
    [[noreturn]] void fail_with_cause();
    [[noreturn]] void fail(const std::string& why) const;
    std::string cause_of(int status) const;
    void end();

    const PluginOptions options_;
    const std::string path_;
    UniqueFd board_fd_, rows_;
    PluginBoard* board_ = nullptr;
    pid_t pid_ = -1;
    std::uint64_t last_steps_ = 0;
    Silence silence_;  // since the last progress
};

}  // namespace triage
