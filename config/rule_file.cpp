// SPDX-License-Identifier: Apache-2.0
#include "config/rule_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/rule_checks.h"
#include "config/rule_conditions.h"
#include "config/suggest.h"

namespace triage {
namespace {

constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_text = 4096;
constexpr std::size_t most_tags = 32;

// Names and tags are words, so that a blank separates them in the store.
std::string to_word(const Place& place, const std::string& word, std::string_view what) {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
    if (word.find_first_not_of(allowed) != std::string::npos || word.size() > longest_name)
        fail_at(place,
                fmt::format("the {} {} is not made of up to {} of a-z, 0-9 and -", what, quoted(word), longest_name));
    return word;
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

std::vector<std::string> to_tags(const YamlNode& node) {
    std::vector<std::string> tags = to_texts(node, "tags");
    for (std::size_t i = 0; i < tags.size(); ++i) to_word(place_of_item(node, i), tags[i], "tag");
    if (tags.size() > most_tags) fail_at(node.place, fmt::format("more than {} tags", most_tags));
    return tags;
}

std::uint64_t to_number(const YamlNode& node, std::string_view what, std::uint64_t least, std::uint64_t most) {
    const std::string& text = node.text;
    const bool is_number = node.kind == YamlNode::Kind::scalar && node.is_plain && !text.empty() && text.size() < 10 &&
                           text.find_first_not_of("0123456789") == std::string::npos;
    const std::uint64_t number = is_number ? std::stoull(text) : 0;
    if (!is_number || number < least || number > most)
        fail_at(node.place, fmt::format("{} is a number from {} to {}", what, least, most));
    return number;
}

AlgorithmSet to_algorithms(const YamlNode& node) {
    AlgorithmSet set;
    std::vector<std::string> known;
    for (const Algorithm algorithm : all_algorithms) known.emplace_back(to_string(algorithm));
    const std::vector<std::string> words = to_texts(node, "hash");
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto at = std::find(known.begin(), known.end(), words[i]);
        if (at == known.end())
            fail_at(place_of_item(node, i),
                    fmt::format("unknown algorithm {}; {}", quoted(words[i]), suggestion(words[i], known)));
        set.add(all_algorithms[static_cast<std::size_t>(at - known.begin())]);
    }
    return set;
}

std::string algorithms_to_yaml(AlgorithmSet set) {
    std::vector<std::string> words;
    for (const Algorithm algorithm : all_algorithms)
        if (set.has(algorithm)) words.emplace_back(to_string(algorithm));
    return texts_to_yaml(words);
}

// The parts of a rule: how each is read, and written where the rule has it.
struct Part {
    std::string_view name;
    void (*read)(const YamlNode&, Rule&);
    std::string (*write)(const Rule&);  // empty: the rule does not have it
};
constexpr Part parts[] = {
    {"name",
     [](const YamlNode& node, Rule& rule) { rule.name = to_word(node.place, expect_text(node, "name"), "name"); },
     [](const Rule& rule) { return to_yaml(rule.name); }},
    {"when", [](const YamlNode& node, Rule& rule) { rule.when = parse_when(node); },
     [](const Rule& rule) { return when_to_yaml(rule.when); }},
    {"severity", [](const YamlNode& node, Rule& rule) { rule.severity = to_severity(node); },
     [](const Rule& rule) { return std::string(rule.severity ? to_string(*rule.severity) : ""); }},
    {"tags", [](const YamlNode& node, Rule& rule) { rule.tags = to_tags(node); },
     [](const Rule& rule) { return rule.tags.empty() ? std::string() : texts_to_yaml(rule.tags); }},
    {"stop_after",
     [](const YamlNode& node, Rule& rule) { rule.stop_after = to_number(node, "stop_after", 1, 1'000'000); },
     [](const Rule& rule) { return rule.stop_after == 0 ? std::string() : fmt::format("{}", rule.stop_after); }},
    {"priority",
     [](const YamlNode& node, Rule& rule) {
         rule.priority = static_cast<std::uint32_t>(to_number(node, "priority", 0, Rule::last_priority));
     },
     [](const Rule& rule) { return rule.priority ? fmt::format("{}", *rule.priority) : std::string(); }},
    {"skip", [](const YamlNode& node, Rule& rule) { rule.skip = to_bool(node, "skip"); },
     [](const Rule& rule) { return std::string(rule.skip ? "true" : ""); }},
    {"hash", [](const YamlNode& node, Rule& rule) { rule.hash = to_algorithms(node); },
     [](const Rule& rule) { return rule.hash.empty() ? std::string() : algorithms_to_yaml(rule.hash); }},
    {"text", [](const YamlNode& node, Rule& rule) { rule.text = to_text(node); },
     [](const Rule& rule) { return rule.text.empty() ? std::string() : to_yaml(rule.text); }},
};

const YamlNode* value_of(const YamlNode& map, std::string_view key) {
    for (std::size_t i = 0; i < map.keys.size(); ++i)
        if (map.keys[i].text == key) return &map.items[i];
    return nullptr;
}

void refuse_unknown_parts(const YamlNode& node) {
    const std::vector<std::string> names = rule_parts();
    for (const YamlNode& key : node.keys)
        if (std::find(names.begin(), names.end(), key.text) == names.end())
            fail_at(key.place,
                    fmt::format("unknown key {} in a rule; {}", quoted(key.text), suggestion(key.text, names)));
}

}  // namespace

std::vector<std::string> rule_parts() {
    std::vector<std::string> names;
    for (const Part& part : parts) names.emplace_back(part.name);
    return names;
}

Rule parse_rule(const YamlNode& node) {
    expect_map(node, "a rule");
    refuse_unknown_parts(node);
    for (const std::string_view part : {"name", "when"})
        if (value_of(node, part) == nullptr) fail_at(node.place, fmt::format("the rule has no {}", part));
    Rule rule;
    for (const Part& part : parts)
        if (const YamlNode* value = value_of(node, part.name)) part.read(*value, rule);
    check_rule(rule, node.place);
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
    std::string text;
    for (const Part& part : parts) {
        const std::string value = part.write(rule);
        if (!value.empty()) text += fmt::format("  {} {}: {}\n", text.empty() ? "-" : " ", part.name, value);
    }
    return text;
}

}  // namespace triage
