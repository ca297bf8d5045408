// SPDX-License-Identifier: Apache-2.0
// What people say about an examination: who, by which authority, where, and of each exhibit what it is. The one table
// of the keys. Values are the user's own text, kept as given. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace triage {

struct CaseInfoKey {
    std::string_view name;  // in words, blanks stand for the underscores
    bool is_of_case, is_of_exhibit;
    bool is_expected;  // reports say when it is missing
    std::string_view meaning;
};
const std::vector<CaseInfoKey>& case_info_keys();
std::string in_words(const CaseInfoKey& key);  // "reference clock"

struct CaseInfoValue {
    std::optional<std::uint32_t> evidence;  // nothing: of the whole case
    std::string key, value;
    friend bool operator==(const CaseInfoValue&, const CaseInfoValue&) = default;
};
using CaseInfo = std::vector<CaseInfoValue>;

// Null when it was not given.
const std::string* find_value(const CaseInfo& info, std::string_view key,
                              std::optional<std::uint32_t> evidence = std::nullopt);

}  // namespace triage
