// SPDX-License-Identifier: Apache-2.0
// What a rule says about an entry.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace triage {

enum class Severity : std::uint8_t { info, notice, alert };
std::string_view to_string(Severity severity);
std::optional<Severity> severity_of(std::string_view word);

struct Finding {
    Severity severity = Severity::info;  // the highest of the rules that hold
    std::vector<std::string> rules;      // their names, in the order of the rule files
    friend bool operator==(const Finding&, const Finding&) = default;
};

}  // namespace triage
