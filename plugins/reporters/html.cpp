// SPDX-License-Identifier: Apache-2.0
// The `html` report: report.html, one file that needs no other and no network. What it is made of stands in html/.
// Written as it is heard: memory does not grow with the findings.
#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "engine/case/private_file.h"
#include "plugins/reporters/html/parts.h"

namespace triage {
namespace {

using namespace html_report;

class HtmlReporter : public Reporter {
  public:
    void begin(const ReportContext& context, const std::string& folder) override {
        context_ = &context;
        file_.emplace(PrivateFile::create(folder + "/report.html"));
    }
    // Of an entry only size and type are told on, to be added up in turn.
    void append_entry(std::string& out, const EntryRecord& record) const override {
        if (record.examined.status != Status::hashed) return;
        const fmt::format_int size(record.entry.size);
        out.append(size.data(), size.size());
        out += ' ';
        out += record.examined.type;
        out += '\n';
    }
    void entries(std::string_view text) override {
        for (std::size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
            std::uint64_t size = 0;
            const std::size_t blank = text.find(' ');
            std::from_chars(text.data(), text.data() + blank, size);
            TypeSum& sum = sum_of(text.substr(blank + 1, end - blank - 1));
            ++sum.entries;
            sum.bytes = checked_add(sum.bytes, size).value_or(~std::uint64_t{0});
        }
    }
    void finding(const EntryRecord& record) override {
        begin_findings();
        file_->write(finding_row(*context_, record, ++findings_));
    }
    void problem(const ProblemRecord& record) override {
        begin_problems();
        ++problems_;
        file_->write(problem_row(*context_, record));
    }
    void end() override {
        begin_problems();
        file_->write(problems_end(problems_) + basis(*context_) + laboratory(*context_) + foot());
        file_->sync();
    }

  private:
    TypeSum& sum_of(std::string_view type) {
        if (type.empty()) type = "unknown";
        const auto known = types_.find(type);
        return known != types_.end() ? known->second : types_[std::string(type)];
    }
    // Types are known when all entries were heard.
    void begin_findings() {
        if (std::exchange(has_findings_begun_, true)) return;
        file_->write(head(*context_) + verdict(*context_) + accounts(*context_, types_) + findings_begin(*context_));
    }
    void begin_problems() {
        if (std::exchange(has_problems_begun_, true)) return;
        begin_findings();
        file_->write(findings_end(findings_) + problems_begin());
    }

    const ReportContext* context_ = nullptr;
    std::optional<PrivateFile> file_;
    TypeSums types_;
    std::uint64_t findings_ = 0, problems_ = 0;
    bool has_findings_begun_ = false, has_problems_begun_ = false;
};

}  // namespace

const ReporterKind& html_reporter() {
    static const ReporterKind kind{"html", "report.html: one page for people, which needs no other file and no network",
                                   [] { return std::unique_ptr<Reporter>(new HtmlReporter); }};
    return kind;
}

}  // namespace triage
