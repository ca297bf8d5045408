// SPDX-License-Identifier: Apache-2.0
// What the parent checks of every record of a worker before it is used. Pure.
#pragma once

#include <optional>
#include <string>

#include "engine/evidence/entry.h"
#include "engine/evidence/volume.h"

namespace triage {

// The first thing about the entry that cannot be; nothing when it is sound.
std::optional<std::string> find_flaw(const Entry& entry, const Volume& volume);

// Inside the media, with a name that fits.
bool is_sound(const Volume& volume, std::uint64_t media_size);

}  // namespace triage
