// SPDX-License-Identifier: Apache-2.0
// What is wrong with rules that can be read: parts that do not go together, conditions that contradict each other,
// rules that nothing reaches. Pure; throws Error that names the place of the rule.
#pragma once

#include <span>

#include "config/yaml.h"
#include "engine/rules/rule.h"

namespace triage {

struct ScanOptions;

// A rule by itself.
void check_rule(const Rule& rule, const Place& place);

// All rules of a configuration, with the options that say what is listed at all.
void check_rules(std::span<const std::pair<Rule, Place>> rules, const ScanOptions& options);

}  // namespace triage
