// SPDX-License-Identifier: Apache-2.0
// The identity of a set as the JSON that stands in its file. Private to engine/known and its tests.
#pragma once

#include <string>
#include <string_view>

#include "engine/known/known_record.h"

namespace triage {

std::string identity_to_json(const KnownSetIdentity& identity);
// Throws Error when it is none: the file was not written by this program.
KnownSetIdentity identity_from_json(std::string_view json);

}  // namespace triage
