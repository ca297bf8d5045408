// SPDX-License-Identifier: Apache-2.0
// The one table of what forbids exit 0: over entries (with the reasons of entry.h), volumes and problems. Verdict,
// reports and docs/store.md read it here. Pure; any thread.
#pragma once

#include <string_view>
#include <vector>

#include "engine/case/store.h"

namespace triage {

struct VolumeStateRow {
    VolumeState state;
    std::string_view meaning;
    bool forbids_exit_zero;
};
const std::vector<VolumeStateRow>& volume_state_table();  // in the order of the enumerators

struct ProblemKindRow {
    ProblemKind kind;
    std::string_view meaning;
    bool forbids_exit_zero;
};
const std::vector<ProblemKindRow>& problem_kind_table();  // in the order of the enumerators

bool forbids_exit_zero(VolumeState state);
bool forbids_exit_zero(const Problem& problem);  // never when nothing was lost by it

// By the table of reasons, and two rules that need more than the reason: a sparse entry forbids it when stored bytes
// were left unread, and an entry without a hash and without a reason always does.
bool forbids_exit_zero(const LedgerRow& row);

}  // namespace triage
