// SPDX-License-Identifier: Apache-2.0
// Entries whose content holds further entries that this build does not look into: counted by name, so that the scope
// beside a verdict can say how much was left closed. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace triage {

enum class UnopenedKind : std::uint8_t { archive, mail_store, thumbnail_store, database };
std::string_view to_string(UnopenedKind kind);  // "archives", "mail stores"...

// By the last component of the path only; the content is not asked.
std::optional<UnopenedKind> unopened_kind_of(std::string_view path);

}  // namespace triage
