// SPDX-License-Identifier: Apache-2.0
#include "config/keys.h"

#include <doctest/doctest.h>

#include <set>

#include "tests/support/scratch_file.h"

namespace triage {

TEST_CASE("every key has a name of its own, a meaning and a consequence, and the default is in range") {
    std::set<std::string_view> names;
    for (const Key& key : key_table()) {
        CAPTURE(std::string(key.name));
        CHECK(names.insert(key.name).second);
        CHECK_FALSE(key.meaning.empty());
        CHECK_FALSE(key.consequence.empty());
        if (key.field == nullptr) continue;
        ScanOptions options;
        const std::string text = value_of(key, options);
        const YamlNode node = parse_yaml(text, "default");
        CHECK_NOTHROW(assign(key, node, options));
        CHECK(value_of(key, options) == text);
    }
}

TEST_CASE("keys of one group stand together") {
    std::set<std::string> finished;
    std::string group;
    for (const std::string& name : key_names()) {
        const std::string next = name.substr(0, name.find('.') == std::string::npos ? name.size() : name.find('.'));
        if (next != group) CHECK(finished.insert(next).second);
        group = next;
    }
}

TEST_CASE("docs/configuration.md holds the table of keys") {
    const auto text = test::file_text(TRIAGE_SOURCE_DIR "/docs/configuration.md");
    REQUIRE(text);
    CHECK(text->find(keys_as_markdown()) != std::string::npos);
}

TEST_CASE("the help of an option is its key's meaning, name and default") {
    CHECK(help_of("limits.time_seconds", "As 90s.") ==
          std::string(find_key("limits.time_seconds")->meaning) + " As 90s.\n(key limits.time_seconds, default 0)");
    CHECK(help_of("profile").ends_with("(key profile, default default)"));
}

}  // namespace triage
