// SPDX-License-Identifier: Apache-2.0
#include "engine/report/redact.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace triage {

bool is_typed(const HeaderValue& value) {
    constexpr std::array<std::string_view, 6> made{"acquired",   "system_date", "tool_version",
                                                   "os_version", "media_type",  "model"};
    return std::find(made.begin(), made.end(), value.name) == made.end();
}

void redact(ReportContext& context) {
    if (!context.options.redact.names) return;
    for (VolumeRecord& volume : context.volumes) volume.label.clear(), volume.description.clear();
    for (EvidenceRecord& evidence : context.evidences) std::erase_if(evidence.header, is_typed);
}

void redact(EntryRecord& record, const Redaction& redaction) {
    if (redaction.names) record.entry.path.clear(), record.entry.stream.clear();
    if (redaction.labels)
        for (Match& match : record.examined.matches) match.label.clear();
}

void redact(ProblemRecord& record, const Redaction& redaction) {
    if (redaction.names) record.problem.path.clear();
}

std::vector<std::string> words_of(const Redaction& redaction) {
    std::vector<std::string> words;
    if (redaction.names) words.emplace_back("names");
    if (redaction.labels) words.emplace_back("labels");
    return words;
}

std::string disclosure_sentence(const Redaction& redaction) {
    std::vector<std::string> parts;
    if (redaction.names) parts.emplace_back("names from evidence");
    if (redaction.labels) parts.emplace_back("labels of lists");
    return parts.empty() ? "" : fmt::format("Disclosure copy: {} are left out.", fmt::join(parts, " and "));
}

}  // namespace triage
