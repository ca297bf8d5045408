// SPDX-License-Identifier: Apache-2.0
// The exhibits of a visit side by side: verdict, matches, what was not checked, and what to do next. No name from
// evidence occurs; references and file names are escaped. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "engine/report/text_summary.h"

namespace triage {

// What to do with an exhibit of this verdict, in a few words.
std::string suggested_step(const Verdict& verdict);

// What of an exhibit has no hash: entries, and volumes that could not be walked as a whole.
struct Unchecked {
    std::uint64_t entries = 0, bytes = 0;
    std::uint64_t volumes = 0, volume_bytes = 0;
    bool is_unopened = false;  // nothing of it was looked at
};
Unchecked unchecked_of(const ReportContext& context, const EvidenceRecord& evidence);
std::string in_words(const Unchecked& unchecked);

// An exhibit in one line.
struct ExhibitLine {
    std::string exhibit, evidence;  // its reference, which may be empty; as the case calls the evidence
    Verdict verdict;
    std::uint64_t matches = 0;  // entries in notable lists
    Unchecked unchecked;
    std::string failure;  // why nothing of this is known
};
std::vector<ExhibitLine> exhibit_lines(const ReportContext& context);

// What people are told to do, and with which exhibits: a section, empty where the configuration says nothing.
void add_next_steps(TextPage& page, const std::vector<ExhibitLine>& exhibits, const NextSteps& steps);

void add_exhibit_table(TextPage& page, const std::vector<ExhibitLine>& exhibits);  // a section

}  // namespace triage
