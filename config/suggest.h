// SPDX-License-Identifier: Apache-2.0
// "Did you mean": the known word that is nearest to a mistyped one. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace triage {

// "did you mean NAME?" when a word is near enough, else "expected one of A, B, C".
std::string suggestion(std::string_view mistyped, const std::vector<std::string>& words);

}  // namespace triage
