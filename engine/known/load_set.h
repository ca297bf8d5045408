// SPDX-License-Identifier: Apache-2.0
// A list or compiled set as a run uses it: compiled sets are mapped, lists compiled first, into a file without a name
// or into the user's cache.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/known/import_list.h"

namespace triage {

struct LoadOptions {
    ImportOptions import;
    const Secret* secret = nullptr;  // of a protected set
    std::string cache_folder;        // keeps compiled lists, keyed by their digest; empty: none is kept
    std::string build;               // of this program: another one may compile a list to something else
};

struct LoadedSet {
    KnownSet set;
    std::vector<std::string> warnings;
};

// The warnings are those of the list's import, also when the cache had it; of a compiled set, that it is old or has no
// name of its own. A list with files beside it is not cached, since their digests are known too late. Throws Error when
// the cache cannot be written, the list changes while it is read, the file is neither, or a compiled set of the other
// polarity than `options.import` declares.
LoadedSet load_set(const std::string& path, const std::vector<const ListFormat*>& formats, const LoadOptions& options);

// A compiled set, whatever its polarity. Throws Error when it is none.
KnownSet open_set(const std::string& path, const Secret* secret = nullptr);
bool is_compiled_set(const std::string& path);
bool is_protected_set(const std::string& path);  // of a compiled set
// Reads a compiled set whole and says what is wrong with it, the first damaged block by name; nothing when it is sound.
// Needs no key. Throws Error when the file is no compiled set at all.
std::optional<std::string> find_damage(const std::string& path, const Advance& advance = {});

// Removes every set from the cache; returns how many.
std::size_t clear_cache(const std::string& cache_folder);

}  // namespace triage
