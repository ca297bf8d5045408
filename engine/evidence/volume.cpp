// SPDX-License-Identifier: Apache-2.0
#include "engine/evidence/volume.h"

#include <cassert>

namespace triage {

std::string_view to_string(VolumeRole role) {
    switch (role) {
        case VolumeRole::filesystem: return "filesystem";
        case VolumeRole::swap: return "swap";
        case VolumeRole::reserved: return "reserved";
        case VolumeRole::gap: return "gap";
    }
    assert(false);
    return "filesystem";
}

}  // namespace triage
