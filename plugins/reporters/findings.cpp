// SPDX-License-Identifier: Apache-2.0
// The `findings` report: findings.jsonl and problems.jsonl as `jsonl` writes them, without the list of all entries.
#include <optional>

#include "engine/case/private_file.h"
#include "engine/report/json_rows.h"
#include "engine/report/reporter.h"

namespace triage {
namespace {

class FindingsReporter : public Reporter {
  public:
    void begin(const ReportContext& context, const std::string& folder) override {
        rows_.emplace(context);
        findings_.emplace(PrivateFile::create(folder + "/findings.jsonl"));
        problems_.emplace(PrivateFile::create(folder + "/problems.jsonl"));
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
        findings_->sync();
        problems_->sync();
    }

  private:
    std::optional<JsonRows> rows_;
    std::optional<PrivateFile> findings_, problems_;
    std::string line_;
};

}  // namespace

const ReporterKind& findings_reporter() {
    static const ReporterKind kind{"findings", "one JSON object a line: findings and problems, not all entries",
                                   [] { return std::unique_ptr<Reporter>(new FindingsReporter); }};
    return kind;
}

}  // namespace triage
