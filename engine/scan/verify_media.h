// SPDX-License-Identifier: Apache-2.0
// Is the media what it was when it was acquired? Reads all of it, block checksums included, and compares with the
// digests that its container stores; of a container that stores none, it computes the SHA-256 for others to compare.
// Used by one thread, before the store is sealed.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/case/records.h"
#include "engine/media/media_reader.h"

namespace triage {

struct MediaReading {
    MediaCheck check;
    std::uint64_t missing = 0;  // bytes that could not be read
    ReadFlaws unread;           // the first ranges of them
    static constexpr std::size_t most_unread = 1000;
};

// `advanced` is told of bytes as they are digested. A stop ends it within about a second: then nothing was verified.
MediaReading check_media(const MediaReader& reader, const std::vector<StoredDigest>& stored, std::uint32_t threads,
                         const std::atomic<bool>& stop, std::atomic<std::uint64_t>& advanced);

// SHA-256 over the first MiB of the first segment and the last MiB of the last: with the size and the time of each,
// what an evidence is known again by. A few milliseconds, whatever the number of segments. "unreadable" where it cannot
// be read.
std::string digest_of_edges(const std::vector<Segment>& segments);

}  // namespace triage
