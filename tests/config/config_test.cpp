// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/hash/hasher.h"
#include "tests/support/known_sets.h"
#include "tests/support/scratch_file.h"

namespace triage {
namespace {

using test::ScratchFile;

Configuration load_text(const std::string& yaml, ConfigSources sources = {}) {
    const ScratchFile file(yaml, ".yaml");
    sources.file = file.path();
    return load_configuration(sources);
}

// The message with "F" for the file's name.
std::string error_of(const std::string& yaml, ConfigSources sources = {}) {
    const ScratchFile file(yaml, ".yaml");
    sources.file = file.path();
    try {
        load_configuration(sources);
    } catch (const Error& error) {
        std::string message = error.what();
        for (std::size_t at; (at = message.find(file.path())) != std::string::npos;)
            message.replace(at, file.path().size(), "F");
        return message;
    }
    return "accepted";
}

Configuration with_flag(const std::string& key, const std::string& value) {
    ConfigSources sources;
    sources.overrides.emplace_back(key, value);
    return load_configuration(sources);
}

const char* all_keys = R"(
hash: {algorithms: [sha256]}
entries: {deleted: false, orphans: false, sparse: true, size_gate: true}
limits: {time_seconds: 12, matches: 13, depth: 7, entries: 8, orphan_entries: 9, orphan_volume_factor: 10, hole_bytes: 11}
threads: 3
reports: [text]
reports.redact: [names, labels]
reports.jsonl.entries: false
reports.csv.entries: false
reports.html.laboratory: l
reports.html.method: m
reports.html.received: r
reports.html.issued: i
reports.html.examiner: e
reports.html.reviewer: r
reports.html.authoriser: a
reports.vics.entries: true
reports.plugin: {paths: [/opt/a.so, /opt/b.tsv.so], seconds: 31, output_mib: 5}
reports.exec: {command: [/bin/a, -v, -v], timeout: 32, output_mib: 6}
store: {keep_names: findings}
rules:
  - {name: a, when: {match: {polarity: ignorable}}, severity: notice, text: "odd \"text\": #1\nж"}
worker: {memory_mib: 100, memory_max_mib: 200, progress_seconds: 4, in_process: true}
)";

}  // namespace

TEST_CASE("without anything the configuration is the defaults of the option structs and the shipped rule") {
    const Configuration c = load_configuration({});
    CHECK(c.profile == "default");
    CHECK(c.options.algorithms == AlgorithmSet::all());
    CHECK(c.options.walk.deleted);
    CHECK(c.options.walk.orphans);
    CHECK_FALSE(c.options.examine_sparse);
    CHECK(c.options.walk.depth == 1024);
    CHECK(c.options.threads == 0);
    CHECK(c.options.reports == std::vector<std::string>{"text", "html", "jsonl"});
    REQUIRE(c.rules.size() == 4);
    CHECK(c.rules[0].name == "notable-match");
    CHECK(c.rules[0].severity == Severity::alert);
    CHECK(needs_of(c.rules[0].when) == Needs::content);
    CHECK(c.rules[2].priority == 0);
    CHECK(thread_count(c.options) >= 1);
}

TEST_CASE("every key of a file reaches its option") {
    const Configuration c = load_text(all_keys);
    const ScanOptions& o = c.options;
    CHECK(o.algorithms.bits() == 4);
    CHECK_FALSE(o.walk.deleted);
    CHECK_FALSE(o.walk.orphans);
    CHECK(o.examine_sparse);
    CHECK(o.walk.depth == 7);
    CHECK(o.walk.entries == 8);
    CHECK(o.walk.orphan_entries == 9);
    CHECK(o.walk.orphan_volume_factor == 10);
    CHECK(o.hole_bytes == 11);
    CHECK(o.size_gate);
    CHECK(o.time_seconds == 12);
    CHECK(o.most_matches == 13);
    CHECK(o.threads == 3);
    CHECK(thread_count(o) == 3);
    CHECK(o.reports == std::vector<std::string>{"text"});
    CHECK(o.keep_names == KeepNames::findings);
    CHECK(o.worker_memory_mib == 100);
    CHECK(o.worker_memory_max_mib == 200);
    CHECK(o.worker_progress_seconds == 4);
    CHECK(o.worker_in_process);
    REQUIRE(c.rules.size() == 1);
    CHECK(c.rules[0].text == "odd \"text\": #1\nж");
}

TEST_CASE("flags come over the file, the file over the profile; the last flag wins") {
    ConfigSources sources;
    sources.overrides = {{"threads", "4"}, {"threads", "5"}, {"hash.algorithms", "[md5, sha1]"}};
    const Configuration c = load_text("threads: 2\nlimits.depth: 5\nhash: {algorithms: [sha256]}\n", sources);
    CHECK(c.options.threads == 5);
    CHECK(c.options.walk.depth == 5);  // dotted keys mean the same as nested ones
    CHECK(c.options.algorithms.bits() == 3);
    CHECK(load_text("# nothing\n").sha256 == load_configuration({}).sha256);
    CHECK(load_text("profile: default\nlimits:\n").sha256 == load_configuration({}).sha256);
}

TEST_CASE("a resolved configuration read back is the same, and as a file too") {
    for (const Configuration& c :
         {load_configuration({}), load_text(all_keys), load_text("rules: []\nreports: []\n")}) {
        const Configuration again = parse_resolved(c.resolved_yaml);
        CHECK(again.resolved_yaml == c.resolved_yaml);
        CHECK(again.sha256 == c.sha256);
        CHECK(again.profile == c.profile);
        CHECK(load_text(c.resolved_yaml).sha256 == c.sha256);
        CHECK(load_text(show_keys(c)).sha256 == c.sha256);
        CHECK(c.sha256 == hash_of(as_bytes(c.resolved_yaml)).sha256->hex());
    }
    CHECK(load_configuration({}).sha256 != load_text("threads: 1\n").sha256);
}

TEST_CASE("a resolved configuration has every key and its rules written out") {
    std::string yaml = load_configuration({}).resolved_yaml;
    CHECK(yaml == R"(# The resolved configuration of a triage scan: every key and the whole rules.
profile: default
hash:
  algorithms: [md5, sha1, sha256]
  engine: auto
entries:
  deleted: true
  orphans: true
  sparse: false
  size_gate: false
evidence:
  verify: false
limits:
  time_seconds: 0
  matches: 0
  depth: 1024
  entries: 100000000
  orphan_entries: 10000000
  orphan_volume_factor: 4
  hole_bytes: 1099511627776
threads: 0
memory_mib: 512
reports: [text, html, jsonl]
reports.redact: []
reports.jsonl.entries: true
reports.csv.entries: true
reports.case.entries: findings
reports.html.laboratory: ""
reports.html.method: ""
reports.html.received: ""
reports.html.issued: ""
reports.html.examiner: ""
reports.html.reviewer: ""
reports.html.authoriser: ""
reports.vics.entries: false
reports.plugin.paths: []
reports.plugin.seconds: 30
reports.plugin.output_mib: 1024
reports.exec.command: []
reports.exec.timeout: 60
reports.exec.output_mib: 1024
store:
  keep_names: all
lists:
  warn_unprotected: false
rules:
  - name: notable-match
    when: {match: {polarity: notable, alerts: true}}
    severity: alert
    text: "The entry's digest is in a notable known set."
  - name: notable-other-category
    when: {match: {polarity: notable, alerts: false}}
    severity: notice
    text: "The entry's digest is in a notable known set, in a category that was not named to alert."
  - name: pictures-and-videos-first
    when: {state: [allocated], metadata: false, extension: [jpg, jpeg, png, gif, bmp, tif, tiff, webp, heic, heif, avif, jfif, mp4, m4v, mov, avi, mkv, wmv, mpg, mpeg, "3gp", "3g2", flv, webm, ts, mts]}
    priority: 0
  - name: unused-last
    when: {any: [{state: [deleted, orphan]}, {metadata: true}]}
    priority: 9
next_step:
  match: "Stop here. Do not open, browse or copy anything on the device. Leave it as it is, secure it, note the time, and call the digital forensics unit."
  alert: "A rule raised an alert; no known file was found. Do not browse the device. Secure it and ask the digital forensics unit what the alert means."
  no_match: "No match is no clearance: nothing that was checked is in these lists, and what no list knows is not found. Decide with everything else that is known."
  incomplete: "The answer does not cover everything: what was not checked stands above. Where that matters, secure the device and have it examined in full."
  not_compared: "Nothing was compared. Scan again with a list of known files: --notable LIST."
worker:
  memory_mib: 384
  memory_max_mib: 1024
  progress_seconds: 5
  in_process: false
)");
    yaml.erase(yaml.find("threads: 0\n"), 11);
    CHECK_THROWS_WITH_AS(parse_resolved(yaml), "config.yaml, line 1, column 1: the key threads is missing", Error);
    CHECK_THROWS_AS(parse_resolved("rules: [notable-match]\n"), Error);
    CHECK_THROWS_AS(parse_resolved(""), Error);
}

TEST_CASE("an unknown key is an error that names the place and the key that was meant") {
    CHECK(error_of("threads: 1\nhash:\n  algoritms: [md5]\n") ==
          "F, line 3, column 3: unknown key \"hash.algoritms\"; did you mean hash.algorithms?");
    CHECK(error_of("depth: 1\n") == "F, line 1, column 1: unknown key \"depth\"; did you mean limits.depth?");
    CHECK(error_of("zzzzzzzzzz: 1\n")
              .starts_with("F, line 1, column 1: unknown key \"zzzzzzzzzz\"; expected one of profile,"));
    CHECK_THROWS_WITH_AS(with_flag("thread", "1"), "option thread: unknown key \"thread\"; did you mean threads?",
                         Error);
}

TEST_CASE("a value of the wrong type or out of range is an error that says what is expected") {
    CHECK(error_of("threads: many\n") == "F, line 1, column 10: threads is a number from 0 to 1024; found \"many\"");
    CHECK(error_of("threads: '1'\n") == "F, line 1, column 10: threads is a number from 0 to 1024; found \"1\"");
    for (const char* value : {"-1", "1025", "1.5", "0x10", "18446744073709551616", "[1]", "{a: 1}", "", "~", "1 2"})
        CHECK(error_of("threads: " + std::string(value) + "\n").find("threads is a number from 0 to 1024; found") !=
              std::string::npos);
    CHECK(error_of("entries: {deleted: yes}\n") ==
          "F, line 1, column 20: entries.deleted is true or false; found \"yes\"");
    CHECK(error_of("hash: {algorithms: md5}\n") ==
          "F, line 1, column 20: hash.algorithms is a list of md5, sha1, sha256; found \"md5\"");
    CHECK(error_of("hash: {algorithms: [md5, sha-1]}\n") ==
          "F, line 1, column 26: unknown algorithm \"sha-1\"; did you mean sha1?");
    CHECK(error_of("hash: {algorithms: []}\n") ==
          "F, line 1, column 20: hash.algorithms is a list of md5, sha1, sha256; found an empty list");
    CHECK(error_of("hash: {algorithms: [md5, md5]}\n") == "F, line 1, column 26: hash.algorithms names \"md5\" twice");
    CHECK(error_of("hash: 3\n") == "F, line 1, column 7: hash is a map of keys; found a value");
    CHECK(error_of("- threads\n") == "F, line 1, column 1: a configuration is a map of keys; found a list");
}

TEST_CASE("keys given twice are an error, however they are written") {
    CHECK(error_of("threads: 1\nthreads: 1\n") ==
          "F, line 2, column 1: the key \"threads\" stands twice; it was given in line 1");
    CHECK(error_of("limits: {depth: 1}\nlimits.depth: 1\n") == "F, line 2, column 1: limits.depth is given twice");
}

TEST_CASE("values that contradict each other are an error") {
    CHECK(error_of("worker: {memory_mib: 2000}\n") ==
          "F, line 1, column 22: worker.memory_max_mib (1024) is less than worker.memory_mib (2000)");
    CHECK(error_of("worker: {memory_max_mib: 100}\n") ==
          "F, line 1, column 26: worker.memory_max_mib (100) is less than worker.memory_mib (384)");
}

TEST_CASE("rules that the size gate leaves open are named: the first bytes do not tell") {
    const std::string rules =
        "rules:\n"
        "  - {name: typed, when: {any: [{size: 1}, {not: {type: image/*}}]}, severity: info, text: t}\n"
        "  - {name: matched, when: {match: {polarity: notable}}, severity: info, text: t}\n"
        "  - {name: sized, when: {size: 1}, severity: info, text: t}\n"
        "  - {name: typed-match, when: {type: image/*, not: {match: {polarity: ignorable}}}, severity: info, text: t}\n"
        "  - {name: random, when: {entropy: {min: 7}}, severity: info, text: t}\n";
    CHECK(rules_left_open(load_text("entries: {size_gate: true}\n" + rules)) ==
          std::vector<std::string>{"typed-match", "random"});
    CHECK(rules_left_open(load_text(rules)).empty());
}

TEST_CASE("a laboratory's scan leaves no state of entries out") {
    CHECK(error_of("profile: lab-full\nentries: {deleted: false}\n") ==
          "F, line 2, column 20: the profile lab-full examines deleted entries");
    CHECK(error_of("profile: lab-full\nentries: {orphans: false}\n") ==
          "F, line 2, column 20: the profile lab-full examines orphans");
    CHECK(error_of("profile: lab-full\nentries: {deleted: true, orphans: true}\n") == "accepted");
    CHECK(error_of("entries: {deleted: false, orphans: false}\n") == "accepted");
}

TEST_CASE("reports of the defaults are those of the build; one that a user names must be there") {
    ConfigSources sources;
    sources.available_reports = {"jsonl", "text"};
    CHECK(load_configuration(sources).options.reports == std::vector<std::string>{"text", "jsonl"});
    CHECK(error_of("reports: [text, html]\n", sources) ==
          "F, line 1, column 17: unknown report \"html\"; expected one of jsonl, text");
    sources.overrides = {{"reports", "[jsonl]"}};
    CHECK(load_configuration(sources).options.reports == std::vector<std::string>{"jsonl"});
    sources.overrides = {{"reports", "[pdf-a]"}};
    CHECK_THROWS_AS(load_configuration(sources), Error);
}

TEST_CASE("what reports leave out is one of two things; anything else is an error with its place") {
    CHECK(load_text("reports.redact: [labels, names]\n").options.report_options.redact == Redaction{true, true});
    CHECK(load_text("reports.redact: [labels]\n").options.report_options.redact == Redaction{false, true});
    CHECK(error_of("reports.redact: [name]\n") ==
          "F, line 1, column 18: reports.redact does not leave out \"name\"; did you mean names?");
    CHECK(error_of("reports.jsonl.entires: false\n") ==
          "F, line 1, column 1: unknown key \"reports.jsonl.entires\"; did you mean reports.jsonl.entries?");
}

TEST_CASE("profiles are known by name") {
    CHECK(built_in_profiles() == std::vector<std::string>{"default", "home-visit", "lab-full", "quick"});
    ConfigSources sources;
    sources.profile = "defualt";
    CHECK_THROWS_WITH_AS(load_configuration(sources),
                         "option --profile: unknown profile \"defualt\"; did you mean default?", Error);
    CHECK(error_of("threads: 1\nprofile: fast\n") ==
          "F, line 2, column 10: unknown profile \"fast\"; expected one of default, home-visit, lab-full, quick");
    CHECK_THROWS_AS(with_flag("profile", "default"), Error);
}

TEST_CASE("rules come by built-in name, by path from the configuration's folder, or written out") {
    const ScratchFile rules("rules:\n  - {name: own, when: {match: {polarity: ignorable}}, severity: info, text: t}\n",
                            ".yaml");
    const std::string base_name = rules.path().substr(5);  // beside the configuration in /tmp
    const Configuration c = load_text("rules: [notable-match, ./" + base_name + "]\n");
    REQUIRE(c.rules.size() == 3);
    CHECK(c.rules[1].name == "notable-other-category");
    CHECK(c.rules[2].name == "own");
    CHECK(with_flag("rules", "[" + rules.path() + "]").rules.size() == 1);
    CHECK(error_of("rules: [notable-mach]\n") ==
          "F, line 1, column 9: unknown rules \"notable-mach\"; did you mean notable-match?");
    CHECK(error_of("rules: [./no/such.yaml]\n") ==
          "F, line 1, column 9: the rule file \"/tmp/./no/such.yaml\" cannot be read: No such file or directory");
    CHECK(error_of("rules: [notable-match, notable-match]\n").find("a rule named notable-match stands already in") !=
          std::string::npos);
}

TEST_CASE("rules that nothing reaches or that contradict each other are refused with their place") {
    const auto error = [](const std::string& rules, const std::string& keys = "") {
        return error_of(keys + "rules:\n" + rules);
    };
    const std::string skip = "  - {name: s, when: {path: '/x/**'}, skip: true}\n";
    CHECK(error(skip + "  - {name: a, when: {path: '/x/**', type: image/*}, severity: info, text: t}\n") ==
          "F, line 3, column 5: the rule a is never reached: s (F, line 2, column 5) skips all that it holds for");
    CHECK(error(skip + "  - {name: a, when: {path: '/x/**', extension: jpg}, severity: info, text: t}\n") ==
          "accepted");
    CHECK(error(skip + "  - {name: a, when: {path: '/x/**', extension: jpg}, priority: 0}\n") ==
          "F, line 3, column 5: the rules a and s (F, line 2, column 5) contradict each other: what is skipped is not "
          "read");
    const auto is_reached = [&](const std::string& skipped, const std::string& when) {
        const std::string e = error("  - {name: s, when: {" + skipped + "}, skip: true}\n  - {name: a, when: {" + when +
                                    ", type: image/*}, severity: info, text: t}\n");
        CHECK((e == "accepted" || e.find("the rule a is never reached: s ") != std::string::npos));
        return e == "accepted";
    };
    CHECK_FALSE(is_reached("size: {min: 1 MiB}", "size: {min: 2 MiB, max: 3 MiB}"));
    CHECK(is_reached("size: {min: 1 MiB}", "size: {min: 1}"));
    CHECK(is_reached("size: {min: 1 MiB}", "size: {max: 2 MiB}"));
    CHECK_FALSE(is_reached("extension: [jpg, png]", "extension: png"));
    CHECK(is_reached("extension: png", "extension: [jpg, png]"));
    CHECK_FALSE(is_reached("path: ['/x/**', '/y/**']", "path: '/y/**', size: 1"));
    CHECK(is_reached("path: '/y/**'", "path: '/y/z'"));  // of patterns only equal ones are compared
    CHECK_FALSE(is_reached("any: [{fs: ext4}, {size: {max: 9}}]", "size: 5"));
    CHECK(is_reached("any: [{fs: ext4}, {size: {max: 9}}]", "size: 10"));
    CHECK_FALSE(is_reached("modified: {before: 2020-01-01}", "modified: {after: 2001-01-01, before: 2010-01-01}"));
    CHECK(is_reached("modified: {before: 2020-01-01}", "modified: {before: 2020-01-02}"));
    CHECK_FALSE(is_reached("created: {older_than: 1 day}", "created: {older_than: 25 hours}"));
    CHECK(is_reached("created: {newer_than: 1 day}", "created: {newer_than: 25 hours}"));
    CHECK_FALSE(is_reached("any: [{state: deleted}, {state: orphan}]", "state: orphan"));
    CHECK_FALSE(is_reached("state: [deleted, orphan]", "not: {state: allocated}"));
    CHECK(is_reached("state: [deleted, orphan]", "not: {state: deleted}"));
    CHECK_FALSE(is_reached("not: {extension: jpg}", "extension: png"));
    CHECK(is_reached("not: {extension: jpg}", "size: 1"));  // a JPEG may have it
    CHECK_FALSE(is_reached("not: {modified: {before: 2020-01-01}}", "modified: {after: 2020-01-01}"));
    CHECK_FALSE(is_reached("extension: [jpg, png]", "any: [{extension: png}, {extension: jpg, size: 1}]"));
    CHECK(is_reached("extension: [jpg, png]", "any: [{extension: png}, {size: 1}]"));
    CHECK(error("  - {name: a, when: {size: 1}, priority: 0}\n  - {name: b, when: {size: 1}, priority: 1}\n") ==
          "F, line 3, column 5: the priority 1 of the rule b never counts: a (F, line 2, column 5) gives all that it "
          "holds for the priority 0");
    const std::string early = "  - {name: e, when: {extension: [jpg, png]}, priority: 2}\n";
    CHECK(error(early + "  - {name: a, when: {extension: png, size: 1}, priority: 3}\n").find("never counts: e ") !=
          std::string::npos);
    CHECK(error(early + "  - {name: a, when: {extension: png}, priority: 1}\n") == "accepted");
    CHECK(error(early + "  - {name: a, when: {extension: [png, gif]}, priority: 3}\n") == "accepted");
    const std::string deleted = "  - {name: a, when: {state: deleted}, priority: 9}\n";
    CHECK(error(deleted) == "accepted");
    CHECK(error(deleted, "entries: {deleted: false}\n") ==
          "F, line 3, column 5: the rule a is never reached: entries.deleted is false");
    CHECK(error("  - {name: a, when: {state: orphan}, priority: 9}\n", "entries: {orphans: false}\n") ==
          "F, line 3, column 5: the rule a is never reached: entries.orphans is false");
    const std::string quick = "entries: {deleted: false, orphans: false}\n";
    for (const char* when :
         {"state: [deleted, orphan]", "not: {state: allocated}", "any: [{state: deleted, size: 1}, {state: orphan}]"}) {
        const std::string unused = "  - {name: a, when: {" + std::string(when) + "}, priority: 9}\n";
        CHECK(error(unused) == "accepted");
        CHECK(error(unused, quick) ==
              "F, line 3, column 5: the rule a is never reached: entries.deleted and entries.orphans are false");
        CHECK(error(unused, "entries: {deleted: false}\n") == "accepted");
    }
    CHECK(error("  - {name: a, when: {any: [{state: deleted}, {metadata: true}]}, priority: 9}\n", quick) ==
          "accepted");
    CHECK(error("  - {name: s, when: {state: allocated}, skip: true}\n"
                "  - {name: a, when: {type: image/*}, severity: info, text: t}\n",
                quick)
              .find("the rule a is never reached: s ") != std::string::npos);
}

TEST_CASE("patterns that need too much memory together are refused before a scan begins") {
    std::string rules = "threads: 1\nrules:\n";
    for (int i = 0; i < 60; ++i)
        rules += fmt::format("  - {{name: r{0}, when: {{path_regex: '{0}\\pL{{20}}'}}, severity: info, text: t}}\n", i);
    CHECK(error_of(rules) == "F, line 3, column 3: the patterns of the rules: need more than 64 MiB together");
}

TEST_CASE("a configuration whose resolved form could not be read back is refused") {
    const auto file_of = [](char first) {
        std::string rules = "rules:\n";
        for (int i = 0; i < 150; ++i)
            rules += fmt::format("  - {{name: {}{}, when: {{size: 1}}, severity: info, text: '{}'}}\n", first, i,
                                 std::string(4000, 'x'));
        return rules;
    };
    const ScratchFile a(file_of('a'), ".yaml"), b(file_of('b'), ".yaml");
    CHECK(error_of("rules: [" + a.path() + "]\n") == "accepted");
    CHECK(error_of("rules: [" + a.path() + ", " + b.path() + "]\n") ==
          "F, line 1, column 8: the resolved configuration could not be read back: config.yaml, line 1, column 1: "
          "larger than 1 MiB, the limit of a configuration file");
}

TEST_CASE("a configuration that cannot be read or is too large is an error that names it") {
    ConfigSources sources;
    sources.file = "/no/such.yaml";
    CHECK_THROWS_WITH_AS(load_configuration(sources),
                         "/no/such.yaml: the configuration cannot be read: No such file or directory", Error);
    sources.file = "/tmp";
    CHECK_THROWS_WITH_AS(load_configuration(sources), "/tmp: the configuration cannot be read: Is a directory", Error);
    CHECK(error_of(std::string((1 << 20) + 1, '#')) ==
          "F, line 1, column 1: larger than 1 MiB, the limit of a configuration file");
}

TEST_CASE("a list whose digests are not computed is refused") {
    KnownRecord record;
    record.digests = hash_of(as_bytes("abc"), AlgorithmSet::from_bits(1));
    test::SetOptions options;
    options.identity.source_path = "list.txt";
    KnownSets sets;
    sets.push_back(test::set_of({record}, options));
    CHECK_NOTHROW(check_against_lists(load_configuration({}).options, sets));
    CHECK_THROWS_WITH_AS(check_against_lists(with_flag("hash.algorithms", "[sha256]").options, sets),
                         "list.txt: 1 of its 1 records have only digests that hash.algorithms [sha256] leaves out",
                         Error);
}

TEST_CASE("damaged configurations are accepted or refused with a place, nothing else") {
    for (unsigned i = 0; i < 2000; ++i) {
        const std::string text = i % 4 == 0 ? test::random_bytes(i) : test::mutated(all_keys, i);
        try {
            parse_resolved(text);
        } catch (const Error& error) {
            REQUIRE(std::string(error.what()).find(", line ") != std::string::npos);
        }
        const std::string message = i % 20 == 0 ? error_of(text) : "accepted";
        if (message != "accepted") REQUIRE(message.find(", line ") != std::string::npos);
    }
}

TEST_CASE("the next step after a verdict is a text of the configuration, bounded, and may be empty") {
    ConfigSources sources;
    sources.overrides = {{"next_step.match", "\"Ring 1: \\u00e4\""}, {"next_step.no_match", "\"\""}};
    const Configuration configuration = load_configuration(sources);
    CHECK(configuration.options.next_steps.match == "Ring 1: \xC3\xA4");
    CHECK(configuration.options.next_steps.no_match.empty());
    CHECK(configuration.options.next_steps.incomplete == NextSteps{}.incomplete);
    CHECK(parse_resolved(configuration.resolved_yaml).options.next_steps == configuration.options.next_steps);
    sources.overrides = {{"next_step.match", std::string(2001, 'x')}};
    CHECK_THROWS_AS(load_configuration(sources), Error);
    sources.overrides = {{"next_step.match", "[one, two]"}};
    CHECK_THROWS_AS(load_configuration(sources), Error);
}

}  // namespace triage
