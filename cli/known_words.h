// SPDX-License-Identifier: Apache-2.0
// What `triage known` prints of sets and matches, in words for a terminal (names escaped) and as JSON, a line an
// object.
#pragma once

#include <string>

#include "engine/known/known_set.h"

namespace triage {

std::string in_words(const KnownSetIdentity& id);
std::string in_json(const KnownSetIdentity& id);
// Labels only when `show_names`.
std::string match_in_words(const KnownSetIdentity& id, const Match& m, bool show_names);
std::string match_in_json(const std::string& hash, const KnownSetIdentity& id, const Match& m, bool show_names);

}  // namespace triage
