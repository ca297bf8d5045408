// SPDX-License-Identifier: Apache-2.0
// Something that could not be examined: where, and why. A Problem is data, kept in the store and shown in every report.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace triage {

enum class ProblemKind : std::uint8_t {
    locked,        // encrypted, no key
    unreadable,    // read error, or the structure cannot be interpreted at all
    unrecognised,  // no known volume system, file system or container
    unsupported,   // recognised, but this build cannot read it
    damaged,       // inconsistent; what exists was used
    capped,        // a documented limit was reached
    ambiguous,     // several readings are possible; each was examined
    aborted,       // the reader of it died or hung; partially examined
};
std::string_view to_string(ProblemKind kind);  // the contract's word

struct Problem {
    ProblemKind kind = ProblemKind::damaged;
    std::string path;                           // raw bytes from evidence; empty when the problem is not an entry's
    std::optional<std::uint64_t> address;       // metadata address
    std::string detail;                         // words; may quote libtsk, never a name from evidence
    std::optional<std::uint64_t> first_sector;  // on the media
    std::optional<std::uint64_t> sectors;
    bool hides_entries = false;  // true: names may be missing from the listing because of it
    bool is_lossless = false;    // true: nothing was lost by it (a second copy was used); does not forbid exit 0
    friend bool operator==(const Problem&, const Problem&) = default;
};

}  // namespace triage
