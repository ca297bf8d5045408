// SPDX-License-Identifier: Apache-2.0
// Every condition and every action, one row each: what the rule says in YAML, and of which entry it holds.
#include "engine/rules/rule_book.h"

#include <doctest/doctest.h>

#include <functional>
#include <set>

#include "tests/support/rules.h"

namespace triage {
namespace {

const std::vector<SetFacts> sets{{"Harmless 2024", Polarity::ignorable}, {"Wanted", Polarity::notable}};
constexpr Timestamp started{1'714'559'430, 0};  // 2024-05-01T10:30:30Z
constexpr std::int64_t day = 86400;

// An entry with all that a rule may ask for; a row changes what it is about.
struct Sample {
    Entry entry;
    std::string volume = "p1", fs = "ntfs";
    TimeForm form{7, true, false};  // of all times
    Examined examined;

    Sample() {
        entry.path = "/Users/Zo\xC3\xAB/Pictures/IMG_1.JPG";
        entry.size = 10 << 20;
        entry.owner = "S-1-5-21-1-2-3-1001";
        entry.times.modified = entry.times.accessed = entry.times.changed = entry.times.created =
            Timestamp{started.seconds - 10 * day, 0};
        examined.status = Status::hashed;
        examined.reason = Reason::none;
        examined.type = "image/jpeg";
        examined.entropy = 7.5;
        Match match;
        match.set = 1;
        match.category = "1", match.category_set = "VICS 2.0 US", match.label = "series a/b";
        match.agrees = AlgorithmSet::from_bits(3), match.size_agrees = true;
        examined.matches = {match};
    }
    EntryPlace place() const { return {volume, fs, form, form, form, form}; }
};

using Change = std::function<void(Sample&)>;
void not_read(Sample& s) { s.examined = {Status::unreadable, Reason::read_error, s.entry.size, {}, {}}; }
// As a size gate leaves it: excluded, but for its first bytes.
Change only_typed(std::string_view to) {
    return [to](Sample& s) {
        s.examined = {Status::skipped, Reason::size, 0, {}, {}};
        s.examined.type = to, s.examined.is_typed = true;
    };
}
Change path(std::string_view to) {
    return [to](Sample& s) { s.entry.path = to; };
}
Change type(std::string_view to) {
    return [to](Sample& s) { s.examined.type = to; };
}
// What the table and libmagic say.
Change types(std::string_view table, std::string_view libmagic) {
    return [=](Sample& s) { s.examined.type = table, s.examined.libmagic_type = libmagic; };
}
Change state(EntryState to) {
    return [to](Sample& s) { s.entry.state = to; };
}
Change size(std::uint64_t to) {
    return [to](Sample& s) { s.entry.size = to; };
}
Change stream(std::string_view to) {
    return [to](Sample& s) { s.entry.stream = to; };
}
void no_match(Sample& s) { s.examined.matches.clear(); }
void no_times(Sample& s) { s.entry.times = {}; }
Change time(std::int64_t seconds, TimeForm form) {
    return [=](Sample& s) {
        s.entry.times.modified = s.entry.times.accessed = Timestamp{seconds, 0};
        s.form = form;
    };
}
constexpr TimeForm date_only{0, true, true}, no_zone{0, false, false}, date_without_zone{0, false, true};
constexpr std::int64_t midnight = 1'713'657'600;  // 2024-04-21T00:00:00Z
void same(Sample&) {}

struct Row {
    std::string when;
    Change holds, fails;
    Change unknown = {};  // neither it nor its opposite holds
};

const std::vector<Row>& rows() {
    static const std::vector<Row> table{
        {"path: /Users/*/Pictures/*", same, path("/Users/a/b/Pictures/x")},
        {"path: /users/**/*.jpg", same, path("/Users/x.jpg/y")},
        {"path: '**/pictures/**'", same, path("/Users/Pictures")},
        {"path: 'Pictures/IMG_?.jpg'", same, path("/MyPictures/IMG_1.jpg")},
        {"path: ['/a', '/Users/**']", same, path("/b")},
        {"path: '/a[0-9][!x]'", path("/a7y"), path("/a7x")},
        {"path: '/a\\*b'", path("/a*b"), path("/axb")},
        {"path: '/a**'", path("/a\n\xFF\xC3"), path("/b")},  // neither a newline nor bad UTF-8 hides a name
        {"path_regex: '^/Users/[^/]+/Pic'", same, path("/home/Users/a/Pic")},
        {"path_regex: 'IMG_[0-9]+\\.JPG$'", same, path("/IMG_1.jpg")},
        {"path_regex: ['x', '(?i)img_1']", same, path("/")},
        {"name: img_*.jpg", same, path("/IMG_1.JPG/other")},
        {"name: 'zo\xC3\x8B'", path("/a/Zo\xC3\xAB"), path("/a/Zoe")},
        {"name_regex: '^IMG'", same, path("/IMG/x")},
        {"stream: zone.*", stream("Zone.Identifier"), stream("Zones")},
        {"stream: '**'", stream("user.xdg/origin"), same},
        {"stream: 'IMG*'", stream("img"), same},  // the name of the file says nothing of its stream
        {"stream_regex: ['x$', '(?i)^ZONE']", stream("Zone.Identifier"), stream("My Zone")},
        {"extension: jpg", same, path("/x.jpg/a")},
        {"extension: [PNG, jpg]", same, path("/x.jpgx")},
        {"extension: jpg", [](Sample& s) { s.entry.path = "/x", s.entry.stream = "a.jpg"; },
         [](Sample& s) { s.entry.stream = "hidden"; }},
        {"path: '/a[!q]b'", path("/axb"), path("/a/b")},
        {"type: image/jpeg", same, type("image/png"), not_read},
        {"type: [video/*, image/*]", same, type("application/pdf"), not_read},
        {"type: unknown", type(""), same, not_read},
        {"type: [video/*, image/*]", only_typed("image/png"), only_typed(""), not_read},
        {"type: unknown", only_typed(""), only_typed("image/png"), not_read},
        {"type_differs: true", only_typed("application/zip"), only_typed("image/jpeg"), not_read},
        {"any: [{type: image/png}, {entropy: {min: 1}}]", only_typed("image/png"),
         [](Sample& s) { s.examined.entropy = 0.5; }, only_typed("")},
        {"type: image/png, match: {polarity: ignorable}",
         [](Sample& s) { s.examined.type = "image/png", s.examined.matches[0].set = 0; }, only_typed("image/jpeg"),
         only_typed("image/png")},
        {"type: text/x-php", types("", "text/x-php"), types("", "text/plain"), types("", "")},
        {"type: Text/*", types("", "text/x-php"), types("", "application/x-php"), not_read},
        {"type: [text/x-php, image/png]", types("image/png", ""), types("image/jpeg", ""), types("", "")},
        {"type: application/x-dosexec", types("application/vnd.microsoft.portable-executable", "application/x-dosexec"),
         types("application/pdf", ""), types("application/vnd.microsoft.portable-executable", "")},
        {"type: text/x-php", types("", "text/x-php"), [](Sample& s) { s.examined.type = "", s.entry.size = 0; }},
        {"type: unknown", types("", "text/x-php"), types("image/png", "")},
        {"all: [{type: application/zip}, {type: application/x-office}]",
         types("application/zip", "application/x-office"), types("application/zip", "application/x-other"),
         types("application/zip", "")},
        {"type_differs: true", type("application/zip"), same, not_read},
        {"type_differs: true", type(""), path("/x.unheard"), not_read},
        {"type_differs: true", type("image/png"), size(0)},
        {"type_differs: true", type("image/png"),
         [](Sample& s) { s.entry.stream = "Zone.Identifier", s.examined.type = ""; }},
        {"type_differs: false", same, type("image/png"), not_read},
        {"size: 10 MiB", same, size((10 << 20) + 1)},
        {"size: {min: 10 MiB}", same, size((10 << 20) - 1)},
        {"size: {max: 11 MB, min: 0}", same, size(11'000'001)},
        {"modified: {after: '2024-04-21'}", same, [](Sample& s) { s.entry.times.modified->seconds -= 11 * 3600; },
         no_times},
        {"accessed: {before: '2024-04-22'}", same, [](Sample& s) { s.entry.times.accessed->seconds += day; }, no_times},
        {"changed: {newer_than: 10 days}", same, [](Sample& s) { s.entry.times.changed->seconds -= 1; }, no_times},
        {"created: {older_than: 239 hours}", same, [](Sample& s) { s.entry.times.created->seconds += day; }, no_times},
        {"modified: {newer_than: 1 day}", [](Sample& s) { s.entry.times.modified = started; }, same, no_times},
        // What was not stored decides nothing: the hour of a date, the zone of a time.
        {"accessed: {after: '2024-04-21T12:00:00Z'}", time(midnight + day, date_only), time(midnight - day, date_only),
         time(midnight, date_only)},
        {"accessed: {before: '2024-04-21'}", time(midnight - day, date_only), time(midnight, date_only)},
        {"modified: {after: '2024-04-21'}", time(midnight + 14 * 3600, no_zone),
         time(midnight - 14 * 3600 - 1, no_zone), time(midnight + 14 * 3600 - 1, no_zone)},
        {"modified: {before: '2024-04-21'}", time(midnight - 14 * 3600 - 1, no_zone),
         time(midnight + 14 * 3600, no_zone), time(midnight - 14 * 3600, no_zone)},
        {"accessed: {before: '2024-04-21'}", time(midnight - 2 * day, date_without_zone),
         time(midnight + day, date_without_zone), time(midnight - day, date_without_zone)},
        {"modified: {newer_than: 1 day}", time(started.seconds - 10 * 3600 + 1, no_zone),
         time(started.seconds - 38 * 3600 - 1, no_zone), time(started.seconds - day, no_zone)},
        {"modified: {older_than: 1 day}", time(started.seconds - 38 * 3600 - 1, no_zone),
         time(started.seconds - 10 * 3600, no_zone), time(started.seconds - day, no_zone)},
        {"modified: {after: '2024-04-20', before: '2024-04-22'}", time(midnight + 3600, no_zone),
         time(midnight + 3 * day, no_zone), time(midnight - day, no_zone)},
        {"state: [deleted, orphan]", state(EntryState::deleted), same},
        {"state: allocated", same, state(EntryState::orphan)},
        {"kind: stream", [](Sample& s) { s.entry.kind = EntryKind::stream; }, same},
        {"metadata: true", [](Sample& s) { s.entry.is_metadata = true; }, same},
        {"volume: p*", same, [](Sample& s) { s.volume = "-"; }},
        {"fs: NTFS", same, [](Sample& s) { s.fs = "fat32"; }},
        {"fs: [ext4, ntfs]", same, [](Sample& s) { s.fs = "fat32"; }},
        {"owner: S-1-5-21-1-2-3-1001", same, [](Sample& s) { s.entry.owner = "0"; },
         [](Sample& s) { s.entry.owner = ""; }},
        {"entropy: {min: 7.5}", same, [](Sample& s) { s.examined.entropy = 7.4; },
         [](Sample& s) { s.examined.entropy.reset(); }},
        {"entropy: {max: 7.5}", same, [](Sample& s) { s.examined.entropy = 7.6; }, not_read},
        {"match: {polarity: notable}", same, [](Sample& s) { s.examined.matches[0].set = 0; }, not_read},
        {"match: {set: wanted}", same, [](Sample& s) { s.examined.matches[0].set = 0; }},
        {"match: {set: [x, 'harmless *']}", [](Sample& s) { s.examined.matches[0].set = 0; }, same},
        {"match: {category: ['1', '2']}", same, [](Sample& s) { s.examined.matches[0].category = "3"; }},
        {"match: {category_set: VICS 2.0 US}", same, [](Sample& s) { s.examined.matches[0].category_set = "ICSE"; }},
        {"match: {label: 'series a/**'}", same, [](Sample& s) { s.examined.matches[0].label = ""; }},
        {"match: {alerts: true}", same, [](Sample& s) { s.examined.matches[0].alerts = false; }},
        {"match: {digests: 2}", same, [](Sample& s) { s.examined.matches[0].agrees = AlgorithmSet::from_bits(4); }},
        {"match: {size_agrees: true}", same, [](Sample& s) { s.examined.matches[0].size_agrees = false; },
         [](Sample& s) { s.examined.matches[0].size_agrees.reset(); }},
        {"match: {size_agrees: false}", [](Sample& s) { s.examined.matches[0].size_agrees = false; }, same,
         [](Sample& s) { s.examined.matches[0].size_agrees.reset(); }},
        {"match: {differs: true}", [](Sample& s) { s.examined.matches[0].differs = AlgorithmSet::from_bits(4); }, same},
        // All of it in one match, not each in another.
        {"match: {polarity: notable, category: '9'}", [](Sample& s) { s.examined.matches[0].category = "9"; },
         [](Sample& s) {
             s.examined.matches.push_back(s.examined.matches[0]);
             s.examined.matches[1].set = 0, s.examined.matches[1].category = "9";
         }},
        {"not: {match: {polarity: ignorable}}", no_match, [](Sample& s) { s.examined.matches[0].set = 0; }, not_read},
        {"all: [{extension: jpg}, {size: {min: 1}}]", same, size(0)},
        {"any: [{extension: png}, {size: 5}]", size(5), same},
        {"any: [{extension: jpg}, {type: video/*}]", not_read, [](Sample& s) { s.entry.path = "/x"; },
         [](Sample& s) { not_read(s), s.entry.path = "/x"; }},
        {"extension: jpg, type: image/*", same, [](Sample& s) { not_read(s), s.entry.path = "/x"; }, not_read},
    };
    return table;
}

bool holds(const std::string& when, const Change& change) {
    Sample sample;
    change(sample);
    const RuleBook book(test::rules_of("[{name: a, when: {" + when + "}, severity: info, text: t}]"), sets, started);
    const std::optional<Finding> finding = book.judge(sample.entry, sample.place(), sample.examined);
    return finding && finding->rules.front() == "a";
}

RuleBook::BeforeReading before(const std::string& rules, const Change& change = same) {
    Sample sample;
    change(sample);
    return RuleBook(test::rules_of(rules), sets, started).before_reading(sample.entry, sample.place());
}

}  // namespace

TEST_CASE("every condition holds of what it describes, not of the rest, and neither way of what is not known") {
    std::set<std::string_view> missing;
    for (const ConditionKind& kind : condition_table()) missing.insert(kind.name);
    for (const Row& row : rows()) {
        CAPTURE(row.when);
        const std::string opposite = "not: {" + row.when + "}";
        CHECK(holds(row.when, row.holds));
        CHECK_FALSE(holds(opposite, row.holds));
        CHECK_FALSE(holds(row.when, row.fails));
        CHECK(holds(opposite, row.fails));
        if (row.unknown) {
            CHECK_FALSE(holds(row.when, row.unknown));
            CHECK_FALSE(holds(opposite, row.unknown));
        }
        missing.erase(row.when.substr(0, row.when.find(':')));
    }
    CHECK(missing.empty());
}

TEST_CASE("a condition reads back as the same, however it was written") {
    for (const Row& row : rows()) {
        CAPTURE(row.when);
        const Rules first = test::rules_of("[{name: a, when: {" + row.when + "}, severity: info, text: t}]");
        const Rules again = test::rules_of("\n" + rule_to_yaml(first[0]));
        CHECK(again[0].when == first[0].when);
        CHECK(rule_to_yaml(again[0]) == rule_to_yaml(first[0]));
    }
}

TEST_CASE("a finding has the highest severity and the rules in their order") {
    const RuleBook book(test::rules_of("[{name: z, when: {match: {polarity: notable}}, severity: notice, text: t},"
                                       " {name: no, when: {match: {polarity: ignorable}}, severity: alert, text: t},"
                                       " {name: a, when: {extension: jpg}, severity: info, text: t},"
                                       " {name: silent, when: {extension: jpg}, priority: 1}]"),
                        sets, started);
    const Sample sample;
    CHECK(book.judge(sample.entry, {}, sample.examined) == Finding{Severity::notice, {"z", "a"}});
}

TEST_CASE("a notable match that no rule names is a finding of the built-in rule") {
    const auto judge = [](const std::string& rules, const Sample& sample) {
        return RuleBook(test::rules_of(rules), sets, started).judge(sample.entry, {}, sample.examined);
    };
    Sample sample;
    CHECK(judge("[]", sample) == Finding{Severity::notice, {"match"}});
    CHECK(judge("[{name: a, when: {extension: jpg}, severity: info, text: t}]", sample) ==
          Finding{Severity::notice, {"a", "match"}});
    CHECK(judge("[{name: a, when: {match: {set: harmless*}}, severity: alert, text: t}]", sample) ==
          Finding{Severity::notice, {"match"}});
    CHECK(judge("[{name: a, when: {extension: jpg, not: {match: {set: x}}}, severity: alert, text: t}]", sample) ==
          Finding{Severity::alert, {"a", "match"}});
    CHECK(judge("[{name: a, when: {match: {category: '1'}}, severity: info, text: t}]", sample) ==
          Finding{Severity::info, {"a"}});
    sample.examined.matches[0].set = 0;
    CHECK_FALSE(judge("[]", sample));
}

TEST_CASE("of several priorities the first counts; without one an entry has the usual") {
    CHECK(before("[]").priority == Rule::usual_priority);
    CHECK(before("[{name: a, when: {extension: png}, priority: 0}]").priority == Rule::usual_priority);
    CHECK(before("[{name: a, when: {extension: jpg}, priority: 9}]").priority == 9);
    CHECK(before("[{name: a, when: {extension: jpg}, priority: 9}, {name: b, when: {size: {min: 1}}, priority: 7}]")
              .priority == 7);
}

TEST_CASE("skip and hash are decided by metadata") {
    CHECK(before("[{name: a, when: {path: '/users/**'}, skip: true}]").is_skipped);
    CHECK_FALSE(before("[{name: a, when: {path: '/windows/**'}, skip: true}]").is_skipped);
    const auto both =
        before("[{name: a, when: {size: {min: 1}}, hash: [md5]}, {name: b, when: {fs: ntfs}, hash: sha256}]");
    CHECK(both.hash == AlgorithmSet::from_bits(5));
    CHECK(before("[{name: a, when: {fs: ext4}, hash: [md5]}]").hash.empty());
}

TEST_CASE("entropy is counted only where a rule that asks for it may hold") {
    const std::string rule = "[{name: a, when: {size: {min: 1 MiB}, entropy: {min: 7.9}}, severity: info, text: t}]";
    CHECK(before(rule).wants_entropy);
    CHECK_FALSE(before(rule, size(100)).wants_entropy);
    CHECK_FALSE(before(test::notable_rule).wants_entropy);
}

TEST_CASE("libmagic is asked only where a rule of severity may hold that names a type which the table does not have") {
    const auto asks = [](const std::string& when) {
        return before("[{name: a, when: {" + when + "}, severity: info, text: t}]").wants_libmagic;
    };
    CHECK(asks("type: text/x-php"));
    CHECK(asks("not: {any: [{type: [image/*, text/*]}]}"));
    CHECK(asks("size: {min: 1 MiB}, type: text/x-php"));
    CHECK_FALSE(asks("size: 100, type: text/x-php"));
    CHECK_FALSE(asks("type: [image/*, unknown, application/zip]"));
    CHECK_FALSE(asks("type_differs: true"));
    const RuleBook ours(test::rules_of("[{name: a, when: {type: image/*}, severity: info, text: t}]"), sets, started),
        others(test::rules_of("[{name: a, when: {type: text/*}, severity: info, text: t}]"), sets, started);
    CHECK_FALSE(ours.asks_libmagic());
    CHECK(others.asks_libmagic());
    Sample sample;  // behind a size gate the first bytes are read for it, too
    CHECK(others.is_decided_by_type(sample.entry, sample.place()));
}

TEST_CASE("the type is asked for only where it may make a rule of severity hold") {
    const auto asks = [](const std::string& when, const std::string& then = "severity: info, text: t") {
        const Sample sample;
        const RuleBook book(test::rules_of("[{name: a, when: {" + when + "}, " + then + "}]"), sets, started);
        return book.is_decided_by_type(sample.entry, sample.place());
    };
    CHECK(asks("type: image/*"));
    CHECK(asks("extension: jpg, type_differs: true"));
    CHECK(asks("not: {type: image/*}"));
    CHECK(asks("not: {all: [{entropy: {min: 7}}, {type: image/*}]}"));
    CHECK(asks("any: [{extension: png}, {type: image/*}, {entropy: {min: 7}}]"));
    CHECK_FALSE(asks("extension: png, type: image/*"));             // it cannot hold
    CHECK_FALSE(asks("any: [{extension: jpg}, {type: image/*}]"));  // it does
    CHECK_FALSE(asks("type: unknown, entropy: {min: 7}"));          // it stays open
    CHECK_FALSE(asks("not: {any: [{entropy: {min: 7}}, {type: image/*}]}"));
    CHECK_FALSE(asks("type: image/*, not: {match: {polarity: ignorable}}"));
    CHECK_FALSE(asks("match: {polarity: notable}"));
}

TEST_CASE("a rule that stops the scan says after how many findings") {
    const RuleBook book(test::rules_of("[{name: a, when: {fs: ntfs}, severity: info, text: t, stop_after: 3}]"), sets,
                        started);
    CHECK(book.may_stop());
    CHECK(book.stops_after("a") == 3);
    CHECK(book.stops_after("b") == 0);
    CHECK(book.asks_for("fs"));
    CHECK_FALSE(book.asks_for("owner"));
}

TEST_CASE("patterns cost time that is linear in the name, whatever they are") {
    std::string list = "[";
    for (int i = 0; i < 50; ++i)
        list += "{name: r" + std::to_string(i) + ", when: {path_regex: '(a|aa)+(a|b){20}" + std::to_string(i) +
                "$'}, severity: info, text: t},";
    const RuleBook book(test::rules_of(list + "]"), sets, started);
    Sample sample;
    sample.examined.matches.clear();
    sample.entry.path = "/" + std::string(60'000, 'a');
    CHECK_FALSE(book.judge(sample.entry, {}, sample.examined));
    sample.entry.path += "7";
    CHECK(book.judge(sample.entry, {}, sample.examined) == Finding{Severity::info, {"r7"}});
}

TEST_CASE("severities have the words of the contract") {
    for (const Severity severity : {Severity::info, Severity::notice, Severity::alert})
        CHECK(severity_of(to_string(severity)) == severity);
    CHECK_FALSE(severity_of("Alert"));
}

}  // namespace triage
