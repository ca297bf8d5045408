// SPDX-License-Identifier: Apache-2.0
#include "config/rule_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/suggest.h"

namespace triage {
namespace {

constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_text = 4096;

void expect_map(const YamlNode& node, std::string_view what) {
    if (node.kind != YamlNode::Kind::map)
        fail_at(node.place, fmt::format("{} is a map; found {}", what, to_string(node.kind)));
}

const std::string& expect_text(const YamlNode& node, std::string_view what) {
    if (node.kind != YamlNode::Kind::scalar || node.text.empty())
        fail_at(node.place, fmt::format("{} is a text; found {}", what, to_string(node.kind)));
    return node.text;
}

Polarity to_polarity(const YamlNode& node) {
    const std::string& word = expect_text(node, "polarity");
    for (const Polarity polarity : {Polarity::notable, Polarity::ignorable})
        if (word == to_string(polarity)) return polarity;
    fail_at(node.place,
            fmt::format("unknown polarity {}; {}", quoted(word), suggestion(word, {"notable", "ignorable"})));
}

bool to_bool(const YamlNode& node, std::string_view what) {
    const std::string& word = expect_text(node, what);
    if (word != "true" && word != "false")
        fail_at(node.place, fmt::format("{} is true or false; found {}", what, quoted(word)));
    return word == "true";
}

// match: {polarity: notable, alerts: true}
void read_match(const YamlNode& node, Rule& rule) {
    expect_map(node, "match");
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
        const YamlNode& key = node.keys[i];
        if (key.text == "polarity") rule.match_polarity = to_polarity(node.items[i]);
        else if (key.text == "alerts") rule.match_alerts = to_bool(node.items[i], "alerts");
        else
            fail_at(key.place, fmt::format("unknown key {} in match; {}", quoted(key.text),
                                           suggestion(key.text, {"polarity", "alerts"})));
    }
    if (!rule.match_polarity) fail_at(node.place, "match names nothing; expected polarity: notable or ignorable");
}

// The conditions that a rule may name: how each is read, and written where the rule has it.
struct Condition {
    std::string_view name;
    void (*read)(const YamlNode&, Rule&);
    std::string (*write)(const Rule&);  // empty: the rule does not name it
};
constexpr Condition conditions[] = {
    {"match", read_match,
     [](const Rule& rule) {
         if (!rule.match_polarity) return std::string();
         const std::string alerts = rule.match_alerts ? fmt::format(", alerts: {}", *rule.match_alerts) : std::string();
         return fmt::format("match: {{polarity: {}{}}}", to_string(*rule.match_polarity), alerts);
     }},
};

void read_conditions(const YamlNode& node, Rule& rule) {
    expect_map(node, "when");
    // Without a condition a rule holds for every entry: surely not meant.
    if (node.keys.empty()) fail_at(node.place, "when names no condition; expected match");
    std::vector<std::string> names;
    for (const Condition& condition : conditions) names.emplace_back(condition.name);
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
        const YamlNode& key = node.keys[i];
        const Condition* found = nullptr;
        for (const Condition& condition : conditions)
            if (condition.name == key.text) found = &condition;
        if (found == nullptr)
            fail_at(key.place, fmt::format("unknown condition {}; {}", quoted(key.text), suggestion(key.text, names)));
        found->read(node.items[i], rule);
    }
}

std::string to_name(const YamlNode& node) {
    const std::string& name = expect_text(node, "name");
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
    if (name.find_first_not_of(allowed) != std::string::npos || name.size() > longest_name)
        fail_at(node.place,
                fmt::format("the name {} is not made of up to {} of a-z, 0-9 and -", quoted(name), longest_name));
    return name;
}

Severity to_severity(const YamlNode& node) {
    const std::string& word = expect_text(node, "severity");
    if (const auto severity = severity_of(word)) return *severity;
    fail_at(node.place,
            fmt::format("unknown severity {}; {}", quoted(word), suggestion(word, {"info", "notice", "alert"})));
}

std::string to_text(const YamlNode& node) {
    const std::string& text = expect_text(node, "text");
    if (text.size() > longest_text) fail_at(node.place, fmt::format("text is longer than {} bytes", longest_text));
    return text;
}

// The parts of a rule; all must be there.
struct Part {
    std::string_view name;
    void (*read)(const YamlNode&, Rule&);
};
constexpr Part parts[] = {
    {"name", [](const YamlNode& node, Rule& rule) { rule.name = to_name(node); }},
    {"when", read_conditions},
    {"severity", [](const YamlNode& node, Rule& rule) { rule.severity = to_severity(node); }},
    {"text", [](const YamlNode& node, Rule& rule) { rule.text = to_text(node); }},
};

const YamlNode* value_of(const YamlNode& map, std::string_view key) {
    for (std::size_t i = 0; i < map.keys.size(); ++i)
        if (map.keys[i].text == key) return &map.items[i];
    return nullptr;
}

void refuse_unknown_parts(const YamlNode& node) {
    std::vector<std::string> names;
    for (const Part& part : parts) names.emplace_back(part.name);
    for (const YamlNode& key : node.keys)
        if (std::find(names.begin(), names.end(), key.text) == names.end())
            fail_at(key.place,
                    fmt::format("unknown key {} in a rule; {}", quoted(key.text), suggestion(key.text, names)));
}

}  // namespace

Rule parse_rule(const YamlNode& node) {
    expect_map(node, "a rule");
    refuse_unknown_parts(node);
    Rule rule;
    for (const Part& part : parts) {
        const YamlNode* value = value_of(node, part.name);
        if (value == nullptr) fail_at(node.place, fmt::format("the rule has no {}", part.name));
        part.read(*value, rule);
    }
    return rule;
}

std::vector<std::pair<Rule, Place>> parse_rule_file(const YamlNode& root) {
    expect_map(root, "a rule file");
    for (const YamlNode& key : root.keys)
        if (key.text != "rules")
            fail_at(key.place, fmt::format("unknown key {} in a rule file; {}", quoted(key.text),
                                           suggestion(key.text, {"rules"})));
    const YamlNode* list = value_of(root, "rules");
    if (list == nullptr) fail_at(root.place, "the rule file has no rules");
    if (list->kind != YamlNode::Kind::list)
        fail_at(list->place, fmt::format("rules is a list of rules; found {}", to_string(list->kind)));
    std::vector<std::pair<Rule, Place>> rules;
    for (const YamlNode& item : list->items) rules.emplace_back(parse_rule(item), item.place);
    return rules;
}

std::string rule_to_yaml(const Rule& rule) {
    std::string when;
    for (const Condition& condition : conditions) {
        const std::string written = condition.write(rule);
        if (!written.empty()) when += (when.empty() ? "" : ", ") + written;
    }
    return fmt::format("  - name: {}\n    when: {{{}}}\n    severity: {}\n    text: {}\n", to_yaml(rule.name), when,
                       to_string(rule.severity), to_yaml(rule.text));
}

}  // namespace triage
