// SPDX-License-Identifier: Apache-2.0
// Rules as YAML: reads them into Rule, writes them back. The form is described in docs/rules.md. Pure; what is wrong
// throws Error that names the place.
#pragma once

#include <string>

#include "config/yaml.h"
#include "engine/rules/rule.h"

namespace triage {

// One rule: a map of the parts below; `name`, `when` and something that follows must be there.
Rule parse_rule(const YamlNode& node);
std::vector<std::string> rule_parts();

// A rule file: a map whose only key is `rules`, a list of rules.
std::vector<std::pair<Rule, Place>> parse_rule_file(const YamlNode& root);

// The rule as an item of a list, each line indented by two spaces.
std::string rule_to_yaml(const Rule& rule);

}  // namespace triage
