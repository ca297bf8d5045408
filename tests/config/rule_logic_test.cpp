// SPDX-License-Identifier: Apache-2.0
// What is proven of conditions, held against the rule book on made-up entries.
#include "config/rule_logic.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <ctime>
#include <random>

#include "config/rule_conditions.h"
#include "config/yaml.h"
#include "engine/rules/rule_book.h"

namespace triage {
namespace {

const std::vector<std::string> conditions{"state: allocated",
                                          "state: [deleted, orphan]",
                                          "kind: file",
                                          "kind: stream",
                                          "stream: '**'",
                                          "metadata: true",
                                          "metadata: false",
                                          "size: {min: 5}",
                                          "size: {max: 3}",
                                          "size: 4",
                                          "extension: jpg",
                                          "extension: [jpg, png]",
                                          "type: image/*",
                                          "type: image/png",
                                          "type: [unknown, image/jpeg]",
                                          "type: [text/x-php, image/jpeg]",
                                          "type_differs: true",
                                          "type_differs: false",
                                          "modified: {after: 2020-01-01}",
                                          "modified: {before: 2020-01-01}",
                                          "modified: {before: 2010-01-01}",
                                          "entropy: {min: 7}",
                                          "entropy: {max: 6}",
                                          "match: {polarity: notable}",
                                          "match: {polarity: ignorable}",
                                          "match: {polarity: notable, digests: 2}"};
const Words all_states{"allocated", "deleted", "orphan"};

class Draw {
  public:
    explicit Draw(unsigned seed) : draw_(seed) {}
    std::size_t below(std::size_t bound) { return draw_() % bound; }
    template <class T>
    T one_of(std::initializer_list<T> values) {
        return values.begin()[below(values.size())];
    }
    std::string when(int depth) {
        const std::size_t form = depth == 0 ? 0 : below(6);
        if (form < 2) return "{" + conditions[below(conditions.size())] + "}";
        if (form == 2) return "{not: " + when(depth - 1) + "}";
        return fmt::format("{{{}: [{}, {}]}}", form > 3 ? "all" : "any", when(depth - 1), when(depth - 1));
    }

  private:
    std::minstd_rand draw_;
};

struct Sample {
    Entry entry;
    Examined examined;
    TimeForm form;
};

std::vector<Sample> samples() {
    Draw draw(7);
    std::vector<Sample> made(400);
    for (auto& [entry, examined, form] : made) {
        entry.path = draw.one_of<const char*>({"/a.jpg", "/a.png", "/a.txt", "/a"});
        entry.state = draw.one_of({EntryState::allocated, EntryState::deleted, EntryState::orphan});
        entry.is_metadata = draw.below(4) == 0;
        entry.size = draw.below(9);
        if (draw.below(3) == 0) entry.kind = EntryKind::stream, entry.stream = "s.jpg";
        form = draw.one_of({TimeForm{0, true, false}, TimeForm{0, false, false}, TimeForm{0, false, true}});
        const std::int64_t year = 31'556'952;
        if (draw.below(5) > 0) entry.times.modified = Timestamp{year * draw.one_of({35, 45, 50, 52}), 0};
        if (draw.below(5) == 0) continue;  // not read
        examined.status = Status::hashed;
        examined.reason = Reason::none;
        examined.type = draw.one_of<const char*>({"", "image/png", "image/jpeg", "video/mp4"});
        examined.libmagic_type = draw.one_of<const char*>({"", "text/x-php", "image/png"});
        if (draw.below(2) == 0) examined.entropy = static_cast<double>(draw.below(9));
        for (std::uint32_t set = 0; set < 2; ++set) {
            Match match;
            match.set = set;
            match.agrees = AlgorithmSet::from_bits(draw.one_of<std::uint8_t>({1, 3, 7}));
            if (draw.below(2) == 0) examined.matches.push_back(match);
        }
    }
    return made;
}

// The numbers of the samples for which it holds.
std::vector<std::size_t> holding(const Expression& when, const std::vector<Sample>& of) {
    Rule rule;
    rule.name = "a", rule.when = when, rule.severity = Severity::alert;
    const RuleBook book({rule}, {{"n", Polarity::notable}, {"i", Polarity::ignorable}}, {});
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < of.size(); ++i) {
        const auto& [entry, examined, form] = of[i];
        const auto finding = book.judge(entry, {"p0", "ntfs", form, form, form, form}, examined);
        if (finding && finding->rules.front() == "a") found.push_back(i);
    }
    return found;
}

}  // namespace

TEST_CASE("what is proven of conditions is true of every entry") {
    const std::vector<Sample> entries = samples();
    Draw draw(11);
    int contradictions = 0, implications = 0;
    for (int round = 0; round < 8000; ++round) {
        const std::string narrow_text = draw.when(3), wide_text = draw.when(2);
        CAPTURE(narrow_text);
        CAPTURE(wide_text);
        const Expression narrow = parse_when(parse_yaml(narrow_text, "F")),
                         wide = parse_when(parse_yaml(wide_text, "F"));
        const bool is_never = contradiction_in(terms_of(narrow), all_states).has_value();
        const bool is_inside = is_within(terms_of(narrow), wide, all_states);
        if (!is_never && !is_inside) continue;
        contradictions += is_never, implications += is_inside;
        const std::vector<std::size_t> some = holding(narrow, entries), all = holding(wide, entries);
        if (is_never) CHECK(some.empty());
        if (is_inside) CHECK(std::includes(all.begin(), all.end(), some.begin(), some.end()));
    }
    CHECK(contradictions > 100);
    CHECK(implications > 100);
}

TEST_CASE("branches within branches are compared in a time that grows with their number, not with their ways") {
    const auto nested = [](int first) {
        std::string when = fmt::format("{{size: {}}}", first);
        for (int depth = 1; depth <= 12; ++depth)
            when = fmt::format("{{any: [{}, {{size: {}}}]}}", when, first + depth);
        return when;
    };
    const Expression narrow = parse_when(parse_yaml(nested(5), "F")), wide = parse_when(parse_yaml(nested(100), "F")),
                     denied = parse_when(parse_yaml("{all: [" + nested(5) + ", {not: " + nested(100) + "}]}", "F"));
    const auto begin = std::clock();
    CHECK_FALSE(is_within(terms_of(narrow), wide, all_states));
    CHECK(is_within(terms_of(narrow), narrow, all_states));
    CHECK_FALSE(contradiction_in(terms_of(denied), all_states));
    CHECK(static_cast<double>(std::clock() - begin) < 1.0 * CLOCKS_PER_SEC);
}

TEST_CASE("of states that are not listed nothing holds") {
    const auto is_never = [](const std::string& when, const Words& states) {
        const Expression expression = parse_when(parse_yaml(when, "F"));
        return contradiction_in(terms_of(expression), states).has_value();
    };
    CHECK(is_never("{state: [deleted, orphan]}", {"allocated"}));
    CHECK_FALSE(is_never("{state: [deleted, orphan]}", {"allocated", "orphan"}));
    CHECK(is_never("{any: [{state: deleted}, {not: {state: allocated}}]}", {"allocated"}));
}

}  // namespace triage
