// SPDX-License-Identifier: Apache-2.0
#include "config/schema.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "config/config.h"
#include "config/keys.h"
#include "config/rule_conditions.h"
#include "config/rule_file.h"
#include "engine/examine/content_type.h"

namespace triage {
namespace {

using Json = nlohmann::ordered_json;

template <class... F>
struct Cases : F... {
    using F::operator()...;
};
template <class... F>
Cases(F...) -> Cases<F...>;

Json closed_map(Json properties) {
    return {{"type", "object"},
            {"additionalProperties", false},
            {"minProperties", 1},
            {"properties", std::move(properties)}};
}
Json list_of(Json items) { return {{"type", "array"}, {"items", std::move(items)}}; }
Json one_or_list(const Json& item) {
    return {{"anyOf", {item, {{"type", "array"}, {"items", item}, {"minItems", 1}}}}};
}
Json one_of(const std::vector<std::string>& words) { return {{"enum", words}}; }
Json truth() { return {{"type", "boolean"}}; }
// YAML takes an unquoted 1 or 2024 for a number; where a text is meant, both are.
Json text() { return {{"type", {"string", "number"}}}; }
Json number(std::uint64_t least, std::uint64_t most) {
    return {{"type", "integer"}, {"minimum", least}, {"maximum", most}};
}
Json pattern(const char* regex) { return {{"type", "string"}, {"pattern", regex}}; }

std::vector<std::string> algorithm_words() {
    std::vector<std::string> words;
    for (const Algorithm algorithm : all_algorithms) words.emplace_back(to_string(algorithm));
    return words;
}

// ---- Rules ----

Json size() {
    return {{"anyOf", {{{"type", "integer"}, {"minimum", 0}}, pattern("^[0-9]+ *(B|kB|KiB|MB|MiB|GB|GiB|TB|TiB)?$")}}};
}
Json time_of_day() { return pattern("^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?Z?)?$"); }
Json duration() { return pattern("^[0-9]+ *(seconds?|minutes?|hours?|days?)$"); }
Json real() { return {{"type", "number"}, {"minimum", 0}, {"maximum", 8}}; }

// Case is ignored; the table's own are listed beside it, for editors.
Json mime_type() {
    return pattern("^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/(\\*|[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126})$");
}

Json words_of(const ConditionKind& kind) {
    std::vector<std::string> words(kind.words.begin(), kind.words.end());
    if (kind.name == "type") {
        words.assign(content_types().begin(), content_types().end());
        return one_or_list({{"anyOf", {one_of(words), {{"const", "unknown"}}, mime_type()}}});
    }
    return one_or_list(words.empty() ? text() : one_of(words));
}

Json match() {
    return closed_map({{"polarity", one_of({"notable", "ignorable"})},
                       {"set", one_or_list(text())},
                       {"category", one_or_list(text())},
                       {"category_set", one_or_list(text())},
                       {"label", one_or_list(text())},
                       {"alerts", truth()},
                       {"digests", number(1, all_algorithms.size())},
                       {"size_agrees", truth()},
                       {"differs", truth()}});
}

Json value_of(const ConditionKind& kind) {
    switch (kind.form) {
        case ValueForm::words: return words_of(kind);
        case ValueForm::globs:
        case ValueForm::regexes: return one_or_list(text());
        case ValueForm::size: return {{"anyOf", {size(), closed_map({{"min", size()}, {"max", size()}})}}};
        case ValueForm::time:
            return closed_map({{"after", time_of_day()},
                               {"before", time_of_day()},
                               {"newer_than", duration()},
                               {"older_than", duration()}});
        case ValueForm::number: return closed_map({{"min", real()}, {"max", real()}});
        case ValueForm::truth: return truth();
        case ValueForm::match: break;
    }
    return match();
}

Json when() {
    const Json again{{"$ref", "#/$defs/when"}};
    Json several = list_of(again);
    several["minItems"] = 1;
    Json conditions{{"all", several}, {"any", several}, {"not", again}};
    for (const ConditionKind& kind : condition_table()) {
        Json value = value_of(kind);
        value["description"] = kind.meaning;
        conditions[std::string(kind.name)] = std::move(value);
    }
    return closed_map(std::move(conditions));
}

Json word() { return pattern("^[a-z0-9-]{1,64}$"); }

Json part_of_rule(const std::string& part) {
    if (part == "when") return {{"$ref", "#/$defs/when"}};
    if (part == "severity") return one_of({"info", "notice", "alert"});
    if (part == "tags") return one_or_list(word());
    if (part == "stop_after") return number(1, 1'000'000);
    if (part == "priority") return number(0, Rule::last_priority);
    if (part == "skip") return truth();
    if (part == "hash") return one_or_list(one_of(algorithm_words()));
    if (part == "name") return word();
    return {{"type", "string"}, {"minLength", 1}, {"maxLength", 4096}};
}

Json rule() {
    Json parts = Json::object();
    for (const std::string& part : rule_parts()) parts[part] = part_of_rule(part);
    Json rule = closed_map(std::move(parts));
    rule["required"] = {"name", "when"};
    rule["anyOf"] = {{{"required", {"severity", "text"}}},
                     {{"required", {"priority"}}},
                     {{"required", {"skip"}}},
                     {{"required", {"hash"}}}};
    return rule;
}

// ---- Keys ----

Json value_of(const Key& key) {
    if (key.name == "profile") return one_of(built_in_profiles());
    if (key.name == "rules")
        return list_of({{"anyOf", {{{"type", "string"}, {"minLength", 1}}, {{"$ref", "#/$defs/rule"}}}}});
    ScanOptions options;
    Json unique = list_of(one_of(algorithm_words()));
    unique["minItems"] = 1, unique["uniqueItems"] = true;
    return std::visit(Cases{[](bool*) { return truth(); }, [&](auto*) { return number(key.lowest, key.highest); },
                            [](Redaction*) {
                                Json words = list_of(one_of({"names", "labels"}));
                                words["uniqueItems"] = true;
                                return words;
                            },
                            [&](std::string*) {
                                return Json{{"type", "string"}, {"maxLength", key.highest}};
                            },
                            [](HashEngine*) {
                                return one_of({"auto", "openssl"});
                            },
                            [](KeepNames*) {
                                return one_of({"all", "findings"});
                            },
                            [](ReportedEntries*) {
                                return one_of({"findings", "all"});
                            },
                            [&](AlgorithmSet*) { return unique; },
                            [&](std::vector<std::string>*) {
                                const bool are_plugins = key.name == "reports.plugin.paths";
                                Json names = list_of(are_plugins ? pattern("^/(.*/)?[A-Za-z0-9._-]{1,64}\\.so$")
                                                                 : Json{{"type", "string"}, {"minLength", 1}});
                                names["uniqueItems"] = true;
                                if (key.name == "reports.exec.command") {
                                    names.erase("uniqueItems");
                                    names["prefixItems"] = Json::array({pattern("^/")});
                                }
                                return names;
                            }},
                      key.field(options));
}

// Keys may be nested or written with dots.
Json keys() {
    Json properties = Json::object();
    for (const Key& key : key_table()) {
        Json value = value_of(key);
        value["description"] = fmt::format("{} {}", key.meaning, key.consequence);
        const std::string name(key.name);
        const std::size_t dot = name.rfind('.');
        if (dot != std::string::npos) {
            Json& group = properties[name.substr(0, dot)];
            if (group.is_null())
                group = {{"type", {"object", "null"}}, {"additionalProperties", false}, {"properties", Json::object()}};
            group["properties"][name.substr(dot + 1)] = value;
        }
        properties[name] = std::move(value);
    }
    return properties;
}

std::string schema_text(const char* title, Json root) {
    Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}};
    schema.update(root);
    schema["$defs"] = {{"when", when()}, {"rule", rule()}};
    return schema.dump(2) + "\n";
}

}  // namespace

std::string configuration_schema() {
    Json root{{"type", {"object", "null"}}, {"additionalProperties", false}};
    root["properties"] = keys();
    return schema_text("A configuration of triage", std::move(root));
}

std::string rule_file_schema() {
    Json root = closed_map({{"rules", list_of({{"$ref", "#/$defs/rule"}})}});
    root["required"] = {"rules"};
    return schema_text("A rule file of triage", std::move(root));
}

}  // namespace triage
