// SPDX-License-Identifier: Apache-2.0
// What became of one content: the result of reading and hashing it, with its matches.
// Entries that share an address and attribute (hard links) share the content.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/evidence/entry.h"
#include "engine/hash/digest.h"
#include "engine/known/known_set.h"
#include "engine/media/bad_range.h"

namespace triage {

struct Examined {
    Status status = Status::unreadable;
    Reason reason = Reason::not_reached;
    std::uint64_t missing_bytes = 0;     // bytes of the content that could not be read
    Digests digests;                     // only when status is hashed
    std::vector<Match> matches;          // in order of set and record
    std::string type = {};               // MIME, by content (content_type.h); only when hashed or typed, may be empty
    std::optional<double> entropy = {};  // bits a byte, 0 to 8; only when hashed, where a rule asks
    // What libmagic says of the first bytes, in lower case; only where a rule asks for a type that the table does not
    // have. Empty: not asked, or not known.
    std::string libmagic_type = {};
    bool is_typed = false;  // not hashed, but its first bytes were read for `type`, where a rule asks
    static constexpr std::size_t most_unread = 16;
    ReadFlaws unread = {};  // the missing bytes on the media, the first ranges of them; not stored with the content
    friend bool operator==(const Examined&, const Examined&) = default;
};

}  // namespace triage
