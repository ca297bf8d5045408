// SPDX-License-Identifier: Apache-2.0
#include "engine/rules/rule.h"

#include <algorithm>
#include <cassert>

namespace triage {
namespace {

bool has_match(const Rule& rule, const std::vector<Match>& matches, std::span<const Polarity> polarities) {
    return std::any_of(matches.begin(), matches.end(), [&](const Match& match) {
        assert(match.set < polarities.size());
        return polarities[match.set] == *rule.match_polarity &&
               rule.match_alerts.value_or(match.alerts) == match.alerts;
    });
}

// All conditions of a rule must hold; one that the rule does not name does.
bool holds(const Rule& rule, const Examined& examined, std::span<const Polarity> polarities) {
    return !rule.match_polarity || has_match(rule, examined.matches, polarities);
}

}  // namespace

std::optional<Finding> judge(const Rules& rules, const Entry&, const Examined& examined,
                             std::span<const Polarity> polarities) {
    Finding finding;
    for (const Rule& rule : rules) {
        if (!holds(rule, examined, polarities)) continue;
        finding.severity = std::max(finding.severity, rule.severity);
        finding.rules.push_back(rule.name);
    }
    if (finding.rules.empty()) return std::nullopt;
    return finding;
}

}  // namespace triage
