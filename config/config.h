// SPDX-License-Identifier: Apache-2.0
// Configuration: defaults < profile < file < flags, checked and resolved into plain values. Whatever is wrong throws
// Error (usage) that names file, line and column, what was found and what was expected. Pure but for reading the files
// that are named; any thread. The resolved form is itself a valid configuration file.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/known/known_set.h"
#include "engine/rules/rule.h"
#include "engine/scan/options.h"

namespace triage {

struct ConfigSources {
    std::string profile = "default";                             // a built-in profile; a file's `profile` key wins
    std::optional<std::string> file;                             // --config
    std::vector<std::pair<std::string, std::string>> overrides;  // key → YAML scalar or list, from flags; the last wins
    // The reporters of this build. A name outside it is an error when a file or flag gives it, and left out when it
    // comes from the defaults. Empty: names are not checked.
    std::vector<std::string> available_reports;
};

struct Configuration {
    ScanOptions options;
    Rules rules;
    std::string resolved_yaml;  // every key and the whole rules, deterministic: config.yaml of a case
    std::string sha256;         // of resolved_yaml: the configuration's identity
    std::string profile;
};

Configuration load_configuration(const ConfigSources& sources);

// Reads a resolved configuration back (config.yaml of a case); every key must be there.
Configuration parse_resolved(const std::string& yaml);

// Throws Error (usage) when a record of a list has none of its digests left to compute.
void check_against_lists(const ScanOptions& options, const KnownSets& sets);

// Of a configuration with the size gate, the names of the rules that cannot be decided for what it leaves unread.
std::vector<std::string> rules_left_open(const Configuration& configuration);

// The resolved configuration, each key with its meaning, consequence and default as comments.
std::string show_keys(const Configuration& configuration = load_configuration({}));

// The resolved configuration as one JSON object, keys and rules as in its YAML, and "sha256".
std::string configuration_as_json(const Configuration& configuration);

// The names that `--profile` and `rules` know without a file.
std::vector<std::string> built_in_profiles();
std::vector<std::string> built_in_rules();

}  // namespace triage
