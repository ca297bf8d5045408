// SPDX-License-Identifier: Apache-2.0
// What the built-in profiles promise: each key that they change, and the order in which they read.
#include <doctest/doctest.h>

#include <map>

#include "config/config.h"
#include "config/keys.h"
#include "engine/rules/rule_book.h"

namespace triage {
namespace {

Configuration profile(const std::string& name) {
    ConfigSources sources;
    sources.profile = name;
    return load_configuration(sources);
}

using Changes = std::map<std::string, std::string>;

Changes changes_of(const std::string& name) {
    const ScanOptions defaults, options = profile(name).options;
    Changes changes;
    for (const Key& key : key_table())
        if (key.field && value_of(key, options) != value_of(key, defaults))
            changes[std::string(key.name)] = value_of(key, options);
    return changes;
}

std::vector<std::string> rules_of(const std::string& name) {
    std::vector<std::string> names;
    for (const Rule& rule : profile(name).rules) names.push_back(rule.name);
    return names;
}

// When a visit reads it.
std::uint32_t turn_of(const std::string& path, EntryState state = EntryState::allocated, bool is_metadata = false) {
    static const RuleBook book(profile("home-visit").rules, {}, {});
    Entry entry;
    entry.path = path;
    entry.state = state;
    entry.is_metadata = is_metadata;
    return book.before_reading(entry, {"p0", "ntfs", {}, {}, {}, {}}).priority;
}

}  // namespace

TEST_CASE("each profile changes what it promises, and nothing else") {
    CHECK(changes_of("default").empty());
    CHECK(changes_of("home-visit") == Changes{{"entries.size_gate", "true"},
                                              {"limits.time_seconds", "1500"},
                                              {"reports.jsonl.entries", "false"},
                                              {"store.keep_names", "findings"},
                                              {"lists.warn_unprotected", "true"}});
    CHECK(profile("home-visit").options.reports == std::vector<std::string>{"text", "html", "jsonl"});
    CHECK(changes_of("lab-full") ==
          Changes{{"entries.sparse", "true"}, {"evidence.verify", "true"}, {"hash.engine", "openssl"}});
    CHECK(changes_of("quick") == Changes{{"entries.deleted", "false"}, {"entries.orphans", "false"}});
}

TEST_CASE("each profile tells of notable matches, and a visit also of what encrypts, hides or wipes") {
    const std::vector<std::string> usual{"notable-match", "notable-other-category", "pictures-and-videos-first",
                                         "unused-last"};
    for (const char* name : {"default", "lab-full", "quick"}) CHECK(rules_of(name) == usual);
    CHECK(rules_of("home-visit") == std::vector<std::string>{"notable-match", "notable-other-category",
                                                             "user-media-first", "other-media-next", "system-late",
                                                             "unused-last", "encrypted-container", "encrypted-archive",
                                                             "random-content", "wiping-tool", "hiding-tool"});
}

TEST_CASE("a visit reads pictures, videos and archives of user folders first, then those of others, the system late") {
    for (const char* path : {"/Users/a/Pictures/x.JPG", "/home/a/x.mp4", "/DCIM/100/x.heic", "/x.zip", "/Users/a/x.7z",
                             "/Users/a/Desktop/x.rar", "/Documents and Settings/a/x.avi"})
        CHECK_MESSAGE(turn_of(path) == 0, path);
    for (const char* path : {"/Windows/Web/x.jpg", "/Users/a/AppData/Local/x.png", "/usr/share/x.mp4",
                             "/Program Files/x/x.zip", "/home/a/.cache/x.jpg"})
        CHECK_MESSAGE(turn_of(path) == 2, path);
    for (const char* path : {"/Users/a/x.doc", "/x", "/Users/a/AppData/x.db"})
        CHECK_MESSAGE(turn_of(path) == Rule::usual_priority, path);
    for (const char* path : {"/Windows/notepad.exe", "/usr/bin/ls", "/Library/x.db"})
        CHECK_MESSAGE(turn_of(path) == 7, path);
    for (const EntryState state : {EntryState::deleted, EntryState::orphan})
        CHECK(turn_of("/Users/a/Pictures/x.jpg", state) == Rule::last_priority);
    CHECK(turn_of("/$Secure.jpg", EntryState::allocated, true) == Rule::last_priority);
}

}  // namespace triage
