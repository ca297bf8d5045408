// SPDX-License-Identifier: Apache-2.0
// The plug-ins of a configuration as kinds of report. Each is opened and loaded once when this is made, so that what is
// wrong with one is known before evidence is opened, and again, from the same bytes, for its report. The kinds borrow
// this object. One thread.
#pragma once

#include <memory>
#include <vector>

#include "engine/outside/plugin_file.h"
#include "engine/report/reporter.h"

namespace triage {

struct LoadedPlugin {
    PluginFile file;
    std::string describes, sandbox;
    std::string failure;  // why it is not used
};

class PluginReports {
  public:
    explicit PluginReports(const PluginOptions& options);
    PluginReports(const PluginReports&) = delete;
    PluginReports& operator=(const PluginReports&) = delete;

    const std::vector<LoadedPlugin>& plugins() const { return plugins_; }
    const std::vector<ReporterKind>& kinds() const {
        return kinds_;
    }                          // also of those that fail: their outcome says why
    void require_all() const;  // throws Error (usage) with the first failure

  private:
    const PluginOptions options_;
    std::vector<LoadedPlugin> plugins_;
    std::vector<ReporterKind> kinds_;
};

}  // namespace triage
