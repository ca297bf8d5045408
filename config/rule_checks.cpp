// SPDX-License-Identifier: Apache-2.0
#include "config/rule_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/rule_conditions.h"
#include "engine/examine/content_type.h"
#include "engine/scan/options.h"

namespace triage {
namespace {

using Kind = Expression::Kind;

// The expressions that must hold together: through maps and `all`, not into `any` and `not`.
void add_terms(const Expression& expression, std::vector<const Expression*>& terms) {
    if (expression.kind == Kind::together || expression.kind == Kind::all)
        for (const Expression& part : expression.parts) add_terms(part, terms);
    else terms.push_back(&expression);
}
std::vector<const Expression*> terms_of(const Expression& expression) {
    std::vector<const Expression*> terms;
    add_terms(expression, terms);
    return terms;
}

// `not: {x}` as its `x`; null when it is no such thing.
const Expression* negated(const Expression& term) {
    if (term.kind != Kind::none) return nullptr;
    const std::vector<const Expression*> inside = terms_of(term);
    if (inside.size() != 1 || inside[0] != &term) return nullptr;
    const std::vector<const Expression*> parts = terms_of(term.parts.front());
    return parts.size() == 1 ? parts.front() : nullptr;
}

template <class T>
bool are_apart(const std::optional<T>& least_a, const std::optional<T>& most_a, const std::optional<T>& least_b,
               const std::optional<T>& most_b) {
    return (least_a && most_b && *most_b < *least_a) || (least_b && most_a && *most_a < *least_b);
}

using Words = std::vector<std::string>;

bool is_type_range(std::string_view word) { return word.ends_with("/*"); }
// "image/*" covers "image/png" and itself.
bool covers(std::string_view wide, std::string_view narrow) {
    return wide == narrow || (is_type_range(wide) && narrow.starts_with(wide.substr(0, wide.size() - 1)));
}
bool cover(const Words& wide, std::string_view narrow) {
    return std::any_of(wide.begin(), wide.end(), [&](const std::string& word) { return covers(word, narrow); });
}

// The table and libmagic may each say another type of one content.
bool have_two_tellers(const Words& a, const Words& b) {
    const auto is_libmagics = [](const std::string& type) { return !is_in_table(type); };
    const auto has_libmagics =
        std::any_of(a.begin(), a.end(), is_libmagics) || std::any_of(b.begin(), b.end(), is_libmagics);
    const auto has_only_libmagics =
        std::all_of(a.begin(), a.end(), is_libmagics) && std::all_of(b.begin(), b.end(), is_libmagics);
    return has_libmagics && !has_only_libmagics;
}

bool is_at_or_before(const Timestamp& a, const Timestamp& b) {
    return std::pair(a.seconds, a.nanoseconds) <= std::pair(b.seconds, b.nanoseconds);
}
// One ends where the other begins, or before. An absolute bound and a relative one are not compared: the time of the
// scan is between them.
bool ends_before(const TimeRange& a, const TimeRange& b) {
    return (a.before && b.after && is_at_or_before(*a.before, *b.after)) ||
           (a.older_than && b.newer_than && *b.newer_than <= *a.older_than);
}

// Two conditions of one kind that no entry can satisfy at once. Of patterns nothing is said.
bool exclude_each_other(const Condition& a, const Condition& b) {
    if (a.kind != b.kind) return false;
    if (a.kind->form == ValueForm::truth) return a.value != b.value;
    if (a.kind->form == ValueForm::size) {
        const auto &x = std::get<SizeRange>(a.value), &y = std::get<SizeRange>(b.value);
        return are_apart(x.least, x.most, y.least, y.most);
    }
    if (a.kind->form == ValueForm::number) {
        const auto &x = std::get<NumberRange>(a.value), &y = std::get<NumberRange>(b.value);
        return are_apart(x.least, x.most, y.least, y.most);
    }
    if (a.kind->form == ValueForm::time) {
        const auto &x = std::get<TimeRange>(a.value), &y = std::get<TimeRange>(b.value);
        return ends_before(x, y) || ends_before(y, x);
    }
    if (a.kind->form != ValueForm::words) return false;
    const auto &x = std::get<Words>(a.value), &y = std::get<Words>(b.value);
    if (a.kind->name == "type" && have_two_tellers(x, y)) return false;
    return std::none_of(x.begin(), x.end(), [&](const std::string& word) { return cover(y, word); }) &&
           std::none_of(y.begin(), y.end(), [&](const std::string& word) { return cover(x, word); });
}

std::string in_words(const Expression& term) {
    Expression together;
    together.parts.push_back(term);
    return when_to_yaml(together);
}

void refuse_contradiction(const Rule& rule, const Expression& expression, const Place& place) {
    const std::vector<const Expression*> terms = terms_of(expression);
    for (std::size_t i = 0; i < terms.size(); ++i)
        for (std::size_t j = 0; j < terms.size(); ++j) {
            const Expression &a = *terms[i], &b = *terms[j];
            const Expression* not_b = negated(b);
            const bool is_denied = not_b && *not_b == a;
            const bool is_apart = a.kind == Kind::condition && b.kind == Kind::condition && i < j &&
                                  exclude_each_other(a.condition, b.condition);
            if (is_denied || is_apart)
                fail_at(place, fmt::format("the rule {} never holds: {} and {} contradict each other", rule.name,
                                           in_words(a), in_words(b)));
        }
    for (const Expression* term : terms)
        for (const Expression& part : term->parts) refuse_contradiction(rule, part, place);
}

template <class Range>
bool lies_within(const Range& narrow, const Range& wide) {
    return (!wide.least || (narrow.least && *narrow.least >= *wide.least)) &&
           (!wide.most || (narrow.most && *narrow.most <= *wide.most));
}
bool lies_within(const TimeRange& narrow, const TimeRange& wide) {
    return (!wide.after || (narrow.after && is_at_or_before(*wide.after, *narrow.after))) &&
           (!wide.before || (narrow.before && is_at_or_before(*narrow.before, *wide.before))) &&
           (!wide.newer_than || (narrow.newer_than && *narrow.newer_than <= *wide.newer_than)) &&
           (!wide.older_than || (narrow.older_than && *narrow.older_than >= *wide.older_than));
}

// Of patterns only those that stand in both are known to fit.
bool implies(const Condition& narrow, const Condition& wide) {
    if (narrow == wide) return true;
    if (narrow.kind != wide.kind) return false;
    if (const auto* size = std::get_if<SizeRange>(&narrow.value))
        return lies_within(*size, std::get<SizeRange>(wide.value));
    if (const auto* number = std::get_if<NumberRange>(&narrow.value))
        return lies_within(*number, std::get<NumberRange>(wide.value));
    if (const auto* time = std::get_if<TimeRange>(&narrow.value))
        return lies_within(*time, std::get<TimeRange>(wide.value));
    const auto* words = std::get_if<Words>(&narrow.value);
    if (!words) return false;
    const auto& others = std::get<Words>(wide.value);
    const bool are_words = narrow.kind->form == ValueForm::words;
    return std::all_of(words->begin(), words->end(), [&](const std::string& word) {
        return are_words ? cover(others, word) : std::find(others.begin(), others.end(), word) != others.end();
    });
}

// Where `narrow` holds, `wide` surely does: each of its terms follows from one of the other's.
bool is_within(const Expression& narrow, const Expression& wide) {
    const std::vector<const Expression*> all = terms_of(narrow);
    const auto follows = [&](const Expression* term) {
        if (term->kind == Kind::any)
            for (const Expression& part : term->parts)
                if (is_within(narrow, part)) return true;
        return std::any_of(all.begin(), all.end(), [&](const Expression* other) {
            const bool are_conditions = other->kind == Kind::condition && term->kind == Kind::condition;
            return are_conditions ? implies(other->condition, term->condition) : *other == *term;
        });
    };
    const std::vector<const Expression*> some = terms_of(wide);
    return std::all_of(some.begin(), some.end(), follows);
}

bool is_only(const Expression& term, std::string_view state) {
    return term.kind == Kind::condition && term.condition.kind->name == "state" &&
           std::get<std::vector<std::string>>(term.condition.value) == std::vector<std::string>{std::string(state)};
}

void refuse_unlisted(const Rule& rule, const Place& place, const ScanOptions& options) {
    for (const Expression* term : terms_of(rule.when)) {
        if (!options.walk.deleted && is_only(*term, "deleted"))
            fail_at(place, fmt::format("the rule {} is never reached: entries.deleted is false", rule.name));
        if (!options.walk.orphans && is_only(*term, "orphan"))
            fail_at(place, fmt::format("the rule {} is never reached: entries.orphans is false", rule.name));
    }
}

void compare(const Rule& rule, const Place& place, const Rule& other, const Place& other_place) {
    const bool is_skipped = other.skip && is_within(rule.when, other.when);
    if (is_skipped && rule.severity && needs_of(rule.when) == Needs::content)
        fail_at(place, fmt::format("the rule {} is never reached: {} ({}) skips all that it holds for", rule.name,
                                   other.name, to_string(other_place)));
    if (is_skipped && !rule.skip && (rule.priority || !rule.hash.empty()))
        fail_at(place, fmt::format("the rules {} and {} ({}) contradict each other: what is skipped is not read",
                                   rule.name, other.name, to_string(other_place)));
    if (rule.when == other.when && rule.priority && other.priority && rule.priority != other.priority)
        fail_at(place, fmt::format("the rules {} and {} ({}) contradict each other: one `when`, two priorities",
                                   rule.name, other.name, to_string(other_place)));
}

}  // namespace

void check_rule(const Rule& rule, const Place& place) {
    const bool acts_before = rule.priority || rule.skip || !rule.hash.empty();
    if (rule.name == built_in_match().name)
        fail_at(place,
                fmt::format("the name {} is that of the built-in rule for matches that no rule names", rule.name),
                "give the rule another name");
    if (!rule.severity && !acts_before)
        fail_at(place,
                fmt::format("nothing follows from the rule {}; expected severity, priority, skip or hash", rule.name));
    if (rule.severity && rule.text.empty())
        fail_at(place, fmt::format("the rule {} has a severity and no text", rule.name),
                "say what a reader is to know");
    if (!rule.severity && (!rule.tags.empty() || rule.stop_after > 0))
        fail_at(place, fmt::format("the rule {} has no severity: tags and stop_after belong to findings", rule.name));
    if (rule.skip && (rule.priority || !rule.hash.empty()))
        fail_at(place,
                fmt::format("the rule {} contradicts itself: what is skipped has no priority and no hash", rule.name));
    if (acts_before && needs_of(rule.when) == Needs::content)
        fail_at(place,
                fmt::format("the rule {} asks for the content: priority, skip and hash are decided before it is read",
                            rule.name),
                "use conditions on metadata there, and a rule of its own for the finding");
    refuse_contradiction(rule, rule.when, place);
}

void check_rules(std::span<const std::pair<Rule, Place>> rules, const ScanOptions& options) {
    for (const auto& [rule, place] : rules) {
        refuse_unlisted(rule, place, options);
        for (const auto& [other, other_place] : rules)
            if (&other != &rule) compare(rule, place, other, other_place);
    }
}

}  // namespace triage
