// SPDX-License-Identifier: Apache-2.0
// Rules as data: a tree of conditions on an entry, and what follows when it holds. The YAML form is read by config/;
// this is what it becomes, and rule_book.h is what decides. Values; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/rules/condition.h"
#include "engine/rules/finding.h"

namespace triage {

struct Expression {
    enum class Kind : std::uint8_t {
        together,   // conditions of one map: all of them
        all,        // of a list
        any,        // of a list
        none,       // `not`: its one part does not hold
        condition,  // `condition` says it
    };
    Kind kind = Kind::together;
    std::vector<Expression> parts;
    Condition condition;
    friend bool operator==(const Expression&, const Expression&) = default;
};

// What must be known of an entry before the expression can be decided.
Needs needs_of(const Expression& expression);
// Whether a condition of this kind stands anywhere in it.
bool names_condition(const Expression& expression, std::string_view kind);
// Whether it asks for the type, which the first bytes tell.
bool asks_for_type(const Expression& expression);
// The types in it that the table of engine/examine/content_type.h does not have, and libmagic is asked for.
std::vector<std::string> types_for_libmagic(const Expression& expression);
// Whether it may stay open for a content of which only the first bytes were read, and which no notable set knows: it
// asks for the entropy, or beside the type for a match, which may be an ignorable one.
bool needs_whole_content(const Expression& expression);
// Whether a match in a notable set may be what makes it hold.
bool concerns_notable_matches(const Expression& expression);

struct Rule {
    static constexpr std::uint32_t usual_priority = 5, last_priority = 9;  // 0 is the first

    std::string name;  // [a-z0-9-]+, unique in a configuration
    Expression when;
    // A finding, where there is a severity.
    std::optional<Severity> severity;
    std::string text;               // for the report
    std::vector<std::string> tags;  // for the report
    std::uint64_t stop_after = 0;   // findings of this rule after which the scan stops; 0: it does not
    // Before the content is read: `when` then needs metadata only.
    std::optional<std::uint32_t> priority;  // when it is read: of several rules the lowest number counts
    bool skip = false;                      // it is not read at all
    AlgorithmSet hash;                      // digests beside those that lists carry; empty: those of the configuration
};
using Rules = std::vector<Rule>;

// What says a notable match that no rule of the configuration names: none can make a match go unsaid.
const Rule& built_in_match();

}  // namespace triage
