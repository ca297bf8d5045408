// SPDX-License-Identifier: Apache-2.0
#include "engine/rules/condition.h"

#include <algorithm>
#include <cassert>

#include "engine/examine/content_type.h"
#include "engine/rules/facts.h"

namespace triage {
namespace {

Truth truth_of(bool value) { return value ? Truth::yes : Truth::no; }

const std::vector<std::string>& words_in(const Value& value) { return std::get<std::vector<std::string>>(value); }
bool has_word(const std::vector<std::string>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}
bool share_one(const std::vector<int>& a, const std::vector<int>& b) {
    return std::any_of(a.begin(), a.end(), [&](int one) { return std::find(b.begin(), b.end(), one) != b.end(); });
}

template <PatternText text>
Truth fits_pattern(const Value&, const Prepared& prepared, Facts& facts) {
    return truth_of(facts.fits(text, prepared.patterns));
}

// What is no stream has no name of one: "**" is any stream, and nothing else.
Truth fits_stream(const Value& value, const Prepared& prepared, Facts& facts) {
    return facts.entry().stream.empty() ? Truth::no : fits_pattern<PatternText::stream>(value, prepared, facts);
}

Truth has_extension(const Value&, const Prepared& prepared, Facts& facts) {
    const std::optional<std::size_t> number = facts.extension_number();
    return truth_of(number && prepared.extensions[*number]);
}

// "image/jpeg", "image/*", or "unknown": read, and no signature fits.
bool is_type(std::string_view wanted, std::string_view type) {
    if (wanted == "unknown") return type.empty();
    if (wanted.ends_with("/*")) return type.starts_with(wanted.substr(0, wanted.size() - 1));
    return wanted == type;
}

// Of what libmagic has no other name for, the table's answer is enough.
Truth is_told_by_libmagic(const std::vector<std::string>& wanted, const Facts& facts) {
    const Examined& content = *facts.examined();
    if (facts.entry().size == 0 || is_told_alike(content.type)) return Truth::no;
    if (content.libmagic_type.empty()) return Truth::unknown;
    return truth_of(std::any_of(wanted.begin(), wanted.end(),
                                [&](const std::string& word) { return is_type(word, content.libmagic_type); }));
}

Truth has_type(const Value& value, const Prepared& prepared, Facts& facts) {
    const std::string* type = facts.type();
    if (!type) return Truth::unknown;
    const std::vector<std::string>& words = words_in(value);
    // Types that the table does not have fit none of its answers.
    if (std::any_of(words.begin(), words.end(), [&](const std::string& word) { return is_type(word, *type); }))
        return Truth::yes;
    return prepared.others.empty() ? Truth::no : is_told_by_libmagic(prepared.others, facts);
}

// Streams have no extension of their own, and an empty content is of no type.
Truth has_other_type(const Value& value, const Prepared&, Facts& facts) {
    const std::string* type = facts.type();
    if (!type) return Truth::unknown;
    const bool is_other =
        facts.entry().size > 0 && facts.entry().stream.empty() && is_other_than_promised(facts.extension(), *type);
    return truth_of(is_other == std::get<bool>(value));
}

Truth has_size(const Value& value, const Prepared&, Facts& facts) {
    const SizeRange& range = std::get<SizeRange>(value);
    const std::uint64_t size = facts.entry().size;
    return truth_of((!range.least || size >= *range.least) && (!range.most || size <= *range.most));
}

bool is_before(const Timestamp& a, const Timestamp& b) {
    return a.seconds != b.seconds ? a.seconds < b.seconds : a.nanoseconds < b.nanoseconds;
}

// When it may have been, both included: a date alone is any instant of its day, and a time without a zone any that
// reads so somewhere, up to 14 hours away.
struct Instants {
    Timestamp first, last;
};
Instants instants_of(const Timestamp& time, TimeForm form) {
    constexpr std::int64_t farthest_zone = 14 * 3600, day = 86400;
    Instants instants{time, time};
    if (form.is_date_only) instants.last = {time.seconds + day - 1, 999'999'999};
    if (form.is_utc) return instants;
    instants.first.seconds -= farthest_zone, instants.last.seconds += farthest_zone;
    return instants;
}
Truth is_before(const Instants& time, const Timestamp& bound) {
    if (is_before(time.last, bound)) return Truth::yes;
    return is_before(time.first, bound) ? Truth::unknown : Truth::no;
}
Truth opposite(Truth truth) { return truth == Truth::unknown ? truth : truth_of(truth == Truth::no); }

template <std::optional<Timestamp> Times::*which, TimeForm EntryPlace::*form>
Truth has_time(const Value& value, const Prepared&, Facts& facts) {
    const std::optional<Timestamp>& time = facts.entry().times.*which;
    if (!time) return Truth::unknown;
    const Instants instants = instants_of(*time, facts.place().*form);
    const TimeRange& range = std::get<TimeRange>(value);
    const auto ago = [&](std::uint64_t seconds) {
        return Timestamp{facts.context().started.seconds - static_cast<std::int64_t>(seconds),
                         facts.context().started.nanoseconds};
    };
    Truth truth = Truth::yes;  // of all bounds: Truth goes from no to yes
    if (range.after) truth = std::min(truth, opposite(is_before(instants, *range.after)));
    if (range.before) truth = std::min(truth, is_before(instants, *range.before));
    if (range.newer_than) truth = std::min(truth, opposite(is_before(instants, ago(*range.newer_than))));
    if (range.older_than) truth = std::min(truth, is_before(instants, ago(*range.older_than)));
    return truth;
}

Truth has_state(const Value& value, const Prepared&, Facts& facts) {
    return truth_of(has_word(words_in(value), to_string(facts.entry().state)));
}
Truth has_kind(const Value& value, const Prepared&, Facts& facts) {
    return truth_of(has_word(words_in(value), to_string(facts.entry().kind)));
}
Truth has_fs(const Value& value, const Prepared&, Facts& facts) {
    return truth_of(has_word(words_in(value), facts.place().fs));
}
Truth has_owner(const Value& value, const Prepared&, Facts& facts) {
    if (facts.entry().owner.empty()) return Truth::unknown;
    return truth_of(has_word(words_in(value), facts.entry().owner));
}
Truth is_metadata(const Value& value, const Prepared&, Facts& facts) {
    return truth_of(facts.entry().is_metadata == std::get<bool>(value));
}

Truth has_entropy(const Value& value, const Prepared&, Facts& facts) {
    if (!facts.content() || !facts.content()->entropy) return Truth::unknown;
    const NumberRange& range = std::get<NumberRange>(value);
    const double entropy = *facts.content()->entropy;
    return truth_of((!range.least || entropy >= *range.least) && (!range.most || entropy <= *range.most));
}

bool fits_one(PatternText text, std::string_view subject, const std::vector<int>& patterns, const Facts& facts) {
    if (patterns.empty()) return true;
    std::vector<int> found;
    facts.context().patterns[static_cast<std::size_t>(text)].match(subject, found);
    return share_one(patterns, found);
}

// But for the size, which a record need not have.
bool is_such(const Match& match, const MatchTerms& terms, const Prepared& prepared, const Facts& facts) {
    assert(match.set < facts.context().sets.size());
    const SetFacts& set = facts.context().sets[match.set];
    if (terms.polarity && set.polarity != *terms.polarity) return false;
    if (terms.alerts && match.alerts != *terms.alerts) return false;
    if (terms.differs && match.differs.empty() == *terms.differs) return false;
    std::uint32_t agreeing = 0;
    for (const Algorithm algorithm : all_algorithms) agreeing += match.agrees.has(algorithm) ? 1 : 0;
    if (agreeing < terms.digests) return false;
    if (!terms.categories.empty() && !has_word(terms.categories, match.category)) return false;
    if (!terms.category_sets.empty() && !has_word(terms.category_sets, match.category_set)) return false;
    return fits_one(PatternText::set, set.name, prepared.patterns, facts) &&
           fits_one(PatternText::label, match.label, prepared.labels, facts);
}

Truth has_match(const Value& value, const Prepared& prepared, Facts& facts) {
    if (!facts.content()) return Truth::unknown;
    const auto& terms = std::get<MatchTerms>(value);
    Truth truth = Truth::no;
    for (const Match& match : facts.content()->matches) {
        if (!is_such(match, terms, prepared, facts)) continue;
        if (!terms.size_agrees || match.size_agrees == terms.size_agrees) return Truth::yes;
        if (!match.size_agrees) truth = Truth::unknown;
    }
    return truth;
}

}  // namespace

const std::vector<ConditionKind>& condition_table() {
    using enum Needs;
    static const std::vector<ConditionKind> table{
        {"path",
         metadata,
         ValueForm::globs,
         {},
         "the path from the root of its volume",
         fits_pattern<PatternText::path>},
        {"path_regex", metadata, ValueForm::regexes, {}, "found anywhere in the path", fits_pattern<PatternText::path>},
        {"name", metadata, ValueForm::globs, {}, "the last part of the path", fits_pattern<PatternText::name>},
        {"name_regex",
         metadata,
         ValueForm::regexes,
         {},
         "found anywhere in the last part of the path",
         fits_pattern<PatternText::name>},
        {"stream",
         metadata,
         ValueForm::globs,
         {},
         "the name of the stream: of NTFS an alternate data stream, elsewhere an extended attribute; `**` is any "
         "stream",
         fits_stream},
        {"stream_regex", metadata, ValueForm::regexes, {}, "found anywhere in the name of the stream", fits_stream},
        {"extension",
         metadata,
         ValueForm::words,
         {},
         "what follows the last dot of the path, without it, of a stream that of its own name; case is ignored",
         has_extension},
        {"type",
         content,
         ValueForm::words,
         {},
         "the MIME type by the first bytes; `image/*` is any picture, `unknown` what no signature fits; types that the "
         "table of signatures does not have are asked of libmagic",
         has_type},
        {"type_differs",
         content,
         ValueForm::truth,
         {},
         "the extension promises another type than the first bytes show; an extension without a promise never differs",
         has_other_type},
        {"size", metadata, ValueForm::size, {}, "bytes of the content", has_size},
        {"modified",
         metadata,
         ValueForm::time,
         {},
         "when the content was last written",
         has_time<&Times::modified, &EntryPlace::modified>},
        {"accessed",
         metadata,
         ValueForm::time,
         {},
         "when the content was last read",
         has_time<&Times::accessed, &EntryPlace::accessed>},
        {"changed",
         metadata,
         ValueForm::time,
         {},
         "when the metadata were last written",
         has_time<&Times::changed, &EntryPlace::changed>},
        {"created",
         metadata,
         ValueForm::time,
         {},
         "when it came to be in this file system",
         has_time<&Times::created, &EntryPlace::created>},
        {"state",
         metadata,
         ValueForm::words,
         {"allocated", "deleted", "orphan"},
         "whether its name is in use",
         has_state},
        {"kind", metadata, ValueForm::words, {"file", "stream"}, "what it is", has_kind},
        {"metadata", metadata, ValueForm::truth, {}, "it is the file system's own, such as $MFT", is_metadata},
        {"volume",
         metadata,
         ValueForm::globs,
         {},
         "the name of its volume, such as p1",
         fits_pattern<PatternText::volume>},
        {"fs", metadata, ValueForm::words, {}, "the file system, such as ntfs; case is ignored", has_fs},
        {"owner",
         metadata,
         ValueForm::words,
         {},
         "user number, or SID of NTFS; FAT, exFAT and ISO 9660 record none",
         has_owner},
        {"entropy",
         content,
         ValueForm::number,
         {},
         "bits a byte, from 0 (one byte repeated) to 8 (random, compressed or encrypted)",
         has_entropy},
        {"match", content, ValueForm::match, {}, "there is a match for which all of this holds", has_match},
    };
    return table;
}

const ConditionKind* find_condition(std::string_view name) {
    for (const ConditionKind& kind : condition_table())
        if (kind.name == name) return &kind;
    return nullptr;
}

// ---- Facts ----

const std::string& Facts::extension() {
    // A skip by the extension of a file must not leave out what hides in a stream of it.
    if (!extension_) extension_ = extension_of(entry_.stream.empty() ? entry_.path : entry_.stream);
    return *extension_;
}

std::optional<std::size_t> Facts::extension_number() {
    const auto known = context_.extensions.find(extension());
    if (known == context_.extensions.end()) return {};
    return known->second;
}

std::string_view Facts::text_of(PatternText text) const {
    const std::string_view path = entry_.path;
    if (text == PatternText::volume) return place_.volume;
    if (text == PatternText::stream) return entry_.stream;
    return text == PatternText::path ? path : path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

bool Facts::fits(PatternText text, const std::vector<int>& patterns) {
    const auto which = static_cast<std::size_t>(text);
    std::optional<std::vector<int>>& found = found_[which];
    if (!found) context_.patterns[which].match(text_of(text), found.emplace());
    return share_one(*found, patterns);
}

}  // namespace triage
