// SPDX-License-Identifier: Apache-2.0
// Bytes of a media that could not be read, and why: a result, as plain data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace triage {

enum class BadRangeCause : std::uint8_t {
    read_error,  // the operating system could not read the segment file
    checksum,    // a block's checksum is wrong, or it does not decode to its full length
    missing,     // the container does not hold the bytes (absent segment, damaged table)
    outside,     // past the end of the media
};

struct BadRange {
    std::uint64_t offset = 0;  // on the media
    std::uint64_t length = 0;
    BadRangeCause cause = BadRangeCause::read_error;
    std::string detail;  // "segment 2, chunk 513: Adler-32 differs"; chunks of the media count from 0,
                         // segments from 1; never a name from evidence
    friend bool operator==(const BadRange&, const BadRange&) = default;
};

// What one read met. Empty: every byte was read and, where the container carries checksums, checked.
using ReadFlaws = std::vector<BadRange>;

// Adds a range behind the others; one that goes on where the last ends, for the same reason, makes it longer.
void append(ReadFlaws& flaws, BadRange flaw);

}  // namespace triage
