// SPDX-License-Identifier: Apache-2.0
#include "engine/evidence/entry.h"

#include <cassert>

#include "engine/media/bad_range.h"

namespace triage {

Reason reason_of(BadRangeCause cause) {
    switch (cause) {
        case BadRangeCause::read_error: return Reason::read_error;
        case BadRangeCause::checksum: return Reason::checksum;
        case BadRangeCause::missing: return Reason::missing_segment;
        case BadRangeCause::outside: return Reason::outside_media;
    }
    assert(false);
    return Reason::read_error;
}

std::string_view to_string(EntryKind kind) {
    switch (kind) {
        case EntryKind::file: return "file";
        case EntryKind::stream: return "stream";
        case EntryKind::member: return "member";
        case EntryKind::carved: return "carved";
    }
    assert(false);
    return "file";
}

std::string_view to_string(EntryState state) {
    switch (state) {
        case EntryState::allocated: return "allocated";
        case EntryState::deleted: return "deleted";
        case EntryState::orphan: return "orphan";
    }
    assert(false);
    return "allocated";
}

std::string_view to_string(Placement placement) {
    switch (placement) {
        case Placement::recorded: return "recorded";
        case Placement::assumed: return "assumed";
        case Placement::reallocated: return "reallocated";
    }
    assert(false);
    return "recorded";
}

std::string_view to_string(Status status) {
    switch (status) {
        case Status::hashed: return "hashed";
        case Status::skipped: return "skipped";
        case Status::partial: return "partial";
        case Status::unreadable: return "unreadable";
    }
    assert(false);
    return "unreadable";
}

// In the order of the enumerators: to_string indexes it.
const std::vector<ReasonRow>& reason_table() {
    static const std::vector<ReasonRow> table{
        {Reason::none, "none", "every byte was read", false},
        {Reason::size, "size", "excluded by the size gate of the profile", false},
        {Reason::rule, "rule", "skipped by a rule of the configuration", false},
        // An entry with this reason whose missing_bytes is not 0 does forbid exit 0: see forbids_exit_zero in ledger.h.
        {Reason::sparse, "sparse", "nearly all hole; forbids exit 0 only where stored bytes were left unread", false},
        {Reason::limit, "limit", "a documented limit was reached", true},
        {Reason::read_error, "read-error", "the operating system could not read the bytes", true},
        {Reason::checksum, "checksum", "the container's checksum of the bytes is wrong", true},
        {Reason::missing_segment, "missing-segment", "the container does not hold the bytes", true},
        {Reason::outside_media, "outside-media", "the bytes would lie past the end of the media", true},
        {Reason::encrypted, "encrypted", "the content is encrypted and no key is known", true},
        {Reason::compressed_unsupported, "compressed-unsupported",
         "compressed in a form that this build does not decode", true},
        {Reason::reparse, "reparse", "a placeholder: the content is elsewhere", true},
        {Reason::damaged, "damaged", "the metadata contradict themselves", true},
        {Reason::unrecoverable, "unrecoverable", "deleted, and no or not enough clusters are recorded", false},
        {Reason::not_reached, "not-reached", "the examination was stopped or its reader died before", true},
    };
    return table;
}

std::string_view to_string(Reason reason) {
    const auto index = static_cast<std::size_t>(reason);
    assert(index < reason_table().size());
    return reason_table()[index].word;
}

std::uint64_t stored_bytes(const std::vector<Extent>& extents) {
    std::uint64_t sum = 0;
    for (const Extent& extent : extents)
        // Lengths come from evidence: a sum that overflows stays at the largest value.
        if (extent.media_offset != Extent::hole) sum = checked_add(sum, extent.length).value_or(~std::uint64_t{0});
    return sum;
}

}  // namespace triage
