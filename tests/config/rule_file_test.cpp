// SPDX-License-Identifier: Apache-2.0
#include "config/rule_file.h"

#include <doctest/doctest.h>

#include "config/embedded.h"

namespace triage {
namespace {

std::string error_of(const std::string& text) {
    try {
        parse_rule_file(parse_yaml(text, "F"));
    } catch (const Error& error) {
        return error.what();
    }
    return "accepted";
}

std::string rule(const std::string& name, const std::string& when, const std::string& severity,
                 const std::string& text) {
    return "rules:\n  - name: " + name + "\n    when: " + when + "\n    severity: " + severity + "\n    text: " + text +
           "\n";
}

const std::string notable = "{match: {polarity: notable}}";

}  // namespace

TEST_CASE("a rule has a name, conditions, a severity and a text") {
    const auto rules = parse_rule_file(parse_yaml(rule("a-1", notable, "notice", "Say this."), "F"));
    REQUIRE(rules.size() == 1);
    CHECK(rules[0].first.name == "a-1");
    CHECK(rules[0].first.match_polarity == Polarity::notable);
    CHECK(rules[0].first.severity == Severity::notice);
    CHECK(rules[0].first.text == "Say this.");
    CHECK(to_string(rules[0].second) == "F, line 2, column 5");
    const auto again = parse_rule_file(parse_yaml("rules:\n" + rule_to_yaml(rules[0].first), "F"));
    CHECK(rule_to_yaml(again[0].first) == rule_to_yaml(rules[0].first));
}

TEST_CASE("what is wrong with a rule is said with its place") {
    CHECK(error_of(rule("A", notable, "info", "t")) ==
          "F, line 2, column 11: the name \"A\" is not made of up to 64 of a-z, 0-9 and -");
    CHECK(error_of(rule("a", notable, "alarm", "t")) ==
          "F, line 4, column 15: unknown severity \"alarm\"; did you mean alert?");
    CHECK(error_of(rule("a", "{match: {polarity: notabel}}", "info", "t")) ==
          "F, line 3, column 30: unknown polarity \"notabel\"; did you mean notable?");
    CHECK(error_of(rule("a", "{mach: {polarity: notable}}", "info", "t")) ==
          "F, line 3, column 12: unknown condition \"mach\"; did you mean match?");
    CHECK(error_of(rule("a", "{match: {set: x}}", "info", "t")) ==
          "F, line 3, column 20: unknown key \"set\" in match; expected one of polarity, alerts");
    CHECK(error_of(rule("a", "{match: {}}", "info", "t")) ==
          "F, line 3, column 19: match names nothing; expected polarity: notable or ignorable");
    CHECK(error_of(rule("a", "{}", "info", "t")) == "F, line 3, column 11: when names no condition; expected match");
    CHECK(error_of(rule("a", "match", "info", "t")) == "F, line 3, column 11: when is a map; found a value");
    CHECK(error_of(rule("a", notable, "info", "[t]")) == "F, line 5, column 11: text is a text; found a list");
    CHECK(error_of("rules:\n  - name: a\n    when: {match: {polarity: notable}}\n    text: t\n") ==
          "F, line 2, column 5: the rule has no severity");
    CHECK(error_of(rule("a", notable, "info", "t") + "    severty: info\n") ==
          "F, line 6, column 5: unknown key \"severty\" in a rule; did you mean severity?");
    CHECK(error_of("rule: []\n") == "F, line 1, column 1: unknown key \"rule\" in a rule file; did you mean rules?");
    CHECK(error_of("rules: 3\n") == "F, line 1, column 8: rules is a list of rules; found a value");
    CHECK(error_of("") == "F, line 1, column 1: a rule file is a map; found nothing");
    CHECK(error_of("{}") == "F, line 1, column 1: the rule file has no rules");
}

TEST_CASE("every built-in rule file is valid") {
    std::size_t files = 0;
    for (const EmbeddedFile& file : embedded_files()) {
        if (!file.path.starts_with("rules/")) continue;
        ++files;
        CHECK_NOTHROW(parse_rule_file(parse_yaml(file.text, std::string(file.path))));
    }
    CHECK(files >= 1);
}

}  // namespace triage
