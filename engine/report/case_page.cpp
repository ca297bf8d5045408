// SPDX-License-Identifier: Apache-2.0
#include "engine/report/case_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"

namespace triage {
namespace {

bool is_recorded(const ReportContext& context, const CaseInfoKey& key, const EvidenceRecord& evidence) {
    if (key.name == "reference") return !evidence.exhibit.empty();
    return find_value(context.case_info, key.name, evidence.id) != nullptr;
}

bool has_every_exhibit(const ReportContext& context, const CaseInfoKey& key) {
    return !context.evidences.empty() &&
           std::all_of(context.evidences.begin(), context.evidences.end(),
                       [&](const EvidenceRecord& evidence) { return is_recorded(context, key, evidence); });
}

bool is_missing(const ReportContext& context, const CaseInfoKey& key, std::optional<std::uint32_t> evidence) {
    if (!key.is_expected) return false;
    if (!evidence)
        return key.is_of_case && !find_value(context.case_info, key.name) && !has_every_exhibit(context, key);
    return key.is_of_exhibit && !key.is_of_case && !is_recorded(context, key, context.evidence(*evidence));
}

void add_values(TextPage& page, const ReportContext& context, std::optional<std::uint32_t> evidence,
                std::string_view lead) {
    for (const CaseInfoKey& key : case_info_keys())
        if (const std::string* value = find_value(context.case_info, key.name, evidence))
            page.line(in_words(key) + ": " + escape_for_terminal(*value), lead);
    for (const std::string& key : not_recorded(context, evidence)) page.line(key + " not recorded", lead);
}

}  // namespace

std::vector<std::string> not_recorded(const ReportContext& context, std::optional<std::uint32_t> evidence) {
    std::vector<std::string> keys;
    for (const CaseInfoKey& key : case_info_keys())
        if (is_missing(context, key, evidence)) keys.push_back(in_words(key));
    return keys;
}

void add_case_info(TextPage& page, const ReportContext& context) {
    page.section("Case");
    add_values(page, context, {}, "  ");
}

void add_exhibit_info(TextPage& page, const ReportContext& context, const EvidenceRecord& evidence) {
    add_values(page, context, evidence.id, "    ");
}

}  // namespace triage
