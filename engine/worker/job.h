// SPDX-License-Identifier: Apache-2.0
// What a worker is asked to do, as a value that crosses a pipe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/evidence/filesystem.h"
#include "engine/evidence/volume.h"
#include "engine/media/block_map.h"

namespace triage {

enum class JobKind : std::uint8_t {
    open,     // segments → OpenedMedia
    volumes,  // media → volumes
    walk,     // volume → file systems, entries
    content,  // requests → decoded bytes
    types,    // first bytes → MIME types
};

struct WorkerJob {
    JobKind kind = JobKind::open;
    std::vector<Segment> segments;
    std::string container;           // open: which format
    BlockMap map;                    // the others
    Volume volume;                   // walk, content
    WalkLimits limits;               // walk
    std::string type_database;       // types
    bool probe_only = false;         // walk: say what is there, list nothing
    std::uint64_t skip_records = 0;  // walk again: records that an earlier worker delivered
    // A step of a walk: the same name may be met more than once, the count of records tells which time it was.
    struct Place {
        std::uint64_t address = 0;
        std::string path;
        std::uint64_t records = 0;  // that the walk had made before it came here
        friend bool operator==(const Place&, const Place&) = default;
    };
    // Walk again: a place where an earlier worker died or hung; not entered. The step may have delivered records before
    // it killed its worker; it is left out whole, so the walk counts on from what had been `delivered` by then.
    struct Avoided {
        Place place;
        std::uint64_t delivered = 0;
        friend bool operator==(const Avoided&, const Avoided&) = default;
    };
    std::vector<Avoided> avoid;
    std::uint64_t memory_bytes = 0, memory_max_bytes = 0;
    friend bool operator==(const WorkerJob&, const WorkerJob&) = default;
};

Bytes serialise(const WorkerJob& job);
// Nothing when the bytes are not a job.
std::optional<WorkerJob> parse_job(ByteView bytes);

}  // namespace triage
