// SPDX-License-Identifier: Apache-2.0
// What became of one content: the result of reading and hashing it, with its matches.
// Entries that share an address and attribute (hard links) share the content.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/evidence/entry.h"
#include "engine/hash/digest.h"
#include "engine/known/known_set.h"

namespace triage {

struct Examined {
    Status status = Status::unreadable;
    Reason reason = Reason::not_reached;
    std::uint64_t missing_bytes = 0;  // bytes of the content that could not be read
    Digests digests;                  // only when status is hashed
    std::vector<Match> matches;       // in order of set and record
    friend bool operator==(const Examined&, const Examined&) = default;
};

}  // namespace triage
