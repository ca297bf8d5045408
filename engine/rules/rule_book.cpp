// SPDX-License-Identifier: Apache-2.0
#include "engine/rules/rule_book.h"

#include <algorithm>

#include "engine/examine/content_type.h"

namespace triage {

struct RuleBook::Node {
    Expression::Kind kind;
    const Condition* condition = nullptr;  // of rules_
    Prepared prepared;
    std::vector<Node> parts;
    int cost = 0;  // patterns are asked last
};

struct RuleBook::Compiled {
    const Rule* rule;
    Node when;
    bool concerns_notable = false;
};

Needs needs_of(const Expression& expression) {
    if (expression.kind == Expression::Kind::condition) return expression.condition.kind->needs;
    Needs needs = Needs::metadata;
    for (const Expression& part : expression.parts) needs = std::max(needs, needs_of(part));
    return needs;
}

bool names_condition(const Expression& expression, std::string_view kind) {
    if (expression.kind == Expression::Kind::condition) return expression.condition.kind->name == kind;
    return std::any_of(expression.parts.begin(), expression.parts.end(),
                       [&](const Expression& part) { return names_condition(part, kind); });
}

bool asks_for_type(const Expression& expression) {
    return names_condition(expression, "type") || names_condition(expression, "type_differs");
}

std::vector<std::string> types_for_libmagic(const Expression& expression) {
    std::vector<std::string> types;
    if (expression.kind == Expression::Kind::condition && expression.condition.kind->name == "type")
        types = std::get<std::vector<std::string>>(expression.condition.value);
    std::erase_if(types, [](const std::string& type) { return is_in_table(type); });
    for (const Expression& part : expression.parts)
        for (std::string& type : types_for_libmagic(part)) types.push_back(std::move(type));
    return types;
}

bool needs_whole_content(const Expression& expression) {
    return names_condition(expression, "entropy") ||
           (asks_for_type(expression) && names_condition(expression, "match"));
}

bool concerns_notable_matches(const Expression& expression) {
    if (expression.kind == Expression::Kind::none) return false;
    if (expression.kind != Expression::Kind::condition)
        return std::any_of(expression.parts.begin(), expression.parts.end(), concerns_notable_matches);
    const auto* terms = std::get_if<MatchTerms>(&expression.condition.value);
    return terms && terms->polarity.value_or(Polarity::notable) == Polarity::notable;
}

const Rule& built_in_match() {
    static const Rule rule = [] {
        Rule match;
        match.name = "match", match.severity = Severity::notice;
        match.text = "The entry's digest is in a notable known set, and no rule of the configuration says so.";
        return match;
    }();
    return rule;
}

RuleBook::RuleBook(const Rules& rules, std::vector<SetFacts> sets, Timestamp started) : rules_(rules) {
    context_.sets = std::move(sets);
    context_.started = started;
    for (const Rule& rule : rules_) {
        const bool acts_before = rule.priority || rule.skip || !rule.hash.empty();
        if (acts_before) before_.push_back({&rule, compile(rule.when)});
        if (rule.severity) judging_.push_back({&rule, compile(rule.when), concerns_notable_matches(rule.when)});
        if (rule.severity && names_condition(rule.when, "entropy")) entropy_.push_back({&rule, compile(rule.when)});
        if (rule.severity && !types_for_libmagic(rule.when).empty()) libmagic_.push_back({&rule, compile(rule.when)});
        if (rule.severity && asks_for_type(rule.when)) typed_.push_back({&rule, compile(rule.when)});
        may_stop_ |= rule.stop_after > 0;
    }
    for (PatternSet& set : context_.patterns) set.compile();
    // Only now all extensions have their numbers.
    const auto widen = [&](auto& self, Node& node) -> void {
        node.prepared.extensions.resize(context_.extensions.size());
        for (Node& part : node.parts) self(self, part);
    };
    for (std::vector<Compiled>* list : {&before_, &entropy_, &typed_, &libmagic_, &judging_})
        for (Compiled& one : *list) widen(widen, one.when);
}

RuleBook::~RuleBook() = default;

RuleBook::Node RuleBook::compile(const Expression& expression) {
    Node node{expression.kind, nullptr, {}, {}, 0};
    if (expression.kind == Expression::Kind::condition) {
        node.condition = &expression.condition;
        prepare(expression.condition, node.prepared);
        node.prepared.others = types_for_libmagic(expression);
        node.cost = node.prepared.patterns.empty() ? 0 : 1;
        return node;
    }
    for (const Expression& part : expression.parts) node.parts.push_back(compile(part));
    for (const Node& part : node.parts) node.cost = std::max(node.cost, part.cost);
    std::stable_sort(node.parts.begin(), node.parts.end(),
                     [](const Node& a, const Node& b) { return a.cost < b.cost; });
    return node;
}

void RuleBook::prepare(const Condition& condition, Prepared& prepared) {
    const auto add_globs = [&](PatternText text, const std::vector<std::string>& globs, std::vector<int>& numbers) {
        for (const std::string& glob : globs)
            numbers.push_back(context_.patterns[static_cast<std::size_t>(text)].add(glob_as_regex(glob)));
    };
    const std::string_view name = condition.kind->name;
    const PatternText text = name.starts_with("path")     ? PatternText::path
                             : name.starts_with("name")   ? PatternText::name
                             : name.starts_with("stream") ? PatternText::stream
                                                          : PatternText::volume;
    if (condition.kind->form == ValueForm::match) {
        const auto& terms = std::get<MatchTerms>(condition.value);
        add_globs(PatternText::set, terms.sets, prepared.patterns);
        add_globs(PatternText::label, terms.labels, prepared.labels);
    } else if (condition.kind->form == ValueForm::globs) {
        add_globs(text, std::get<std::vector<std::string>>(condition.value), prepared.patterns);
    } else if (condition.kind->form == ValueForm::regexes) {
        for (const std::string& regex : std::get<std::vector<std::string>>(condition.value))
            prepared.patterns.push_back(context_.patterns[static_cast<std::size_t>(text)].add(regex));
    } else if (name == "extension") {
        for (const std::string& word : std::get<std::vector<std::string>>(condition.value)) {
            const std::size_t number = context_.extensions.emplace(word, context_.extensions.size()).first->second;
            prepared.extensions.resize(std::max(prepared.extensions.size(), number + 1));
            prepared.extensions[number] = true;
        }
    }
}

Truth RuleBook::decide(const Node& node, Facts& facts) {
    using Kind = Expression::Kind;
    if (node.kind == Kind::condition) return node.condition->kind->holds(node.condition->value, node.prepared, facts);
    if (node.kind == Kind::none) {
        const Truth inside = decide(node.parts.front(), facts);
        return inside == Truth::unknown ? inside : inside == Truth::yes ? Truth::no : Truth::yes;
    }
    const bool is_any = node.kind == Kind::any;
    const Truth decisive = is_any ? Truth::yes : Truth::no;
    Truth truth = is_any ? Truth::no : Truth::yes;
    for (const Node& part : node.parts) {
        const Truth one = decide(part, facts);
        if (one == decisive) return one;
        if (one == Truth::unknown) truth = one;
    }
    return truth;
}

RuleBook::BeforeReading RuleBook::before_reading(const Entry& entry, const EntryPlace& place) const {
    BeforeReading before;
    if (before_.empty() && entropy_.empty() && libmagic_.empty()) return before;
    Facts facts(context_, entry, place, nullptr);
    std::optional<std::uint32_t> priority;
    for (const Compiled& one : before_) {
        if (decide(one.when, facts) != Truth::yes) continue;
        if (one.rule->priority) priority = std::min(priority.value_or(Rule::last_priority), *one.rule->priority);
        before.is_skipped |= one.rule->skip;
        before.hash.add(one.rule->hash);
    }
    before.priority = priority.value_or(Rule::usual_priority);
    // What metadata already exclude needs no count of its bytes, and no other type.
    const auto may_hold = [&](const Compiled& one) { return decide(one.when, facts) != Truth::no; };
    before.wants_entropy = std::any_of(entropy_.begin(), entropy_.end(), may_hold);
    before.wants_libmagic = std::any_of(libmagic_.begin(), libmagic_.end(), may_hold);
    return before;
}

// The type may be any, what else needs the content stays open: a rule that then cannot hold needs no type.
RuleBook::Prospect RuleBook::prospect_by_type(const Node& node, Facts& facts) {
    using Kind = Expression::Kind;
    if (node.kind == Kind::condition) {
        if (node.condition->kind->name.starts_with("type")) return {true, true};
        const Truth truth = decide(node, facts);
        return {truth == Truth::yes, truth == Truth::no};
    }
    if (node.kind == Kind::none) {
        const Prospect inside = prospect_by_type(node.parts.front(), facts);
        return {inside.may_fail, inside.may_hold};
    }
    const bool is_any = node.kind == Kind::any;
    Prospect prospect{!is_any, is_any};
    for (const Node& part : node.parts) {
        const Prospect one = prospect_by_type(part, facts);
        prospect.may_hold = is_any ? prospect.may_hold || one.may_hold : prospect.may_hold && one.may_hold;
        prospect.may_fail = is_any ? prospect.may_fail && one.may_fail : prospect.may_fail || one.may_fail;
    }
    return prospect;
}

bool RuleBook::is_decided_by_type(const Entry& entry, const EntryPlace& place) const {
    if (typed_.empty()) return false;
    Facts facts(context_, entry, place, nullptr);
    return std::any_of(typed_.begin(), typed_.end(), [&](const Compiled& one) {
        return decide(one.when, facts) == Truth::unknown && prospect_by_type(one.when, facts).may_hold;
    });
}

std::optional<Finding> RuleBook::judge(const Entry& entry, const EntryPlace& place, const Examined& examined) const {
    if (judging_.empty() && examined.matches.empty()) return std::nullopt;
    Facts facts(context_, entry, place, &examined);
    Finding finding;
    bool is_match_named = false;
    for (const Compiled& one : judging_) {
        if (decide(one.when, facts) != Truth::yes) continue;
        finding.severity = std::max(finding.severity, *one.rule->severity);
        finding.rules.push_back(one.rule->name);
        is_match_named |= one.concerns_notable;
    }
    if (!is_match_named && has_notable_match(examined)) {
        finding.severity = std::max(finding.severity, *built_in_match().severity);
        finding.rules.push_back(built_in_match().name);
    }
    if (finding.rules.empty()) return std::nullopt;
    return finding;
}

bool RuleBook::has_notable_match(const Examined& examined) const {
    return std::any_of(examined.matches.begin(), examined.matches.end(),
                       [&](const Match& match) { return context_.sets[match.set].polarity == Polarity::notable; });
}

bool RuleBook::asks_for(std::string_view condition) const {
    return std::any_of(rules_.begin(), rules_.end(),
                       [&](const Rule& rule) { return names_condition(rule.when, condition); });
}

std::uint64_t RuleBook::stops_after(std::string_view name) const {
    for (const Rule& rule : rules_)
        if (rule.name == name) return rule.stop_after;
    return 0;
}

}  // namespace triage
