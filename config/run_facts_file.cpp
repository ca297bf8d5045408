// SPDX-License-Identifier: Apache-2.0
#include "config/run_facts_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <vector>

#include "config/suggest.h"
#include "config/yaml.h"
#include "engine/base/error.h"
#include "engine/base/time.h"
#include "engine/hash/hasher.h"

namespace triage {
namespace {

constexpr std::size_t longest = 2000;  // bytes of a text

[[noreturn]] void fail(const YamlNode& value, std::string_view name, std::string_view expected) {
    fail_at(value.place, fmt::format("{} is {}; found {}", name, expected, quoted(value.text)));
}

std::string to_text(std::string_view name, const YamlNode& value) {
    if (value.text.empty() || value.text.size() > longest) fail(value, name, "a text of 1 to 2000 bytes");
    return value.text;
}

std::string to_time(std::string_view name, const YamlNode& value) {
    if (!value.text.ends_with('Z') || !parse_time(value.text)) fail(value, name, "a time such as 2026-05-01T10:20:30Z");
    return value.text;
}

std::string to_sha256(std::string_view name, const YamlNode& value) {
    const bool is_hex = value.text.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (value.text.size() != 64 || !is_hex) fail(value, name, "64 hexadecimal digits, a to f small");
    return value.text;
}

std::uint32_t to_threads(std::string_view name, const YamlNode& value) {
    std::uint32_t number = 0;
    const char *first = value.text.data(), *last = first + value.text.size();
    const auto [end, error] = std::from_chars(first, last, number);
    if (error != std::errc() || end != last || number < 1 || number > 1024)
        fail(value, name, "a number from 1 to 1024");
    return number;
}

struct Fact {
    std::string_view name;
    std::function<void(std::string_view, const YamlNode&, RunFacts&)> take;
};

const std::vector<Fact>& fact_table() {
    const auto text = [](std::string RunFacts::*field) {
        return [field](std::string_view name, const YamlNode& v, RunFacts& f) { f.*field = to_text(name, v); };
    };
    const auto time = [](std::string RunFacts::*field) {
        return [field](std::string_view name, const YamlNode& v, RunFacts& f) { f.*field = to_time(name, v); };
    };
    static const std::vector<Fact> table{
        {"started", time(&RunFacts::started)},
        {"ended", time(&RunFacts::ended)},
        {"host", text(&RunFacts::host)},
        {"user", text(&RunFacts::user)},
        {"command", text(&RunFacts::command)},
        {"threads", [](std::string_view name, const YamlNode& v, RunFacts& f) { f.threads = to_threads(name, v); }},
        {"hash_engine", text(&RunFacts::hash_engine)},
        {"sandbox", text(&RunFacts::sandbox)},
        {"configuration_sha256",
         [](std::string_view name, const YamlNode& v, RunFacts& f) { f.configuration_sha256 = to_sha256(name, v); }},
    };
    return table;
}

const Fact& fact_named(const YamlNode& key) {
    for (const Fact& fact : fact_table())
        if (fact.name == key.text) return fact;
    std::vector<std::string> names;
    for (const Fact& fact : fact_table()) names.emplace_back(fact.name);
    fail_at(key.place, "no run fact is called " + quoted(key.text), suggestion(key.text, names));
}

// A fact that is not given would be that of the run, and differ.
void require_all(const YamlNode& root) {
    for (const Fact& fact : fact_table())
        if (std::none_of(root.keys.begin(), root.keys.end(), [&](const YamlNode& k) { return k.text == fact.name; }))
            fail_at(root.place, fmt::format("{} is missing", fact.name), "every run fact is to be given");
}

}  // namespace

RunFacts read_run_facts_file(const std::string& path) {
    const Result<std::string> text = read_yaml_file(path);
    if (!text) throw Error(path, text.why(), "--run-facts takes a YAML file");
    const YamlNode root = parse_yaml(*text, path);
    if (root.kind != YamlNode::Kind::map)
        fail_at(root.place, fmt::format("expected a map of run facts; found {}", to_string(root.kind)));
    RunFacts facts;
    for (std::size_t i = 0; i < root.keys.size(); ++i) {
        const Fact& fact = fact_named(root.keys[i]);
        if (root.items[i].kind != YamlNode::Kind::scalar)
            fail_at(root.items[i].place,
                    fmt::format("{} is a value; found {}", fact.name, to_string(root.items[i].kind)));
        fact.take(fact.name, root.items[i], facts);
    }
    require_all(root);
    facts.source_sha256 = hash_of(as_bytes(*text)).sha256->hex();
    return facts;
}

}  // namespace triage
