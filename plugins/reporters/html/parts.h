// SPDX-License-Identifier: Apache-2.0
// The parts of the HTML report, each as text. Whatever comes from evidence, lists or people passes html() or hidden(),
// which escape it; nothing else may. Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/report/reporter.h"

namespace triage::html_report {

// Entries and bytes by type, as they were heard.
struct TypeSum {
    std::uint64_t entries = 0, bytes = 0;
};
using TypeSums = std::map<std::string, TypeSum, std::less<>>;

std::string html(std::string_view bytes);                           // one line, escaped
std::string hidden(std::string_view bytes);                         // escaped, shown when names are asked for
std::string fact(std::string_view name, std::string_view as_html);  // a row of a table of facts

std::string stored_hash_in_words(const EvidenceRecord& evidence);  // and whether this run verified it

// Begins what a reader moves sideways where it is wider than the screen, also by the keyboard.
std::string wide(std::string_view label);

// A table of rows; a column whose name begins with '#' holds numbers.
std::string table(std::string_view caption, const std::vector<std::string>& columns, std::string_view rows);

// ---- The file, from top to bottom ----

std::string head(const ReportContext& context);     // up to the first section, with the styles
std::string verdict(const ReportContext& context);  // the first screen: verdict, what was not checked, exhibits, found
std::string accounts(const ReportContext& context, const TypeSums& types);  // the ledger as pictures and tables
std::string findings_begin(const ReportContext& context);
std::string finding_row(const ReportContext& context, const EntryRecord& record, std::uint64_t number);
std::string findings_end(std::uint64_t findings);
std::string problems_begin();
std::string problem_row(const ReportContext& context, const ProblemRecord& record);
std::string problems_end(std::uint64_t problems);
std::string basis(const ReportContext& context);       // evidence, lists, configuration, tool, limits
std::string laboratory(const ReportContext& context);  // what a laboratory must add
std::string foot();                                    // the script and the end

}  // namespace triage::html_report
