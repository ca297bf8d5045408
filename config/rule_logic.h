// SPDX-License-Identifier: Apache-2.0
// What can be proven of conditions without looking at an entry: that some contradict each other, that some hold
// wherever others do. What is not proven may be so all the same: of patterns only equal ones are compared. Pure; any
// thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/rules/rule.h"

namespace triage {

// Borrowed from the expression that they stand in.
using Terms = std::vector<const Expression*>;

// What must hold together: through maps, `all` and `not: {not: ...}`, not into `any` and `not`.
Terms terms_of(const Expression& expression);

using Words = std::vector<std::string>;

// Some of the terms that no entry satisfies at once, or each branch of an `any` with the rest of them; `states` are
// those of the entries that a scan lists. Nothing where that is not proven.
std::optional<Terms> contradiction_in(const Terms& terms, const Words& states);

// Where all of `narrow` hold, `wide` surely does.
bool is_within(const Terms& narrow, const Expression& wide, const Words& states);

}  // namespace triage
