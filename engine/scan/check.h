// SPDX-License-Identifier: Apache-2.0
// What the parent checks of every record of a worker before it is used. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/evidence/entry.h"
#include "engine/evidence/volume.h"

namespace triage {

// The first thing about the entry that cannot be; nothing when it is sound.
std::optional<std::string> find_flaw(const Entry& entry, const Volume& volume);

// Inside the media, with a name that fits and that none of the volumes before it has.
bool is_sound(const Volume& volume, std::uint64_t media_size, std::span<const Volume> before = {});

// Adds a gap for each stretch of the media that lies in no volume, so that the ledger accounts for every byte. The
// volumes then stand in the order of their starts, and the gaps are numbered in it.
void cover(std::vector<Volume>& volumes, std::uint64_t media_size);

}  // namespace triage
