// SPDX-License-Identifier: Apache-2.0
#include "config/rule_logic.h"

#include <algorithm>

#include "engine/examine/content_type.h"

namespace triage {
namespace {

using Kind = Expression::Kind;

void add_terms(const Expression& expression, Terms& terms) {
    if (expression.kind == Kind::together || expression.kind == Kind::all) {
        for (const Expression& part : expression.parts) add_terms(part, terms);
        return;
    }
    if (expression.kind == Kind::none)
        if (const Terms inside = terms_of(expression.parts.front());
            inside.size() == 1 && inside.front()->kind == Kind::none)
            return add_terms(inside.front()->parts.front(), terms);
    terms.push_back(&expression);
}

Terms with(Terms terms, const Terms& more) {
    terms.insert(terms.end(), more.begin(), more.end());
    return terms;
}
Terms without(Terms terms, const Expression* term) {
    std::erase(terms, term);
    return terms;
}
// Branches are looked at one `any` at a time: each of one with each of another would be too many.
Terms without_branches(Terms terms) {
    std::erase_if(terms, [](const Expression* term) { return term->kind == Kind::any; });
    return terms;
}

template <class T>
bool are_apart(const std::optional<T>& least_a, const std::optional<T>& most_a, const std::optional<T>& least_b,
               const std::optional<T>& most_b) {
    return (least_a && most_b && *most_b < *least_a) || (least_b && most_a && *most_a < *least_b);
}

bool contains(const Words& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

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

template <class T>
bool asks_no_less(const std::optional<T>& narrow, const std::optional<T>& wide) {
    return !wide || narrow == wide;
}
bool asks_no_less(const Words& narrow, const Words& wide) {
    const auto is_one = [&](const std::string& word) { return contains(wide, word); };
    return wide.empty() || (!narrow.empty() && std::all_of(narrow.begin(), narrow.end(), is_one));
}
bool lies_within(const MatchTerms& narrow, const MatchTerms& wide) {
    return asks_no_less(narrow.polarity, wide.polarity) && asks_no_less(narrow.sets, wide.sets) &&
           asks_no_less(narrow.labels, wide.labels) && asks_no_less(narrow.categories, wide.categories) &&
           asks_no_less(narrow.category_sets, wide.category_sets) && asks_no_less(narrow.alerts, wide.alerts) &&
           asks_no_less(narrow.size_agrees, wide.size_agrees) && asks_no_less(narrow.differs, wide.differs) &&
           narrow.digests >= wide.digests;
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
    if (const auto* match = std::get_if<MatchTerms>(&narrow.value))
        return lies_within(*match, std::get<MatchTerms>(wide.value));
    const auto* words = std::get_if<Words>(&narrow.value);
    if (!words) return false;
    const auto& others = std::get<Words>(wide.value);
    const bool are_words = narrow.kind->form == ValueForm::words;
    return std::all_of(words->begin(), words->end(), [&](const std::string& word) {
        return are_words ? cover(others, word) : contains(others, word);
    });
}

// ---- Conditions of which there are a few values only: what the terms leave of them ----

bool is_closed(const ConditionKind& kind) { return kind.form == ValueForm::truth || !kind.words.empty(); }

Words values_of(const ConditionKind& kind, const Words& states) {
    if (kind.form == ValueForm::truth) return {"true", "false"};
    return kind.name == "state" ? states : Words(kind.words.begin(), kind.words.end());
}

// What the condition says of that kind, where it says something. Only streams have a name of their own, and only files
// an extension that a type can differ from.
std::optional<Words> values_fitting(const Condition& condition, const ConditionKind& kind) {
    if (condition.kind == &kind) {
        if (kind.form != ValueForm::truth) return std::get<Words>(condition.value);
        return Words{std::get<bool>(condition.value) ? "true" : "false"};
    }
    if (kind.name != "kind") return std::nullopt;
    if (condition.kind->name.starts_with("stream")) return Words{"stream"};
    if (condition.kind->name == "type_differs" && std::get<bool>(condition.value)) return Words{"file"};
    return std::nullopt;
}

// `not: {x}` as its `x`, where that is one condition.
const Condition* denied_by(const Expression& term) {
    if (term.kind != Kind::none) return nullptr;
    const Terms inside = terms_of(term.parts.front());
    return inside.size() == 1 && inside.front()->kind == Kind::condition ? &inside.front()->condition : nullptr;
}

// Takes from `left` what the term excludes; false when it says nothing of that kind.
bool narrows(const Expression& term, const ConditionKind& kind, Words& left) {
    const Condition* denied = denied_by(term);
    if (!denied && term.kind != Kind::condition) return false;
    if (denied && denied->kind != &kind) return false;
    const std::optional<Words> fitting = values_fitting(denied ? *denied : term.condition, kind);
    if (!fitting) return false;
    std::erase_if(left, [&](const std::string& value) { return contains(*fitting, value) == (denied != nullptr); });
    return true;
}

Words values_left(const Terms& terms, const ConditionKind& kind, const Words& states) {
    Words left = values_of(kind, states);
    for (const Expression* term : terms) narrows(*term, kind, left);
    return left;
}

std::optional<Terms> contradiction_of_few_values(const Terms& terms, const Words& states) {
    for (const ConditionKind& kind : condition_table()) {
        if (!is_closed(kind)) continue;
        Words left = values_of(kind, states);
        Terms because;
        for (const Expression* term : terms)
            if (narrows(*term, kind, left)) because.push_back(term);
        if (left.empty()) return because;
    }
    return std::nullopt;
}

// ---- Any two terms ----

bool is_certainly_not(const Expression& expression, const Terms& terms) {
    const Terms inside = terms_of(expression);
    return std::any_of(inside.begin(), inside.end(), [&](const Expression* one) {
        return one->kind == Kind::condition && std::any_of(terms.begin(), terms.end(), [&](const Expression* other) {
                   return other->kind == Kind::condition && exclude_each_other(other->condition, one->condition);
               });
    });
}

bool is_plainly_within(const Terms& narrow, const Expression& wide, const Words& states);

bool follows(const Expression& term, const Terms& from, const Words& states) {
    if (std::any_of(from.begin(), from.end(), [&](const Expression* other) { return *other == term; })) return true;
    if (term.kind == Kind::any)
        return std::any_of(term.parts.begin(), term.parts.end(),
                           [&](const Expression& part) { return is_plainly_within(from, part, states); });
    if (term.kind == Kind::none) return is_certainly_not(term.parts.front(), from);
    const Condition& wide = term.condition;
    if (is_closed(*wide.kind)) {
        const Words left = values_left(from, *wide.kind, states), fitting = *values_fitting(wide, *wide.kind);
        return std::all_of(left.begin(), left.end(),
                           [&](const std::string& value) { return contains(fitting, value); });
    }
    return std::any_of(from.begin(), from.end(), [&](const Expression* other) {
        return other->kind == Kind::condition && implies(other->condition, wide);
    });
}

// Without looking into the branches of `narrow`.
bool is_plainly_within(const Terms& narrow, const Expression& wide, const Words& states) {
    const Terms wanted = terms_of(wide);
    return std::all_of(wanted.begin(), wanted.end(),
                       [&](const Expression* term) { return follows(*term, narrow, states); });
}

std::optional<Terms> contradiction_of_two(const Terms& terms) {
    for (std::size_t i = 0; i < terms.size(); ++i)
        for (std::size_t j = i + 1; j < terms.size(); ++j)
            if (terms[i]->kind == Kind::condition && terms[j]->kind == Kind::condition &&
                exclude_each_other(terms[i]->condition, terms[j]->condition))
                return Terms{terms[i], terms[j]};
    return std::nullopt;
}

// `not: {x}` beside what is always `x`.
std::optional<Terms> contradiction_of_denied(const Terms& terms, const Words& states) {
    for (const Expression* term : terms) {
        if (term->kind != Kind::none) continue;
        const Terms others = without(terms, term);
        if (!is_plainly_within(others, term->parts.front(), states)) continue;
        for (const Expression* other : others)
            if (is_plainly_within({other}, term->parts.front(), states)) return Terms{other, term};
        return terms;
    }
    return std::nullopt;
}

std::optional<Terms> contradiction_of_branches(const Terms& terms, const Words& states) {
    const Terms rest = without_branches(terms);
    for (const Expression* term : terms) {
        if (term->kind != Kind::any) continue;
        const bool is_everywhere = std::all_of(term->parts.begin(), term->parts.end(), [&](const Expression& part) {
            return contradiction_in(with(rest, terms_of(part)), states).has_value();
        });
        if (is_everywhere) return with(rest, {term});
    }
    return std::nullopt;
}

}  // namespace

Terms terms_of(const Expression& expression) {
    Terms terms;
    add_terms(expression, terms);
    return terms;
}

std::optional<Terms> contradiction_in(const Terms& terms, const Words& states) {
    std::optional<Terms> found = contradiction_of_two(terms);
    if (!found) found = contradiction_of_few_values(terms, states);
    if (!found) found = contradiction_of_denied(terms, states);
    return found ? found : contradiction_of_branches(terms, states);
}

// Branches are opened from the outside in, and only then compared: both at every depth would be far too many.
bool is_within(const Terms& narrow, const Expression& wide, const Words& states) {
    if (is_plainly_within(narrow, wide, states)) return true;
    const Terms rest = without_branches(narrow);
    return std::any_of(narrow.begin(), narrow.end(), [&](const Expression* term) {
        return term->kind == Kind::any &&
               std::all_of(term->parts.begin(), term->parts.end(),
                           [&](const Expression& part) { return is_within(with(rest, terms_of(part)), wide, states); });
    });
}

}  // namespace triage
