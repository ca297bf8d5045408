// SPDX-License-Identifier: Apache-2.0
#include "engine/outside/plugin_reports.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "engine/base/error.h"
#include "engine/outside/plugin_process.h"
#include "engine/outside/plugin_rows.h"

namespace triage {
namespace {

UniqueFd create_private(const std::string& path) {
    UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file.get() < 0) throw Error(path, std::string("cannot be created: ") + strerror(errno));
    return file;
}

// A report that is not whole does not stay: it would be taken for one that is.
class PluginReporter : public Reporter {
  public:
    PluginReporter(const LoadedPlugin& plugin, const PluginOptions& options) : plugin_(plugin), options_(options) {
        if (!plugin.failure.empty()) throw std::runtime_error(plugin.failure);
    }
    ~PluginReporter() override {
        process_.reset();
        if (output_.get() >= 0 && !is_whole_) unlink(path_.c_str());
    }

    void begin(const ReportContext& context, const std::string& folder) override {
        rows_.emplace(context);
        path_ = folder + "/" + plugin_.file.report;
        output_ = create_private(path_);
        process_.emplace(plugin_.file, options_, output_.get());
        send([&](std::string& out) { rows_->append_begin(out); });
    }
    void append_entry(std::string& out, const EntryRecord& record) const override { rows_->append_entry(out, record); }
    void entries(std::string_view text) override { process_->send(text); }
    void finding(const EntryRecord& record) override {
        send([&](std::string& out) { rows_->append_finding(out, record); });
    }
    void problem(const ProblemRecord& record) override {
        send([&](std::string& out) { rows_->append_problem(out, record); });
    }
    void end() override {
        send([&](std::string& out) { rows_->append_end(out); });
        process_->await_end();
        if (fsync(output_.get()) != 0) throw Error(path_, std::string("cannot be written: ") + strerror(errno));
        is_whole_ = true;
    }

  private:
    template <class Append>
    void send(Append append) {
        frame_.clear();
        append(frame_);
        process_->send(frame_);
    }

    const LoadedPlugin& plugin_;
    const PluginOptions& options_;
    std::optional<PluginRows> rows_;
    std::optional<PluginProcess> process_;
    UniqueFd output_;
    std::string path_, frame_;
    bool is_whole_ = false;
};

LoadedPlugin load_once(const std::string& path, const PluginOptions& options) {
    LoadedPlugin plugin{{path, report_of_plugin(path), {}, {}}, {}, {}, {}};
    try {
        plugin.file = open_plugin(path);
        const UniqueFd nowhere(open("/dev/null", O_WRONLY | O_CLOEXEC));
        const PluginProcess process(plugin.file, options, nowhere.get());
        plugin.describes = process.describes(), plugin.sandbox = process.sandbox();
    } catch (const std::exception& error) {
        plugin.failure = error.what();
    }
    return plugin;
}

}  // namespace

PluginReports::PluginReports(const PluginOptions& options) : options_(options) {
    for (const std::string& path : options.paths) plugins_.push_back(load_once(path, options));
    for (const LoadedPlugin& plugin : plugins_)
        kinds_.push_back({plugin.file.report, plugin.describes,
                          [&plugin, this] { return std::make_unique<PluginReporter>(plugin, options_); }});
}

void PluginReports::require_all() const {
    for (const LoadedPlugin& plugin : plugins_)
        if (!plugin.failure.empty())
            throw Error("reports.plugin.paths", plugin.failure, "leave the plug-in out, or put it right");
}

}  // namespace triage
