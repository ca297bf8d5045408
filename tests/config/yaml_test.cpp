// SPDX-License-Identifier: Apache-2.0
#include "config/yaml.h"

#include <doctest/doctest.h>

#include "tests/support/scratch_file.h"

namespace triage {
namespace {

std::string error_of(const std::string& text) {
    try {
        parse_yaml(text, "F");
    } catch (const Error& error) {
        return error.what();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("a document becomes a tree whose nodes know their places") {
    const YamlNode root = parse_yaml("a: 1\nb:\n  - 'x'\n  - {c: }\n", "F");
    REQUIRE(root.kind == YamlNode::Kind::map);
    REQUIRE(root.keys.size() == 2);
    CHECK(root.items[0].text == "1");
    CHECK(root.items[0].is_plain);
    const YamlNode& list = root.items[1];
    REQUIRE(list.items.size() == 2);
    CHECK_FALSE(list.items[0].is_plain);
    CHECK(to_string(list.items[0].place) == "F, line 3, column 5");
    CHECK(list.items[1].items[0].kind == YamlNode::Kind::nothing);
    CHECK(parse_yaml("# only a comment\n", "F").kind == YamlNode::Kind::nothing);
}

TEST_CASE("what a configuration does not need is refused with its place") {
    CHECK(error_of("a: &x 1\n") == "F, line 1, column 4: anchors are not allowed");
    CHECK(error_of("a: &x {b: 1}\n") == "F, line 1, column 4: anchors are not allowed");
    CHECK(error_of("a: 1\nb: *a\n").starts_with("F, line 2, column "));
    CHECK(error_of("a: !!str 1\n") == "F, line 1, column 4: tags are not allowed");
    CHECK(error_of("a: 1\na: 2\n") == "F, line 2, column 1: the key \"a\" stands twice; it was given in line 1");
    CHECK(error_of("[1]: 2\n") == "F, line 1, column 1: a list stands where a key is expected");
    CHECK(error_of("a: 1\n---\nb: 1\n").find("a second document begins") != std::string::npos);
    CHECK(error_of("a: \xFF\n") == "F, line 1, column 1: not UTF-8 text");
    CHECK(error_of(std::string("a: \0", 4)) == "F, line 1, column 1: holds a NUL byte: not a text file");
    CHECK(error_of("a: [1\n").starts_with("F, line 2, column "));
    for (const char* open : {"a: \"1\n", "a: '1\n", "a: \"1", "a: {b"})
        CHECK(error_of(open).find("not valid YAML: ") != std::string::npos);
    CHECK(error_of("---\na: 1\n...\n") == "accepted");
}

TEST_CASE("depth, size and number are bounded") {
    CHECK(error_of(std::string(500'000, '[')).find("nested deeper than 32 levels") != std::string::npos);
    CHECK(error_of(std::string(500'000, '{')).find("nested deeper than 32 levels") != std::string::npos);
    std::string deep;
    for (int i = 0; i < 400'000; ++i) deep += "- ";
    CHECK(error_of(deep).find("nested deeper than 32 levels") != std::string::npos);
    std::string wide = "[";
    for (int i = 0; i < 200'000; ++i) wide += "1,";
    CHECK(error_of(wide).find("more than 100000 values") != std::string::npos);
    std::string keys;
    for (int i = 0; i < 2'000; ++i) keys += "k" + std::to_string(i) + ": 1\n";
    CHECK(error_of(keys) == "F, line 1001, column 1: more than 1000 keys in one map");
}

TEST_CASE("texts are written so that they are read back as they were") {
    for (const std::string text :
         {"", "a", "true", "no", "1", "notable-match", "a: b", "# c", "- d", "\"q\" \\ 'r'", "x\ny", "\t", "\x01\x7F",
          "\xC2\x85\xE2\x80\xAE", "\xF0\x9F\x98\x80", " space ", "{}", "*a", "~"}) {
        const YamlNode root = parse_yaml("key: " + to_yaml(text) + "\n", "F");
        REQUIRE(root.items.size() == 1);
        CHECK(root.items[0].text == text);
    }
    CHECK(to_yaml("notable-match") == "notable-match");
}

TEST_CASE("random and damaged YAML is accepted or refused, nothing else") {
    const std::string seed = "a: {b: [1, 'two', \"three\\n\"]}\nc:\n  - d: |\n      text\n  - ? e\n    : f\n";
    for (unsigned i = 0; i < 2000; ++i) error_of(i % 4 == 0 ? test::random_bytes(i) : test::mutated(seed, i));
}

}  // namespace triage
