// SPDX-License-Identifier: Apache-2.0
// The words in which an examination is summed up for people: the terminal at the end of a scan and report.txt say the
// same. Text that comes from evidence, lists or the user is escaped here; names from evidence and labels do not occur
// at all unless the context shows names. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "engine/report/reporter.h"

namespace triage {

// Columns that UTF-8 takes on a terminal, at most: everything from U+1000 on counts as wide.
std::size_t columns_of(std::string_view text);

// Plain text of at most so many columns, built line by line.
class TextPage {
  public:
    static constexpr std::size_t width = 80;  // of what is not made for a terminal of its own size
    explicit TextPage(std::size_t columns = width) : columns_(columns) {}

    void title(std::string_view text);    // underlined
    void section(std::string_view text);  // after an empty line
    // Wrapped; the first line starts with `lead`, the others are indented as far. Words that are too long are broken.
    void line(std::string_view text, std::string_view lead = "  ");
    void row(std::string_view text) { text_ += std::string(text) + "\n"; }  // as it is; of a table
    void append(const TextPage& lines) { text_ += lines.text_; }
    void blank() { text_ += '\n'; }
    const std::string& text() const { return text_; }

  private:
    const std::size_t columns_;
    std::string text_;
};

// The verdict, why it is not whole, its scope, the lists, what was not looked into, and what was found: what stands
// beside every verdict.
void add_verdict_and_scope(TextPage& page, const ReportContext& context);
std::string terminal_summary(const ReportContext& context);

// What stands as large as the verdict, right below it: "2 volumes (3 GiB); 5 entries (1 MiB); what stands under ...".
std::string not_checked_in_words(const ReportContext& context);

// Parts of report.txt.
void add_evidence(TextPage& page, const ReportContext& context);  // each evidence, its ledger and volumes
void add_next_step(TextPage& page, const ReportContext& context);
void add_where_to_look(TextPage& page, const ReportContext& context);

std::string name_of(const EvidenceRecord& evidence);                  // "exhibit 12/3 (disk.E01)", escaped
std::string share_in_words(std::uint64_t part, std::uint64_t whole);  // "99.9 %": 100.0 only when nothing is missing

}  // namespace triage
