// SPDX-License-Identifier: Apache-2.0
#include "engine/rules/rule.h"

#include <doctest/doctest.h>

namespace triage {
namespace {

constexpr Polarity polarities[] = {Polarity::ignorable, Polarity::notable};

Rule rule(std::string name, Severity severity, std::optional<Polarity> polarity) {
    return {std::move(name), severity, "", polarity};
}

Examined matching(std::initializer_list<std::uint32_t> sets) {
    Examined examined;
    for (const std::uint32_t set : sets) {
        examined.matches.emplace_back();
        examined.matches.back().set = set;
    }
    return examined;
}

}  // namespace

TEST_CASE("a rule of notable matches holds only for a match in a notable set") {
    const Rules rules{rule("hit", Severity::alert, Polarity::notable)};
    CHECK(judge(rules, {}, matching({1}), polarities) == Finding{Severity::alert, {"hit"}});
    CHECK(judge(rules, {}, matching({0, 1}), polarities) == Finding{Severity::alert, {"hit"}});
    CHECK(judge(rules, {}, matching({0}), polarities) == std::nullopt);
    CHECK(judge(rules, {}, matching({}), polarities) == std::nullopt);
}

TEST_CASE("a finding has the highest severity and the rules in their order") {
    const Rules rules{rule("z", Severity::notice, Polarity::notable), rule("no", Severity::alert, Polarity::ignorable),
                      rule("a", Severity::info, Polarity::notable)};
    CHECK(judge(rules, {}, matching({1}), polarities) == Finding{Severity::notice, {"z", "a"}});
}

TEST_CASE("without rules there is no finding") { CHECK_FALSE(judge({}, {}, matching({1}), polarities)); }

TEST_CASE("severities have the words of the contract") {
    for (const Severity severity : {Severity::info, Severity::notice, Severity::alert})
        CHECK(severity_of(to_string(severity)) == severity);
    CHECK_FALSE(severity_of("Alert"));
}

}  // namespace triage
