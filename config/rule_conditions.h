// SPDX-License-Identifier: Apache-2.0
// The `when` of a rule as YAML: a map of conditions of the engine's table (engine/rules/condition.h) and of `all`,
// `any` and `not`. Read by the form of each condition's value, written back so that it reads the same. Pure; what is
// wrong throws Error that names the place.
#pragma once

#include <string>

#include "config/yaml.h"
#include "engine/rules/rule.h"

namespace triage {

Expression parse_when(const YamlNode& node);
std::string when_to_yaml(const Expression& expression);

// The names that may stand in a `when`.
std::vector<std::string> condition_names();
// What the value of a condition looks like, for people.
std::string_view describe(ValueForm form);

// The table of conditions for docs/rules.md, which a test compares.
std::string conditions_as_markdown();

// "truth", "[a, b]": parts that a rule has beside its conditions.
bool to_bool(const YamlNode& node, std::string_view what);
std::vector<std::string> to_texts(const YamlNode& node, std::string_view what);  // a text or a list of texts
const Place& place_of_item(const YamlNode& node, std::size_t i);                 // of what `to_texts` gave
std::string texts_to_yaml(const std::vector<std::string>& texts);
void expect_map(const YamlNode& node, std::string_view what);
const std::string& expect_text(const YamlNode& node, std::string_view what);

}  // namespace triage
