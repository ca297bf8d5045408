// SPDX-License-Identifier: Apache-2.0
// What travels from the listing thread through the pipeline to the store. A Batch is the pipeline's token; its contents
// stream through its thread's buffers, so that its size bounds the work of one thread, not its memory.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "engine/case/audit.h"
#include "engine/case/records.h"
#include "engine/rules/rule.h"

namespace triage {

class MediaReader;

struct EntryWork {
    EntryRecord record;
    const MediaReader* media = nullptr;
    std::uint32_t evidence = 0;   // EvidenceRecord::id
    bool is_examined = false;     // record.examined is final: nothing is to be read, but for...
    bool wants_type = false;      // ...the first bytes of what a size gate leaves out, for its type
    bool shares_content = false;  // an earlier name has the same content
    // What rules say before it is read.
    std::uint8_t priority = Rule::usual_priority;
    AlgorithmSet hash;  // empty: the run's
    bool wants_entropy = false;
    bool wants_libmagic = false;  // for its type, by its...
    Bytes first_bytes;            // ...which are kept only for that, once they were read

    bool is_to_be_read() const { return !is_examined && !shares_content; }
    bool needs_media() const { return is_to_be_read() || wants_type; }
};

// By the size gate: never hashed, whether or not its type is asked for.
inline void leave_out_by_size(EntryWork& work, bool wants_type) {
    work.is_examined = true;
    work.wants_type = wants_type;
    work.record.examined = {Status::skipped, Reason::size, 0, {}, {}};
}

// Bytes of memory that it takes while it waits, about.
inline std::uint64_t memory_of(const EntryWork& work) {
    constexpr std::uint64_t node = 128;  // of the container in which it waits
    const Entry& entry = work.record.entry;
    return sizeof work + node + entry.path.capacity() + entry.stream.capacity() + entry.resident.capacity() +
           entry.extents.capacity() * sizeof(Extent) + work.first_bytes.capacity();
}

struct AuditEvent {
    std::string event;
    std::vector<AuditField> fields;
};

using Item = std::variant<EntryWork, ProblemRecord, VolumeRecord, EvidenceRecord, AuditEvent>;

// Which walk an item belongs to: the states of a walk's volumes are recorded after everything else of it.
using WalkId = std::uint32_t;

struct Batch {
    std::vector<Item> items;
    std::vector<WalkId> walks;  // of each item
};

}  // namespace triage
