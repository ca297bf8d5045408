// SPDX-License-Identifier: Apache-2.0
// --case-info: from options, a file or questions at the terminal to what the case stores. Throws Error (usage) before
// anything is written.
#pragma once

#include <string>
#include <vector>

#include "config/case_info_file.h"
#include "engine/case/audit.h"
#include "engine/case/case_info.h"
#include "engine/scan/scan.h"

namespace triage {

// Each of `options` is KEY=VALUE, KEY@EXHIBIT=VALUE, a YAML file, or "ask". A file's values give way to options.
struct CaseInfoInput {
    std::vector<CaseInfoGiven> given;
    bool is_asked = false;
};
CaseInfoInput read_case_info(const std::vector<std::string>& options);

// Asks for the keys of the case that were not given. Needs a terminal.
void ask_for_case(CaseInfoInput& input);
void ask_for_exhibits(CaseInfoInput& input, const std::vector<EvidenceSpec>& evidence);

// Checks keys, values and exhibits (a reference or the name of an evidence), and gives references to evidence.
CaseInfo resolve_case_info(const CaseInfoInput& input, std::vector<EvidenceSpec>& evidence);

void audit_case_info(AuditLog& audit, const CaseInfo& info);

}  // namespace triage
