// SPDX-License-Identifier: Apache-2.0
// Exhibits of many cases in the order of their worth: by verdict, severity, category and count. As one CSV (RFC 4180)
// and one page of HTML that needs no other file, runs no script and shows no name from evidence. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "engine/report/exhibit_table.h"

namespace triage {

// What a verdict stands on, in words.
struct RankedScope {
    std::string profile, configuration;  // its SHA-256
    std::string lists;                   // names, versions, polarities, record counts
    std::string examined;                // shares, and what the configuration left out
    std::string case_info;               // of the case and the exhibit, and what is missing of it
    std::string cautions;                // a device in use, names that were not kept
};

struct RankedExhibit {
    std::string case_path;
    ExhibitLine line;  // with a failure: the case cannot be ranked, and nothing else is known
    std::uint64_t alerts = 0, notices = 0;
    std::string category;  // of the notable matches the first: numbers as numbers, then words
    RankedScope scope;
    bool has_case = true;  // false: of a list, failed or not begun; with a failure
};

// One row an exhibit of a case.
std::vector<RankedExhibit> exhibits_of(const std::string& case_path, const ReportContext& context);

// First what cannot be ranked, so that nobody overlooks it: not readable, then not examined; then MATCH, ALERT,
// incomplete, NOT COMPARED, the rest; within these by severity, category (a lower number first), matches, findings, and
// last by name.
void rank(std::vector<RankedExhibit>& exhibits);

std::string ranking_csv(const std::vector<RankedExhibit>& exhibits);
std::string ranking_html(const std::vector<RankedExhibit>& exhibits);

}  // namespace triage
