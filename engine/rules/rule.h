// SPDX-License-Identifier: Apache-2.0
// Rules as data: conditions on an entry and its matches, and a severity. `judge` is pure and thread-safe. The YAML form
// is read by config/; this is what it becomes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/examine/examined.h"
#include "engine/rules/finding.h"

namespace triage {

struct Rule {
    std::string name;  // [a-z0-9-]+, unique in a configuration
    Severity severity = Severity::info;
    std::string text;                        // for the report
    std::optional<Polarity> match_polarity;  // holds when a match in a set of this polarity exists
    std::optional<bool> match_alerts = {};   // and its category alerts, or does not
};
using Rules = std::vector<Rule>;

// A finding when at least one rule holds. `polarities[i]` is the polarity of set i.
std::optional<Finding> judge(const Rules& rules, const Entry& entry, const Examined& examined,
                             std::span<const Polarity> polarities);

}  // namespace triage
