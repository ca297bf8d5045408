// SPDX-License-Identifier: Apache-2.0
#include "engine/case/ledger.h"

#include <array>

namespace triage {

const std::vector<VolumeStateRow>& volume_state_table() {
    static const std::vector<VolumeStateRow> table{
        {VolumeState::pending, "not walked yet", true},
        {VolumeState::walked, "every directory was read", false},
        {VolumeState::partial, "the walk ended early or left something out", true},
        {VolumeState::locked, "encrypted, and no key is known", true},
        {VolumeState::unreadable, "the file system cannot be read", true},
        {VolumeState::unrecognised, "no known file system", true},
        {VolumeState::unsupported, "a file system that this build does not read", true},
        {VolumeState::swap, "swap space: counted and sized", false},
        {VolumeState::reserved, "reserved by the system: counted and sized", false},
        {VolumeState::gap, "outside every partition: counted and sized", false},
    };
    return table;
}

const std::vector<ProblemKindRow>& problem_kind_table() {
    static const std::vector<ProblemKindRow> table{
        {ProblemKind::locked, "encrypted, and no key is known", true},
        {ProblemKind::unreadable, "could not be read, or could not be interpreted at all", true},
        {ProblemKind::unrecognised, "no known container, volume system or file system", true},
        {ProblemKind::unsupported, "recognised, but this build cannot read it", true},
        {ProblemKind::damaged, "contradicts itself; what exists was used", true},
        {ProblemKind::capped, "a documented limit was reached", true},
        {ProblemKind::ambiguous, "several readings are possible; each was examined", false},
        {ProblemKind::aborted, "its reader died or hung; examined in part", true},
    };
    return table;
}

std::string_view to_string(MediaResult result) {
    constexpr std::array<std::string_view, 4> words{"not_verified", "verified", "differs", "computed"};
    return words.at(static_cast<std::size_t>(result));
}

std::string_view in_words(MediaResult result) {
    constexpr std::array<std::string_view, 4> words{"not verified in this run", "verified", "does not verify",
                                                    "computed in this run, nothing is stored to compare with"};
    return words.at(static_cast<std::size_t>(result));
}

bool forbids_exit_zero(VolumeState state) {
    return volume_state_table().at(static_cast<std::size_t>(state)).forbids_exit_zero;
}

bool forbids_exit_zero(const Problem& problem) {
    return !problem.is_lossless && problem_kind_table().at(static_cast<std::size_t>(problem.kind)).forbids_exit_zero;
}

bool forbids_exit_zero(const LedgerRow& row) {
    if (row.status == Status::hashed) return false;
    if (row.reason == Reason::none) return true;
    if (row.reason == Reason::sparse) return row.missing_bytes > 0;
    return reason_table().at(static_cast<std::size_t>(row.reason)).forbids_exit_zero;
}

}  // namespace triage
