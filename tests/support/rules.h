// SPDX-License-Identifier: Apache-2.0
// Rules for tests, as their YAML.
#pragma once

#include "config/rule_file.h"
#include "engine/base/error.h"

namespace triage::test {

// A list of rules in flow style: "[{name: a, when: {...}, ...}]".
inline Rules rules_of(const std::string& list) {
    Rules rules;
    for (auto& [rule, place] : parse_rule_file(parse_yaml("rules: " + list, "F"))) rules.push_back(std::move(rule));
    return rules;
}

inline const std::string notable_rule =
    "[{name: notable-match, when: {match: {polarity: notable}}, severity: alert, text: known}]";

}  // namespace triage::test
