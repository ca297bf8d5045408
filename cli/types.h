// SPDX-License-Identifier: Apache-2.0
// What rules ask of libmagic, before a scan begins.
#pragma once

#include <string>
#include <vector>

#include "engine/rules/rule.h"

namespace triage {

// Throws Error where a rule names a type that only libmagic tells, and its database is not there. Returns sentences
// about types that the database does not name: such a rule may never hold.
std::vector<std::string> check_types(const Rules& rules);

}  // namespace triage
