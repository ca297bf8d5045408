// SPDX-License-Identifier: Apache-2.0
#include "config/rule_file.h"

#include <doctest/doctest.h>

#include "config/embedded.h"
#include "config/rule_conditions.h"
#include "tests/support/scratch_file.h"

namespace triage {
namespace {

std::string error_of(const std::string& text) {
    try {
        parse_rule_file(parse_yaml(text, "F"));
    } catch (const Error& error) {
        return error.what();
    }
    return "accepted";
}

std::string rule(const std::string& name, const std::string& when, const std::string& severity,
                 const std::string& text) {
    return "rules:\n  - name: " + name + "\n    when: " + when + "\n    severity: " + severity + "\n    text: " + text +
           "\n";
}

const std::string notable = "{match: {polarity: notable}}";

}  // namespace

TEST_CASE("a rule has a name, conditions, a severity and a text") {
    const auto rules = parse_rule_file(parse_yaml(rule("a-1", notable, "notice", "Say this."), "F"));
    REQUIRE(rules.size() == 1);
    CHECK(rules[0].first.name == "a-1");
    CHECK(when_to_yaml(rules[0].first.when) == notable);
    CHECK(rules[0].first.severity == Severity::notice);
    CHECK(rules[0].first.text == "Say this.");
    CHECK(to_string(rules[0].second) == "F, line 2, column 5");
    const auto again = parse_rule_file(parse_yaml("rules:\n" + rule_to_yaml(rules[0].first), "F"));
    CHECK(rule_to_yaml(again[0].first) == rule_to_yaml(rules[0].first));
}

TEST_CASE("what is wrong with a rule is said with its place") {
    CHECK(error_of(rule("A", notable, "info", "t")) ==
          "F, line 2, column 11: the name \"A\" is not made of up to 64 of a-z, 0-9 and -");
    CHECK(error_of(rule("a", notable, "alarm", "t")) ==
          "F, line 4, column 15: unknown severity \"alarm\"; did you mean alert?");
    CHECK(error_of(rule("a", "{match: {polarity: notabel}}", "info", "t")) ==
          "F, line 3, column 30: unknown polarity \"notabel\"; did you mean notable?");
    CHECK(error_of(rule("a", "{mach: {polarity: notable}}", "info", "t")) ==
          "F, line 3, column 12: unknown condition \"mach\"; did you mean match?");
    CHECK(error_of(rule("a", "{match: {sets: x}}", "info", "t")) ==
          "F, line 3, column 20: unknown key \"sets\" in match; did you mean set?");
    CHECK(
        error_of(rule("a", "{match: {}}", "info", "t")) ==
        "F, line 3, column 19: match is empty; expected polarity, set, category, category_set, label, alerts, digests, "
        "size_agrees, differs");
    CHECK(error_of(rule("a", "{}", "info", "t"))
              .starts_with("F, line 3, column 11: when names no condition; expected one of all, any, not, path,"));
    CHECK(error_of(rule("a", "match", "info", "t")) == "F, line 3, column 11: when is a map; found a value");
    CHECK(error_of(rule("a", notable, "info", "[t]")) == "F, line 5, column 11: text is a text; found a list");
    CHECK(error_of("rules:\n  - name: a\n    when: {match: {polarity: notable}}\n    text: t\n") ==
          "F, line 2, column 5: nothing follows from the rule a; expected severity, priority, skip or hash");
    CHECK(error_of(rule("a", notable, "info", "t") + "    severty: info\n") ==
          "F, line 6, column 5: unknown key \"severty\" in a rule; did you mean severity?");
    CHECK(error_of("rule: []\n") == "F, line 1, column 1: unknown key \"rule\" in a rule file; did you mean rules?");
    CHECK(error_of("rules: 3\n") == "F, line 1, column 8: rules is a list of rules; found a value");
    CHECK(error_of("") == "F, line 1, column 1: a rule file is a map; found nothing");
    CHECK(error_of("{}") == "F, line 1, column 1: the rule file has no rules");
}

TEST_CASE("parts of a rule that do not go together are refused") {
    const auto error = [](const std::string& parts) { return error_of("rules:\n  - {name: a, " + parts + "}\n"); };
    const std::string place = "F, line 2, column 5: ";
    CHECK(error("when: {size: 1}, severity: info") == place + "the rule a has a severity and no text");
    CHECK(error("when: {size: 1}, skip: false") ==
          place + "nothing follows from the rule a; expected severity, priority, skip or hash");
    CHECK(error("when: {size: 1}, priority: 1, tags: x") ==
          place + "the rule a has no severity: tags and stop_after belong to findings");
    CHECK(error("when: {size: 1}, skip: true, priority: 1") ==
          place + "the rule a contradicts itself: what is skipped has no priority and no hash");
    CHECK(error_of(rule("match", notable, "info", "t")) ==
          place + "the name match is that of the built-in rule for matches that no rule names");
    for (const char* action : {"skip: true", "priority: 1", "hash: [md5]"})
        for (const char* when : {"type: image/*", "match: {polarity: ignorable}", "entropy: {min: 1}",
                                 "any: [{size: 1}, {type_differs: true}]"})
            CHECK(error("when: {" + std::string(when) + "}, " + action) ==
                  place + "the rule a asks for the content: priority, skip and hash are decided before it is read");
}

TEST_CASE("conditions that contradict each other are refused") {
    const auto error = [](const std::string& when) {
        return error_of("rules:\n  - {name: a, when: {" + when + "}, severity: info, text: t}\n");
    };
    const auto is_refused = [&](const std::string& when) {
        return error(when).find("contradict each other") != std::string::npos;
    };
    CHECK(
        error("extension: jpg, all: [{extension: png}]") ==
        "F, line 2, column 5: the rule a never holds: {extension: [jpg]} and {extension: [png]} contradict each other");
    CHECK(is_refused("all: [{size: {min: 5}}, {size: {max: 4}}]"));
    CHECK(is_refused("all: [{metadata: true}, {metadata: false}]"));
    CHECK(is_refused("state: deleted, not: {state: deleted}"));
    CHECK(is_refused("any: [{size: 1}, {state: deleted, all: [{state: allocated}]}]"));
    CHECK_FALSE(is_refused("any: [{size: 1}, {size: 2}]"));
    CHECK_FALSE(is_refused("all: [{size: {min: 5}}, {size: {max: 5}}]"));
    CHECK_FALSE(is_refused("all: [{type: image/*}, {type: image/png}]"));
    CHECK_FALSE(is_refused("all: [{type: image/png}, {type: [video/*, image/*]}]"));
    CHECK(is_refused("all: [{type: image/*}, {type: video/*}]"));
    CHECK(is_refused("all: [{type: text/*}, {type: [font/woff, message/*]}]"));
    CHECK_FALSE(is_refused("all: [{type: text/*}, {type: text/x-php}]"));
    CHECK_FALSE(is_refused("all: [{type: application/zip}, {type: application/x-office}]"));  // each has its teller
    CHECK(is_refused("type: unknown, all: [{type: [image/*, video/mp4]}]"));
    CHECK(is_refused("all: [{modified: {after: 2020-01-01}}, {modified: {before: 2019-01-01}}]"));
    CHECK(is_refused("all: [{modified: {before: 2020-01-01}}, {modified: {after: 2020-01-01}}]"));
    CHECK(is_refused("all: [{created: {older_than: 30 days}}, {created: {newer_than: 1 day}}]"));
    CHECK_FALSE(is_refused("all: [{modified: {after: 2020-01-01}}, {created: {before: 2019-01-01}}]"));
    CHECK_FALSE(is_refused("all: [{modified: {after: 2019-01-01}}, {modified: {before: 2020-01-01}}]"));
    CHECK_FALSE(is_refused("all: [{modified: {after: 2020-01-01}}, {modified: {older_than: 30 days}}]"));
    CHECK_FALSE(is_refused("state: deleted, not: {state: deleted, size: 1}"));
    CHECK(error("size: {min: 10}, not: {size: {min: 5}}") ==
          "F, line 2, column 5: the rule a never holds: {size: {min: 10}} and {not: {size: {min: 5}}} contradict each "
          "other");
    CHECK_FALSE(is_refused("size: {min: 5}, not: {size: {min: 10}}"));
    CHECK(is_refused("state: deleted, size: 1, not: {state: [deleted, orphan], size: {max: 3}}"));
    CHECK(is_refused("type: image/png, not: {any: [{type: image/*}, {size: 1}]}"));
    CHECK(is_refused("match: {polarity: notable, alerts: true}, not: {match: {polarity: notable}}"));
    CHECK_FALSE(is_refused("match: {polarity: notable}, not: {match: {polarity: notable, alerts: true}}"));
    CHECK_FALSE(is_refused("all: [{match: {polarity: notable}}, {match: {polarity: ignorable}}]"));  // two matches
    CHECK(is_refused("state: deleted, not: {not: {state: allocated}}"));
    // Each branch with what stands beside it.
    CHECK(is_refused("state: deleted, any: [{state: allocated}, {state: orphan}]"));
    CHECK(is_refused("state: deleted, any: [{state: allocated, size: 1}, {size: 2}]"));
    CHECK(is_refused("size: 3, any: [{size: {max: 9}, any: [{size: 1}, {size: 2}]}, {state: deleted}]"));
    CHECK_FALSE(is_refused("state: deleted, any: [{state: [allocated, deleted]}, {size: 2}]"));
    CHECK_FALSE(is_refused("state: allocated, not: {state: deleted, size: 1}"));
    // Few values: what is left of them.
    CHECK(error("not: {state: [allocated, deleted, orphan]}") ==
          "F, line 2, column 5: the rule a never holds: {not: {state: [allocated, deleted, orphan]}} fits nothing");
    CHECK(is_refused("state: [allocated, deleted], all: [{not: {state: allocated}}, {not: {state: deleted}}]"));
    CHECK(is_refused("all: [{not: {metadata: true}}, {not: {metadata: false}}]"));
    CHECK_FALSE(is_refused("not: {state: [allocated, deleted]}"));
    for (const char* of_streams : {"stream: '*'", "stream_regex: x", "type_differs: false"}) {
        const bool has_name = std::string_view(of_streams).starts_with("stream");
        CHECK(is_refused("kind: file, " + std::string(of_streams)) == has_name);
        CHECK_FALSE(is_refused("kind: stream, " + std::string(of_streams)));
    }
    CHECK(is_refused("kind: stream, type_differs: true"));
    CHECK_FALSE(is_refused("kind: file, not: {stream: x}"));
    CHECK(
        error("match: {digests: 3, differs: true}").ends_with("match never holds: all digests agree, and one differs"));
    CHECK(error("match: {digests: 2, differs: true}") == "accepted");
    CHECK(error("size: {min: 2, max: 1}") == "F, line 2, column 28: size never holds: min is above max");
    CHECK(error("created: {after: 2024-05-01, before: 2024-05-01}").ends_with("after is not before before"));
    CHECK(error("created: {after: '2024-05-01T00:00:00.1Z', before: '2024-05-01T00:00:00.2Z'}") == "accepted");
    CHECK(error("created: {after: '2024-05-01T00:00:00.2Z', before: '2024-05-01T00:00:00.1Z'}")
              .ends_with("after is not before before"));
    CHECK(error("created: {newer_than: 1 day, older_than: 24 hours}")
              .ends_with("newer_than is not more than older_than"));
}

TEST_CASE("what is wrong with a condition is said with its place") {
    const auto error = [](const std::string& when) {
        return error_of("rules:\n  - {name: a, when: {" + when + "}, severity: info, text: t}\n");
    };
    CHECK(error("size: 10 apples") ==
          "F, line 2, column 28: size is a number with a unit, such as 4096 or 10 MiB; found \"10 apples\"");
    CHECK(error("size: 20000000 TiB").find("size is a number with a unit") != std::string::npos);
    CHECK(error("size: {minimum: 1}") ==
          "F, line 2, column 29: unknown key \"minimum\" in size; expected one of min, max");
    CHECK(error("path_regex: '('")
              .starts_with("F, line 2, column 34: path_regex \"(\" is no regular expression of RE2: "));
    CHECK(error("path_regex: 'a{1000}{1000}'").find("is no regular expression of RE2: ") != std::string::npos);
    CHECK(error("name: '" + std::string(4097, 'a') + "'").find("name is a text or a list of texts") !=
          std::string::npos);
    CHECK(error("type: imagejpeg") ==
          "F, line 2, column 28: type is a MIME type such as image/jpeg or text/*; found \"imagejpeg\"; did you mean "
          "image/jpeg?");
    for (const char* type : {"image", "/png", "image/", "*/*", "text/x php", "text/**", "te*/x", "text/x/y"})
        CHECK(error("type: '" + std::string(type) + "'").find("type is a MIME type") != std::string::npos);
    CHECK(error("type: text/" + std::string(128, 'x')).find("type is a MIME type") != std::string::npos);
    CHECK(error("extension: .jpg") ==
          "F, line 2, column 33: extension is up to 8 bytes without a dot, such as jpg; found \".jpg\"");
    CHECK(error("state: gone").starts_with("F, line 2, column 29: unknown state \"gone\"; expected one of allocated,"));
    CHECK(error("created: {after: 2024-02-30}").find("created.after is a time such as 2024-05-01") !=
          std::string::npos);
    CHECK(error("created: {newer_than: 3 moons}").find("created.newer_than is a number with a unit, such as 30 days") !=
          std::string::npos);
    CHECK(error("entropy: {min: 8.5}") == "F, line 2, column 37: entropy.min is a number from 0 to 8; found \"8.5\"");
    CHECK(error("entropy: 7").find("entropy is a map of min, max; found \"7\"") != std::string::npos);
    CHECK(error("match: {digests: 4}").ends_with("digests is how many must agree, 1 to 3; found \"4\""));
    CHECK(error("not: [a]") == "F, line 2, column 27: when is a map; found a list");
    CHECK(error("any: []") == "F, line 2, column 27: any is a list of maps of conditions; found an empty list");
    CHECK(error("type_differs: maybe").ends_with("type_differs is true or false; found \"maybe\""));
}

TEST_CASE("a value that nothing can fit is refused") {
    const auto error = [](const std::string& when) {
        return error_of("rules:\n  - {name: a, when: {" + when + "}, severity: info, text: t}\n");
    };
    CHECK(error("name: [a, 'b/c']") == "F, line 2, column 32: name \"b/c\" never fits: a name has no '/'");
    CHECK(error("volume: /p1") == "F, line 2, column 30: volume \"/p1\" never fits: a volume has no '/'");
    CHECK(error("kind: carved") == "F, line 2, column 28: unknown kind \"carved\"; expected one of file, stream");
    CHECK(error("path: 'a/b'") == "accepted");
}

TEST_CASE("an item of a list that is wrong is named by its own place") {
    const auto place = [](const std::string& when, const std::string& parts = "severity: info, text: t") {
        const std::string error = error_of("rules:\n- {name: a, when: {" + when + "}, " + parts + "}\n");
        return error.substr(0, error.find(": "));
    };
    CHECK(place("type: [image/*, x]") == "F, line 2, column 36");
    CHECK(place("extension: [jpg, .x]") == "F, line 2, column 37");
    CHECK(place("state: [deleted, x]") == "F, line 2, column 37");
    CHECK(place("name_regex: [a, '(']") == "F, line 2, column 36");
    CHECK(place("path: [a, '[z-a]']") == "F, line 2, column 30");
    CHECK(place("size: 1", "hash: [md5, md6]") == "F, line 2, column 42");
    CHECK(place("size: 1", "severity: info, text: t, tags: [a, B]") == "F, line 2, column 65");
}

TEST_CASE("docs/rules.md holds the table of conditions and names every built-in rule file") {
    const auto text = test::file_text(TRIAGE_SOURCE_DIR "/docs/rules.md");
    REQUIRE(text);
    CHECK(text->find(conditions_as_markdown()) != std::string::npos);
    for (const EmbeddedFile& file : embedded_files())
        if (file.path.starts_with("rules/"))
            CHECK(text->find("| `" + std::string(file.path.substr(6, file.path.size() - 11)) + "` |") !=
                  std::string::npos);
}

TEST_CASE("every built-in rule file is valid, and only the notable match is an alert") {
    std::vector<std::string> alerts;
    std::size_t files = 0;
    for (const EmbeddedFile& file : embedded_files()) {
        if (!file.path.starts_with("rules/")) continue;
        ++files;
        for (const auto& [rule, place] : parse_rule_file(parse_yaml(file.text, std::string(file.path))))
            if (rule.severity == Severity::alert) alerts.push_back(rule.name);
    }
    CHECK(files == 7);
    CHECK(alerts == std::vector<std::string>{"notable-match"});
}

}  // namespace triage
