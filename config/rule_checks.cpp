// SPDX-License-Identifier: Apache-2.0
#include "config/rule_checks.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "config/rule_conditions.h"
#include "config/rule_logic.h"
#include "engine/scan/options.h"

namespace triage {
namespace {

std::string in_words(const Expression& term) {
    Expression together;
    together.parts.push_back(term);
    return when_to_yaml(together);
}

std::string in_words(const Terms& terms) {
    std::vector<std::string> words;
    for (const Expression* term : terms) words.push_back(in_words(*term));
    return fmt::format("{}{}", fmt::join(words, " and "),
                       words.size() > 1 ? " contradict each other" : " fits nothing");
}

const Words every_state{"allocated", "deleted", "orphan"};

// `terms` is what must hold together, of which a branch of an `any` is a part.
void refuse_contradiction(const Rule& rule, const Terms& terms, const Place& place) {
    if (const auto found = contradiction_in(terms, every_state))
        fail_at(place, fmt::format("the rule {} never holds: {}", rule.name, in_words(*found)));
    Terms rest = terms;
    std::erase_if(rest, [](const Expression* term) { return term->kind == Expression::Kind::any; });
    for (const Expression* term : terms) {
        if (term->kind == Expression::Kind::condition) continue;
        for (const Expression& part : term->parts) {
            Terms inside = terms_of(part);
            if (term->kind == Expression::Kind::any) inside.insert(inside.end(), rest.begin(), rest.end());
            refuse_contradiction(rule, inside, place);
        }
    }
}

Words states_of(bool deleted, bool orphans) {
    Words states{"allocated"};
    if (deleted) states.emplace_back("deleted");
    if (orphans) states.emplace_back("orphan");
    return states;
}

void refuse_unlisted(const Rule& rule, const Place& place, const WalkLimits& listed) {
    const auto is_reached = [&](bool deleted, bool orphans) {
        return !contradiction_in(terms_of(rule.when), states_of(deleted, orphans));
    };
    if (is_reached(listed.deleted, listed.orphans)) return;
    const char* why = !is_reached(listed.deleted, true)   ? "entries.deleted is false"
                      : !is_reached(true, listed.orphans) ? "entries.orphans is false"
                                                          : "entries.deleted and entries.orphans are false";
    fail_at(place, fmt::format("the rule {} is never reached: {}", rule.name, why));
}

// A rule with what is asked of it again and again.
struct Checked {
    const Rule& rule;
    const Place& place;
    Terms terms = terms_of(rule.when);
    bool asks_for_content = rule.severity && needs_of(rule.when) == Needs::content;
    bool acts_on_reading = rule.priority || !rule.hash.empty();
};

void refuse_skipped(const Checked& one, const Checked& other, const Words& states) {
    const bool is_of_use = one.asks_for_content || one.acts_on_reading;
    if (!other.rule.skip || !is_of_use || !is_within(one.terms, other.rule.when, states)) return;
    const std::string other_place = to_string(other.place);
    if (one.asks_for_content)
        fail_at(one.place, fmt::format("the rule {} is never reached: {} ({}) skips all that it holds for",
                                       one.rule.name, other.rule.name, other_place));
    fail_at(one.place, fmt::format("the rules {} and {} ({}) contradict each other: what is skipped is not read",
                                   one.rule.name, other.rule.name, other_place));
}

// Of several priorities the lowest counts.
void refuse_later(const Checked& one, const Checked& other, const Words& states) {
    if (!one.rule.priority || !other.rule.priority || *one.rule.priority <= *other.rule.priority) return;
    if (!is_within(one.terms, other.rule.when, states)) return;
    fail_at(
        one.place,
        fmt::format("the priority {} of the rule {} never counts: {} ({}) gives all that it holds for the priority {}",
                    *one.rule.priority, one.rule.name, other.rule.name, to_string(other.place), *other.rule.priority));
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
    refuse_contradiction(rule, terms_of(rule.when), place);
}

void check_rules(std::span<const std::pair<Rule, Place>> rules, const ScanOptions& options) {
    const Words states = states_of(options.walk.deleted, options.walk.orphans);
    std::vector<Checked> checked;
    for (const auto& [rule, place] : rules) {
        refuse_unlisted(rule, place, options.walk);
        checked.push_back({rule, place});
    }
    for (const Checked& one : checked)
        for (const Checked& other : checked) {
            refuse_skipped(one, other, states);
            refuse_later(one, other, states);
        }
}

}  // namespace triage
