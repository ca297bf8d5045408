// SPDX-License-Identifier: Apache-2.0
// The record of a self-test, for printing and filing (80 columns) and as JSON. Pure; any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/selftest_expected.h"

namespace triage {

struct SelftestRecord {
    using Facts = std::vector<std::pair<std::string, std::string>>;  // name, value
    Facts build, machine;
    std::vector<SelftestPart> parts;
    std::vector<std::string> limits;  // sentences

    std::uint64_t checks() const;
    std::uint64_t failed() const;
};

std::string as_text(const SelftestRecord& record);
std::string as_json(const SelftestRecord& record);  // one line

}  // namespace triage
