// SPDX-License-Identifier: Apache-2.0
// The `text` report: report.txt, one page for a case note. Names from evidence stand in it only with --show-names;
// otherwise volume and address do.
#include <fmt/format.h>

#include <map>

#include "engine/base/text.h"
#include "engine/case/private_file.h"
#include "engine/report/case_page.h"
#include "engine/report/exhibit_table.h"
#include "engine/report/redact.h"
#include "engine/report/reporter.h"
#include "engine/report/text_summary.h"

namespace triage {
namespace {

constexpr std::uint64_t shown_findings = 40, shown_problems = 20;

class TextReporter : public Reporter {
  public:
    void begin(const ReportContext& context, const std::string& folder) override {
        context_ = &context;
        file_.emplace(PrivateFile::create(folder + "/report.txt"));
    }
    void finding(const EntryRecord& record) override {
        if (++findings_ <= shown_findings) add_finding(record);
        if (record.finding)
            for (const std::string& rule : record.finding->rules) ++by_rule_[rule];
    }
    void problem(const ProblemRecord& record) override {
        if (++problems_ <= shown_problems) add_problem(record);
    }
    void end() override {
        TextPage page;
        add_head(page);
        add_case_info(page, *context_);
        page.blank();
        add_verdict_and_scope(page, *context_);
        add_evidence(page, *context_);
        add_list(page, "Findings", findings_page_, findings_, shown_findings, "findings.jsonl");
        add_rules(page);
        add_list(page, "Problems", problems_page_, problems_, shown_problems, "problems.jsonl");
        if (context_->evidences.size() > 1) add_exhibit_table(page, exhibit_lines(*context_));
        add_next_step(page, *context_);
        add_where_to_look(page, *context_);
        file_->write(page.text());
        file_->sync();
    }

  private:
    void add_head(TextPage& page) const {
        const RunRecord& run = context_->run;
        page.title("triage report");
        if (context_->options.redact.any()) page.line(disclosure_sentence(context_->options.redact), "");
        page.line(
            fmt::format("triage {} ({})", escape_for_terminal(run.tool_version), escape_for_terminal(run.build_id)),
            "");
        page.line(fmt::format("Scan: {} to {}, on {} by {}", escape_for_terminal(run.started_utc),
                              escape_for_terminal(run.ended_utc), escape_for_terminal(run.host),
                              escape_for_terminal(run.user)),
                  "");
        page.line("Configuration: profile " + escape_for_terminal(run.profile) + ", SHA-256", "");
        page.line(escape_for_terminal(run.configuration_sha256));
    }

    // "disk.E01, p0, address 64"; with names the path and stream too.
    std::string place_of(const VolumeRecord& volume, std::uint64_t address, std::string_view path,
                         std::string_view stream) const {
        std::string place = fmt::format("{}, {}, address {}", name_of(context_->evidence(volume.evidence)),
                                        escape_for_terminal(volume.name), address);
        if (context_->show_names && !path.empty()) place += ", " + escape_for_terminal(path);
        if (context_->show_names && !stream.empty()) place += ", stream " + escape_for_terminal(stream);
        else if (!stream.empty()) place += ", a stream";
        return place;
    }

    void add_finding(const EntryRecord& record) {
        const Finding finding = record.finding.value_or(Finding{});
        const Entry& entry = record.entry;
        std::string words = fmt::format(
            "{}: {}, {}, {}; rule {}", to_string(finding.severity),
            place_of(context_->volume(record.volume), entry.address, entry.path, entry.stream), to_string(entry.state),
            human_size(entry.size), escape_for_terminal(fmt::format("{}", fmt::join(finding.rules, ", "))));
        for (const Match& match : record.examined.matches) words += "; " + words_of(match);
        findings_page_.line(words, "  - ");
    }

    // What the rules that made findings have to say, once each.
    void add_rules(TextPage& page) const {
        if (by_rule_.empty()) return;
        page.section("What the rules say");
        for (const RuleRecord& rule : context_->rules) {
            const auto count = by_rule_.find(rule.name);
            if (count == by_rule_.end()) continue;
            const std::string tags = rule.tags.empty() ? "" : fmt::format(" [{}]", fmt::join(rule.tags, ", "));
            page.line(escape_for_terminal(fmt::format(
                          "{}{}, {}, {}: {}", rule.name, tags, to_string(rule.severity),
                          count->second == 1 ? "1 entry" : with_commas(count->second) + " entries", rule.text)),
                      "  - ");
        }
    }

    std::string words_of(const Match& match) const {
        std::string words = "in ";
        words += match.set < context_->lists.size() ? escape_for_terminal(context_->lists[match.set].identity.name)
                                                    : "an unknown list";
        words += fmt::format(", record {}", match.record);
        if (!match.category.empty()) words += ", category " + escape_for_terminal(match.category);
        if (context_->show_names && !match.label.empty()) words += ", " + escape_for_terminal(match.label);
        if (!match.differs.empty()) words += ", one digest DIFFERS";
        return words;
    }

    void add_problem(const ProblemRecord& record) {
        const Problem& problem = record.problem;
        std::string words =
            fmt::format("{}: {}", to_string(problem.kind), name_of(context_->evidence(record.evidence)));
        if (record.volume) words += ", " + escape_for_terminal(context_->volume(*record.volume).name);
        if (problem.address) words += fmt::format(", address {}", *problem.address);
        if (context_->show_names && !problem.path.empty()) words += ", " + escape_for_terminal(problem.path);
        if (!problem.detail.empty()) words += ": " + escape_for_terminal(problem.detail);
        if (problem.first_sector)
            words += fmt::format(" (sector {}, {} sectors)", *problem.first_sector, problem.sectors.value_or(1));
        problems_page_.line(words, "  - ");
    }

    void add_list(TextPage& page, std::string_view title, const TextPage& lines, std::uint64_t count,
                  std::uint64_t shown, std::string_view file) {
        page.section(fmt::format("{} ({})", title, with_commas(count)));
        if (count == 0) page.line("none");
        page.append(lines);
        if (count > shown) page.line(fmt::format("... and {} more: see {}", with_commas(count - shown), file));
    }

    const ReportContext* context_ = nullptr;
    std::optional<PrivateFile> file_;
    TextPage findings_page_, problems_page_;
    std::map<std::string, std::uint64_t, std::less<>> by_rule_;  // findings
    std::uint64_t findings_ = 0, problems_ = 0;
};

}  // namespace

const ReporterKind& text_reporter() {
    static const ReporterKind kind{"text", "report.txt: one page for a case note",
                                   [] { return std::unique_ptr<Reporter>(new TextReporter); }};
    return kind;
}

}  // namespace triage
