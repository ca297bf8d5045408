// SPDX-License-Identifier: Apache-2.0
#include "config/rule_conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "config/suggest.h"
#include "engine/base/patterns.h"
#include "engine/base/text.h"
#include "engine/examine/content_type.h"

namespace triage {
namespace {

constexpr std::size_t most_words = 1000;
constexpr std::size_t longest_word = 4096;

std::string found_in(const YamlNode& node) {
    return node.kind == YamlNode::Kind::scalar ? quoted(node.text) : std::string(to_string(node.kind));
}

std::vector<std::string> strings(const std::vector<std::string_view>& views) { return {views.begin(), views.end()}; }

// Calls `read` for each key of the map; `keys` are those that it may have.
template <class Read>
void read_map(const YamlNode& node, std::string_view what, const std::vector<std::string>& keys, Read read) {
    if (node.kind != YamlNode::Kind::map)
        fail_at(node.place, fmt::format("{} is a map of {}; found {}", what, fmt::join(keys, ", "), found_in(node)));
    if (node.keys.empty()) fail_at(node.place, fmt::format("{} is empty; expected {}", what, fmt::join(keys, ", ")));
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
        const std::string& key = node.keys[i].text;
        if (std::find(keys.begin(), keys.end(), key) == keys.end())
            fail_at(node.keys[i].place,
                    fmt::format("unknown key {} in {}; {}", quoted(key), what, suggestion(key, keys)));
        read(key, node.items[i]);
    }
}

// ---- Numbers with units ----

// "10 MiB" → the number and its unit, without blanks.
std::pair<std::string_view, std::string_view> split_unit(std::string_view text) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    std::string_view unit = text.substr(digits);
    unit.remove_prefix(std::min(unit.find_first_not_of(' '), unit.size()));
    return {text.substr(0, digits), unit};
}

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};
constexpr Unit size_units[] = {
    {"", 1},
    {"B", 1},
    {"kB", 1000},
    {"KiB", 1ull << 10},
    {"MB", 1'000'000},
    {"MiB", 1ull << 20},
    {"GB", 1'000'000'000},
    {"GiB", 1ull << 30},
    {"TB", 1'000'000'000'000},
    {"TiB", 1ull << 40},
};
constexpr Unit time_units[] = {
    {"seconds", 1}, {"minutes", 60}, {"hours", 3600}, {"days", 86400},
    {"second", 1},  {"minute", 60},  {"hour", 3600},  {"day", 86400},
};

std::uint64_t with_unit(const YamlNode& node, std::string_view what, std::span<const Unit> units,
                        std::string_view example, std::uint64_t most) {
    const auto fail = [&]() -> std::uint64_t {
        fail_at(node.place,
                fmt::format("{} is a number with a unit, such as {}; found {}", what, example, found_in(node)));
    };
    if (node.kind != YamlNode::Kind::scalar) return fail();
    const auto [digits, name] = split_unit(node.text);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (digits.empty() || error != std::errc{}) return fail();
    for (const Unit& unit : units)
        if (unit.name == name && number <= most / unit.factor) return number * unit.factor;
    return fail();
}

std::uint64_t to_size(const YamlNode& node, std::string_view what) {
    return with_unit(node, what, size_units, "4096 or 10 MiB", ~std::uint64_t{0});
}

double to_real(const YamlNode& node, std::string_view what, double most) {
    double number = -1;
    const char *first = node.text.data(), *last = first + node.text.size();
    const auto [end, error] = std::from_chars(first, last, number);
    if (node.kind != YamlNode::Kind::scalar || error != std::errc{} || end != last || !(number >= 0 && number <= most))
        fail_at(node.place, fmt::format("{} is a number from 0 to {}; found {}", what, most, found_in(node)));
    return number;
}

template <class T>
void check_order(const YamlNode& node, std::string_view what, const std::optional<T>& least,
                 const std::optional<T>& most) {
    if (least && most && *most < *least) fail_at(node.place, fmt::format("{} never holds: min is above max", what));
}

// ---- Each form of value ----

std::vector<std::string> to_types(const YamlNode& node) {
    std::vector<std::string> types = to_texts(node, "type");
    for (std::size_t i = 0; i < types.size(); ++i) {
        std::string& type = types[i] = in_lower_case(types[i]);
        if (is_in_table(type)) continue;
        const bool is_group = type.ends_with("/*");
        if (!is_mime_type(is_group ? type.substr(0, type.size() - 1) + "x" : type)) {
            std::vector<std::string> words = strings(content_types());
            words.emplace_back("unknown");
            fail_at(place_of_item(node, i),
                    fmt::format("type is a MIME type such as image/jpeg or text/*; found {}; {}", quoted(type),
                                suggestion(type, words)));
        }
    }
    return types;
}

std::vector<std::string> to_extensions(const YamlNode& node) {
    std::vector<std::string> extensions = to_texts(node, "extension");
    for (std::size_t i = 0; i < extensions.size(); ++i) {
        std::string& extension = extensions[i];
        const std::string known = extension_of("." + extension);
        if (known.empty() || extension.find('.') != std::string::npos)
            fail_at(place_of_item(node, i),
                    fmt::format("extension is up to 8 bytes without a dot, such as jpg; found {}", quoted(extension)));
        extension = known;
    }
    return extensions;
}

std::vector<std::string> to_words(const ConditionKind& kind, const YamlNode& node) {
    if (kind.name == "type") return to_types(node);
    if (kind.name == "extension") return to_extensions(node);
    std::vector<std::string> words = to_texts(node, kind.name);
    if (kind.name == "fs")
        for (std::string& word : words) word = in_lower_case(word);
    const std::vector<std::string> known = strings(kind.words);
    for (std::size_t i = 0; i < words.size(); ++i)
        if (!known.empty() && std::find(known.begin(), known.end(), words[i]) == known.end())
            fail_at(place_of_item(node, i),
                    fmt::format("unknown {} {}; {}", kind.name, quoted(words[i]), suggestion(words[i], known)));
    return words;
}

std::vector<std::string> to_regexes(const ConditionKind& kind, const YamlNode& node) {
    std::vector<std::string> regexes = to_texts(node, kind.name);
    for (std::size_t i = 0; i < regexes.size(); ++i)
        if (const auto flaw = flaw_of_regex(regexes[i]))
            fail_at(place_of_item(node, i),
                    fmt::format("{} {} is no regular expression of RE2: {}", kind.name, quoted(regexes[i]), *flaw));
    return regexes;
}

std::vector<std::string> to_globs(const YamlNode& node, std::string_view what) {
    std::vector<std::string> globs = to_texts(node, what);
    for (std::size_t i = 0; i < globs.size(); ++i)
        if (const auto flaw = flaw_of_regex(glob_as_regex(globs[i])))
            fail_at(place_of_item(node, i), fmt::format("{} {} cannot be used: {}", what, quoted(globs[i]), *flaw));
    for (std::size_t i = 0; i < globs.size(); ++i)
        if ((what == "name" || what == "volume") && globs[i].find('/') != std::string::npos)
            fail_at(place_of_item(node, i),
                    fmt::format("{} {} never fits: a {} has no '/'", what, quoted(globs[i]), what));
    return globs;
}

SizeRange to_size_range(const YamlNode& node, std::string_view what) {
    if (node.kind == YamlNode::Kind::scalar) {
        const std::uint64_t size = to_size(node, what);
        return {size, size};
    }
    SizeRange range;
    read_map(node, what, {"min", "max"}, [&](const std::string& key, const YamlNode& value) {
        (key == "min" ? range.least : range.most) = to_size(value, fmt::format("{}.{}", what, key));
    });
    check_order(node, what, range.least, range.most);
    return range;
}

NumberRange to_number_range(const YamlNode& node, std::string_view what) {
    NumberRange range;
    read_map(node, what, {"min", "max"}, [&](const std::string& key, const YamlNode& value) {
        (key == "min" ? range.least : range.most) = to_real(value, fmt::format("{}.{}", what, key), 8);
    });
    check_order(node, what, range.least, range.most);
    return range;
}

Timestamp to_time(const YamlNode& node, std::string_view what) {
    const auto time = node.kind == YamlNode::Kind::scalar ? parse_time(node.text) : std::nullopt;
    if (!time)
        fail_at(node.place,
                fmt::format("{} is a time such as 2024-05-01 or 2024-05-01T10:20:30Z; found {}", what, found_in(node)));
    return *time;
}

TimeRange to_time_range(const YamlNode& node, std::string_view what) {
    constexpr std::uint64_t most = 1'000'000ull * 86400;
    TimeRange range;
    read_map(node, what, {"after", "before", "newer_than", "older_than"},
             [&](const std::string& key, const YamlNode& value) {
                 const std::string named = fmt::format("{}.{}", what, key);
                 if (key == "after") range.after = to_time(value, named);
                 else if (key == "before") range.before = to_time(value, named);
                 else
                     (key == "newer_than" ? range.newer_than : range.older_than) =
                         with_unit(value, named, time_units, "30 days", most);
             });
    const auto in_order = [](const Timestamp& time) { return std::pair(time.seconds, time.nanoseconds); };
    if (range.after && range.before && in_order(*range.after) >= in_order(*range.before))
        fail_at(node.place, fmt::format("{} never holds: after is not before before", what));
    if (range.newer_than && range.older_than && *range.newer_than <= *range.older_than)
        fail_at(node.place, fmt::format("{} never holds: newer_than is not more than older_than", what));
    return range;
}

Polarity to_polarity(const YamlNode& node) {
    const std::string& word = expect_text(node, "polarity");
    for (const Polarity polarity : {Polarity::notable, Polarity::ignorable})
        if (word == to_string(polarity)) return polarity;
    fail_at(node.place,
            fmt::format("unknown polarity {}; {}", quoted(word), suggestion(word, {"notable", "ignorable"})));
}

std::uint32_t to_digest_count(const YamlNode& node) {
    for (std::uint32_t count = 1; count <= all_algorithms.size(); ++count)
        if (node.kind == YamlNode::Kind::scalar && node.text == std::to_string(count)) return count;
    fail_at(node.place, fmt::format("digests is how many must agree, 1 to 3; found {}", found_in(node)));
}

MatchTerms to_match_terms(const YamlNode& node) {
    MatchTerms terms;
    static const std::vector<std::string> keys{"polarity", "set",     "category",    "category_set", "label",
                                               "alerts",   "digests", "size_agrees", "differs"};
    read_map(node, "match", keys, [&](const std::string& key, const YamlNode& value) {
        if (key == "polarity") terms.polarity = to_polarity(value);
        else if (key == "set") terms.sets = to_globs(value, key);
        else if (key == "label") terms.labels = to_globs(value, key);
        else if (key == "category") terms.categories = to_texts(value, key);
        else if (key == "category_set") terms.category_sets = to_texts(value, key);
        else if (key == "alerts") terms.alerts = to_bool(value, key);
        else if (key == "digests") terms.digests = to_digest_count(value);
        else if (key == "size_agrees") terms.size_agrees = to_bool(value, key);
        else terms.differs = to_bool(value, key);
    });
    if (terms.digests == all_algorithms.size() && terms.differs.value_or(false))
        fail_at(node.place, "match never holds: all digests agree, and one differs");
    return terms;
}

Value to_value(const ConditionKind& kind, const YamlNode& node) {
    switch (kind.form) {
        case ValueForm::words: return to_words(kind, node);
        case ValueForm::globs: return to_globs(node, kind.name);
        case ValueForm::regexes: return to_regexes(kind, node);
        case ValueForm::size: return to_size_range(node, kind.name);
        case ValueForm::time: return to_time_range(node, kind.name);
        case ValueForm::number: return to_number_range(node, kind.name);
        case ValueForm::truth: return to_bool(node, kind.name);
        case ValueForm::match: break;
    }
    return to_match_terms(node);
}

// ---- The tree ----

std::vector<Expression> parse_parts(const YamlNode& list, std::string_view what) {
    if (list.kind != YamlNode::Kind::list || list.items.empty())
        fail_at(list.place, fmt::format("{} is a list of maps of conditions; found {}", what,
                                        list.kind == YamlNode::Kind::list ? "an empty list" : found_in(list)));
    std::vector<Expression> parts;
    for (const YamlNode& item : list.items) parts.push_back(parse_when(item));
    return parts;
}

Expression parse_one(const YamlNode& key, const YamlNode& value) {
    Expression part;
    if (key.text == "all" || key.text == "any") {
        part.kind = key.text == "all" ? Expression::Kind::all : Expression::Kind::any;
        part.parts = parse_parts(value, key.text);
    } else if (key.text == "not") {
        part.kind = Expression::Kind::none;
        part.parts.push_back(parse_when(value));
    } else if (const ConditionKind* kind = find_condition(key.text)) {
        part.kind = Expression::Kind::condition;
        part.condition = {kind, to_value(*kind, value)};
    } else {
        fail_at(key.place,
                fmt::format("unknown condition {}; {}", quoted(key.text), suggestion(key.text, condition_names())));
    }
    return part;
}

// ---- Writing ----

template <class... F>
struct Cases : F... {
    using F::operator()...;
};
template <class... F>
Cases(F...) -> Cases<F...>;

// The keys that have a value, as a map.
class MapText {
  public:
    void add(std::string_view key, const std::string& value) {
        text_ += fmt::format("{}{}: {}", text_.empty() ? "" : ", ", key, value);
    }
    template <class T, class Write>
    void add(std::string_view key, const std::optional<T>& value, Write write) {
        if (value) add(key, write(*value));
    }
    void add_texts(std::string_view key, const std::vector<std::string>& texts) {
        if (!texts.empty()) add(key, texts_to_yaml(texts));
    }
    std::string map() const { return "{" + text_ + "}"; }

  private:
    std::string text_;
};

std::string plain(auto value) { return fmt::format("{}", value); }
std::string time_text(const Timestamp& time) {
    const std::uint8_t digits = time.nanoseconds == 0 ? 0 : 9;
    return to_yaml(format_time(time, {digits, true, false}));
}
std::string seconds_text(std::uint64_t seconds) { return to_yaml(fmt::format("{} seconds", seconds)); }

std::string to_text(const SizeRange& range) {
    if (range.least && range.least == range.most) return plain(*range.least);
    MapText map;
    map.add("min", range.least, plain<std::uint64_t>), map.add("max", range.most, plain<std::uint64_t>);
    return map.map();
}
std::string to_text(const NumberRange& range) {
    MapText map;
    map.add("min", range.least, plain<double>), map.add("max", range.most, plain<double>);
    return map.map();
}
std::string to_text(const TimeRange& range) {
    MapText map;
    map.add("after", range.after, time_text), map.add("before", range.before, time_text);
    map.add("newer_than", range.newer_than, seconds_text), map.add("older_than", range.older_than, seconds_text);
    return map.map();
}
std::string to_text(const MatchTerms& terms) {
    MapText map;
    map.add("polarity", terms.polarity, [](Polarity polarity) { return std::string(to_string(polarity)); });
    map.add_texts("set", terms.sets), map.add_texts("category", terms.categories);
    map.add_texts("category_set", terms.category_sets), map.add_texts("label", terms.labels);
    map.add("alerts", terms.alerts, plain<bool>);
    if (terms.digests > 0) map.add("digests", plain(terms.digests));
    map.add("size_agrees", terms.size_agrees, plain<bool>), map.add("differs", terms.differs, plain<bool>);
    return map.map();
}
std::string to_text(const Value& value) {
    return std::visit(Cases{[](const std::vector<std::string>& texts) { return texts_to_yaml(texts); },
                            [](bool truth) { return plain(truth); }, [](const auto& range) { return to_text(range); }},
                      value);
}

// "key: value"
std::string part_to_yaml(const Expression& part) {
    using Kind = Expression::Kind;
    if (part.kind == Kind::condition)
        return fmt::format("{}: {}", part.condition.kind->name, to_text(part.condition.value));
    if (part.kind == Kind::none) return "not: " + when_to_yaml(part.parts.front());
    std::vector<std::string> parts;
    for (const Expression& one : part.parts) parts.push_back(when_to_yaml(one));
    return fmt::format("{}: [{}]", part.kind == Kind::any ? "any" : "all", fmt::join(parts, ", "));
}

}  // namespace

void expect_map(const YamlNode& node, std::string_view what) {
    if (node.kind != YamlNode::Kind::map)
        fail_at(node.place, fmt::format("{} is a map; found {}", what, to_string(node.kind)));
}

const std::string& expect_text(const YamlNode& node, std::string_view what) {
    if (node.kind != YamlNode::Kind::scalar || node.text.empty())
        fail_at(node.place, fmt::format("{} is a text; found {}", what, to_string(node.kind)));
    return node.text;
}

bool to_bool(const YamlNode& node, std::string_view what) {
    const std::string& word = expect_text(node, what);
    if (word != "true" && word != "false")
        fail_at(node.place, fmt::format("{} is true or false; found {}", what, quoted(word)));
    return word == "true";
}

std::vector<std::string> to_texts(const YamlNode& node, std::string_view what) {
    const auto text_of = [&](const YamlNode& item) {
        if (item.kind != YamlNode::Kind::scalar || item.text.empty() || item.text.size() > longest_word)
            fail_at(item.place, fmt::format("{} is a text or a list of texts; found {}", what, found_in(item)));
        return item.text;
    };
    if (node.kind != YamlNode::Kind::list) return {text_of(node)};
    if (node.items.empty() || node.items.size() > most_words)
        fail_at(node.place,
                fmt::format("{} is a list of 1 to {} texts; found {}", what, most_words, node.items.size()));
    std::vector<std::string> texts;
    for (const YamlNode& item : node.items) texts.push_back(text_of(item));
    return texts;
}

const Place& place_of_item(const YamlNode& node, std::size_t i) {
    return node.kind == YamlNode::Kind::list ? node.items[i].place : node.place;
}

std::string texts_to_yaml(const std::vector<std::string>& texts) {
    std::vector<std::string> written;
    for (const std::string& text : texts) written.push_back(to_yaml(text));
    return fmt::format("[{}]", fmt::join(written, ", "));
}

Expression parse_when(const YamlNode& node) {
    expect_map(node, "when");
    // Without a condition a rule holds for every entry: surely not meant.
    if (node.keys.empty())
        fail_at(node.place,
                fmt::format("when names no condition; expected one of {}", fmt::join(condition_names(), ", ")));
    Expression together;
    for (std::size_t i = 0; i < node.keys.size(); ++i) together.parts.push_back(parse_one(node.keys[i], node.items[i]));
    return together;
}

std::string when_to_yaml(const Expression& expression) {
    std::vector<std::string> parts;
    for (const Expression& part : expression.parts) parts.push_back(part_to_yaml(part));
    return fmt::format("{{{}}}", fmt::join(parts, ", "));
}

std::vector<std::string> condition_names() {
    std::vector<std::string> names{"all", "any", "not"};
    for (const ConditionKind& kind : condition_table()) names.emplace_back(kind.name);
    return names;
}

std::string_view describe(ValueForm form) {
    switch (form) {
        case ValueForm::words: return "a word or a list of words";
        case ValueForm::globs: return "a glob or a list of globs";
        case ValueForm::regexes: return "a regular expression of RE2, or a list of them";
        case ValueForm::size: return "bytes such as `4096` or `10 MiB`, or a map of `min` and `max`";
        case ValueForm::time:
            return "a map of `after`, `before` (`2024-05-01`, `2024-05-01T10:20:30Z`), `newer_than`, `older_than` (`30 "
                   "days`, before the scan's start)";
        case ValueForm::number: return "a map of `min` and `max`";
        case ValueForm::truth: return "`true` or `false`";
        case ValueForm::match: break;
    }
    return "a map of `polarity`, `set`, `category`, `category_set`, `label`, `alerts`, `digests`, `size_agrees`, "
           "`differs`";
}

std::string conditions_as_markdown() {
    std::string table = "| condition | needs | value | holds when |\n| --- | --- | --- | --- |\n";
    for (const ConditionKind& kind : condition_table()) {
        const bool is_closed = !kind.words.empty();
        const std::string value =
            is_closed ? fmt::format("of `{}`", fmt::join(kind.words, "`, `")) : std::string(describe(kind.form));
        table += fmt::format("| `{}` | {} | {} | {} |\n", kind.name,
                             kind.needs == Needs::metadata ? "metadata" : "content", value, kind.meaning);
    }
    return table;
}

}  // namespace triage
