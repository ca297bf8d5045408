// SPDX-License-Identifier: Apache-2.0
// The keys of a configuration as one table: name, type, limits, meaning, consequence. What checks, shows and documents
// a key reads its row. Defaults are those of ScanOptions. Immutable; any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/yaml.h"
#include "engine/scan/options.h"

namespace triage {

// Where a key's value lives: its type is the key's type.
using Field = std::variant<bool*, std::uint32_t*, std::uint64_t*, AlgorithmSet*, HashEngine*, KeepNames*, Redaction*,
                           ReportedEntries*, std::vector<std::string>*, std::string*>;

struct Key {
    std::string_view name;         // with dots: limits.depth, reports.jsonl.entries
    Field (*field)(ScanOptions&);  // null for `profile` and `rules`, which config.cpp resolves
    std::string_view meaning;
    std::string_view consequence;
    std::uint64_t lowest = 0, highest = std::numeric_limits<std::uint64_t>::max();  // of numbers; of a text, its length
};

const std::vector<Key>& key_table();
const Key* find_key(std::string_view name);
std::vector<std::string> key_names();

// "true or false", "a number from 1 to 10000", "a list of md5, sha1, sha256".
std::string type_of(const Key& key);

// The value as the configuration file writes it.
std::string value_of(const Key& key, const ScanOptions& options);

// What the help of a command says of an option that sets the key: the meaning, in which form the option takes the value
// where that differs from the file, the key and its default.
std::string help_of(std::string_view key, std::string_view form = {});

// Checks the node against the row and sets the field. Throws Error that names the place.
void assign(const Key& key, const YamlNode& node, ScanOptions& options);

// The table for docs/configuration.md, which a test compares.
std::string keys_as_markdown();

}  // namespace triage
