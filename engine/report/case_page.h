// SPDX-License-Identifier: Apache-2.0
// What people said about the examination, and what they left out, for reports. Text is escaped here. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/report/text_summary.h"

namespace triage {

// The expected keys that nobody gave: of the case, or of one evidence. What every exhibit has is not missing in the
// case, and what the case has is not missing in an exhibit.
std::vector<std::string> not_recorded(const ReportContext& context,
                                      std::optional<std::uint32_t> evidence = std::nullopt);

void add_case_info(TextPage& page, const ReportContext& context);  // of the case: a section
void add_exhibit_info(TextPage& page, const ReportContext& context, const EvidenceRecord& evidence);

}  // namespace triage
