// SPDX-License-Identifier: Apache-2.0
// The `jsonl` report: entries.jsonl (unless an option says no), findings.jsonl and problems.jsonl. Same records, same
// bytes.
#include <optional>

#include "engine/case/private_file.h"
#include "engine/report/json_rows.h"
#include "engine/report/reporter.h"

namespace triage {
namespace {

class JsonlReporter : public Reporter {
  public:
    void begin(const ReportContext& context, const std::string& folder) override {
        rows_.emplace(context);
        if (context.options.jsonl.entries) entries_.emplace(PrivateFile::create(folder + "/entries.jsonl"));
        findings_.emplace(PrivateFile::create(folder + "/findings.jsonl"));
        problems_.emplace(PrivateFile::create(folder + "/problems.jsonl"));
    }
    void append_entry(std::string& out, const EntryRecord& record) const override {
        if (entries_) rows_->append_entry(out, record);
    }
    void entries(std::string_view text) override {
        if (entries_) entries_->write(text);
    }
    void finding(const EntryRecord& record) override {
        line_.clear();
        rows_->append_finding(line_, record);
        findings_->write(line_);
    }
    void problem(const ProblemRecord& record) override {
        line_.clear();
        rows_->append_problem(line_, record);
        problems_->write(line_);
    }
    void end() override {
        if (entries_) entries_->sync();
        findings_->sync();
        problems_->sync();
    }

  private:
    std::optional<JsonRows> rows_;
    std::optional<PrivateFile> entries_, findings_, problems_;
    std::string line_;
};

}  // namespace

const ReporterKind& jsonl_reporter() {
    static const ReporterKind kind{"jsonl", "one JSON object a line: entries, findings, problems",
                                   [] { return std::unique_ptr<Reporter>(new JsonlReporter); }};
    return kind;
}

}  // namespace triage
