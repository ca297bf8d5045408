// SPDX-License-Identifier: Apache-2.0
#include "engine/evidence/entry.h"

#include <doctest/doctest.h>

#include "engine/evidence/problem.h"
#include "engine/evidence/volume.h"

using namespace triage;

TEST_CASE("each reason has the contract's word and its effect on exit 0") {
    struct Row {
        Reason reason;
        std::string_view word;
        bool forbids;
    };
    const std::vector<Row> contract{
        {Reason::none, "none", false},
        {Reason::size, "size", false},
        {Reason::rule, "rule", false},
        {Reason::sparse, "sparse", false},
        {Reason::limit, "limit", true},
        {Reason::read_error, "read-error", true},
        {Reason::checksum, "checksum", true},
        {Reason::missing_segment, "missing-segment", true},
        {Reason::outside_media, "outside-media", true},
        {Reason::encrypted, "encrypted", true},
        {Reason::compressed_unsupported, "compressed-unsupported", true},
        {Reason::reparse, "reparse", true},
        {Reason::damaged, "damaged", true},
        {Reason::unrecoverable, "unrecoverable", false},
        {Reason::not_reached, "not-reached", true},
    };
    REQUIRE(reason_table().size() == contract.size());
    for (std::size_t i = 0; i < contract.size(); ++i) {
        CHECK(reason_table()[i].reason == contract[i].reason);
        CHECK(reason_table()[i].word == contract[i].word);
        CHECK(to_string(contract[i].reason) == contract[i].word);
        CHECK(reason_table()[i].forbids_exit_zero == contract[i].forbids);
    }
}

TEST_CASE("kinds, states, placements, statuses, roles and problems have the contract's words") {
    CHECK(to_string(EntryKind::file) == "file");
    CHECK(to_string(EntryKind::stream) == "stream");
    CHECK(to_string(EntryKind::member) == "member");
    CHECK(to_string(EntryKind::carved) == "carved");
    CHECK(to_string(EntryState::allocated) == "allocated");
    CHECK(to_string(EntryState::deleted) == "deleted");
    CHECK(to_string(EntryState::orphan) == "orphan");
    CHECK(to_string(Placement::assumed) == "assumed");
    CHECK(to_string(Placement::reallocated) == "reallocated");
    CHECK(to_string(Status::hashed) == "hashed");
    CHECK(to_string(Status::skipped) == "skipped");
    CHECK(to_string(Status::partial) == "partial");
    CHECK(to_string(Status::unreadable) == "unreadable");
    CHECK(to_string(VolumeRole::gap) == "gap");
    CHECK(to_string(VolumeRole::swap) == "swap");
    CHECK(to_string(VolumeRole::reserved) == "reserved");
    CHECK(to_string(ProblemKind::locked) == "locked");
    CHECK(to_string(ProblemKind::unreadable) == "unreadable");
    CHECK(to_string(ProblemKind::unrecognised) == "unrecognised");
    CHECK(to_string(ProblemKind::unsupported) == "unsupported");
    CHECK(to_string(ProblemKind::damaged) == "damaged");
    CHECK(to_string(ProblemKind::capped) == "capped");
    CHECK(to_string(ProblemKind::ambiguous) == "ambiguous");
    CHECK(to_string(ProblemKind::aborted) == "aborted");
}

TEST_CASE("stored bytes leave holes out, and lying lengths do not wrap") {
    CHECK(stored_bytes({}) == 0);
    CHECK(stored_bytes({{4096, 100}, {Extent::hole, 1000}, {8192, 5}}) == 105);
    CHECK(stored_bytes({{0, ~0ull}, {0, 2}}) == ~0ull);
}
