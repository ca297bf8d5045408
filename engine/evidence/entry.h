// SPDX-License-Identifier: Apache-2.0
// An entry is one named stream of bytes in a volume. It is a plain value: made by a file system plug-in in a worker,
// checked by the parent, examined, recorded. This header also owns the closed table of statuses and reasons and the
// one total order in which entries are reported.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/time.h"

namespace triage {

enum class EntryKind : std::uint8_t { file, stream, member, carved };
enum class EntryState : std::uint8_t { allocated, deleted, orphan };
enum class Placement : std::uint8_t {
    recorded,     // the file system records where the bytes are
    assumed,      // a guess, such as the cluster chain of a deleted FAT file
    reallocated,  // metadata or blocks are in use again
};
enum class Status : std::uint8_t { hashed, skipped, partial, unreadable };

// Why an entry has no hash. Closed: a new reason is a new row in entry.cpp, with its effect on the exit code.
enum class Reason : std::uint8_t {
    none,
    size,             // excluded by the size gate of the profile
    rule,             // skipped by a rule
    sparse,           // nearly all hole
    limit,            // a documented limit
    read_error,       // the operating system could not read the bytes
    checksum,         // the container's checksum of the bytes is wrong
    missing_segment,  // the container does not hold the bytes
    outside_media,    // the bytes would lie past the end of the media
    encrypted,
    compressed_unsupported,  // the stored form is compressed in a way that this build does not decode
    reparse,                 // a placeholder: the content is elsewhere
    damaged,                 // the metadata contradict themselves
    unrecoverable,           // deleted or orphan: no or not enough clusters are recorded
    not_reached,             // the reader died, hung or was stopped before
};
enum class BadRangeCause : std::uint8_t;  // engine/media/bad_range.h
Reason reason_of(BadRangeCause cause);

std::string_view to_string(EntryKind);
std::string_view to_string(EntryState);
std::string_view to_string(Placement);
std::string_view to_string(Status);
std::string_view to_string(Reason);

// Reason, what it means, and whether an entry with it forbids exit 0. Printed in the docs.
struct ReasonRow {
    Reason reason;
    std::string_view word;
    std::string_view meaning;
    bool forbids_exit_zero;
};
const std::vector<ReasonRow>& reason_table();

// A piece of an entry's content on the media, in content order.
struct Extent {
    static constexpr std::uint64_t hole = ~std::uint64_t{0};  // `media_offset` of zeros that are not stored
    std::uint64_t media_offset = hole;                        // bytes from the start of the media
    std::uint64_t length = 0;                                 // bytes
    friend bool operator==(const Extent&, const Extent&) = default;
};

// How the bytes of an entry are obtained.
enum class Source : std::uint8_t {
    extents,   // read `extents` from the media
    resident,  // `resident` holds them
    worker,    // stored in a form that only a content worker can decode
    none,      // they cannot be had: `reason` says why
};

struct Times {
    std::optional<Timestamp> modified, accessed, changed, created;
    friend bool operator==(const Times&, const Times&) = default;
};

struct Entry {
    std::string path;           // raw bytes, '/'-separated from the volume's root, with a leading '/'
    std::string stream;         // raw bytes of the stream's name; empty for the main content
    std::uint64_t address = 0;  // metadata address (inode, MFT entry...)
    std::uint32_t attribute =
        0;  // which content of the address: type << 16 | id of the attribute, 0 where there is one
    EntryKind kind = EntryKind::file;
    EntryState state = EntryState::allocated;
    Placement placement = Placement::recorded;
    std::uint64_t size = 0;  // bytes
    Times times;
    std::string owner;         // user number, or SID; only where WalkLimits ask, and the file system knows
    bool is_metadata = false;  // $MFT, $FAT1...: the file system's own
    Source source = Source::extents;
    std::vector<Extent> extents;   // Source::extents: lengths add up to `size`
    Bytes resident;                // Source::resident: `size` bytes
    Reason reason = Reason::none;  // Source::none
    friend bool operator==(const Entry&, const Entry&) = default;
};

// More of one entry are refused: some such entries at once must fit into the parent's memory (16 MiB each).
inline constexpr std::size_t most_extents = 1'000'000;

// Bytes of `extents` that are stored, holes left out.
std::uint64_t stored_bytes(const std::vector<Extent>& extents);

}  // namespace triage
