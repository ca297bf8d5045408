// SPDX-License-Identifier: Apache-2.0
#include "engine/rules/finding.h"

#include <array>

namespace triage {
namespace {

constexpr std::array severities{Severity::info, Severity::notice, Severity::alert};

}  // namespace

std::string_view to_string(Severity severity) {
    switch (severity) {
        case Severity::info: return "info";
        case Severity::notice: return "notice";
        case Severity::alert: return "alert";
    }
    return "?";
}

std::optional<Severity> severity_of(std::string_view word) {
    for (const Severity severity : severities)
        if (to_string(severity) == word) return severity;
    return std::nullopt;
}

}  // namespace triage
