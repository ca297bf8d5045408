// SPDX-License-Identifier: Apache-2.0
// What the commands share that take known sets: keys, the cache, where temporary files go.
#pragma once

#include <memory>
#include <string>

#include "engine/known/load_set.h"

namespace triage {

// A key file's path, "ask" for a passphrase at the terminal (twice when `is_new`), or "fd:N" for one from a descriptor.
// Null for an empty text. From then on the process leaves no core.
std::unique_ptr<Secret> read_secret(const std::string& from, bool is_new);

// A passphrase: "ask" at the terminal, "fd:N", or the first line of a file. From then on the process leaves no core.
Secret read_passphrase(const std::string& from, bool is_new);

// $TMPDIR, else /var/tmp: lists may be larger than the memory behind /tmp.
std::string temporary_folder();
std::string list_cache_folder();  // $XDG_CACHE_HOME/triage/sets, else ~/.cache/triage/sets

}  // namespace triage
