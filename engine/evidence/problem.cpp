// SPDX-License-Identifier: Apache-2.0
#include "engine/evidence/problem.h"

namespace triage {

std::string_view to_string(ProblemKind kind) {
    switch (kind) {
        case ProblemKind::locked: return "locked";
        case ProblemKind::unreadable: return "unreadable";
        case ProblemKind::unrecognised: return "unrecognised";
        case ProblemKind::unsupported: return "unsupported";
        case ProblemKind::damaged: return "damaged";
        case ProblemKind::capped: return "capped";
        case ProblemKind::ambiguous: return "ambiguous";
        case ProblemKind::aborted: return "aborted";
    }
    return "damaged";
}

}  // namespace triage
