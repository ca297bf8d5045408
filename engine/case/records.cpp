// SPDX-License-Identifier: Apache-2.0
#include "engine/case/records.h"

#include <cassert>

namespace triage {

std::string_view to_string(VolumeState state) {
    switch (state) {
        case VolumeState::pending: return "pending";
        case VolumeState::walked: return "walked";
        case VolumeState::partial: return "partial";
        case VolumeState::locked: return "locked";
        case VolumeState::unreadable: return "unreadable";
        case VolumeState::unrecognised: return "unrecognised";
        case VolumeState::unsupported: return "unsupported";
        case VolumeState::swap: return "swap";
        case VolumeState::reserved: return "reserved";
        case VolumeState::gap: return "gap";
    }
    assert(false);
    return "pending";
}

}  // namespace triage
