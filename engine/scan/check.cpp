// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/check.h"

namespace triage {

std::optional<std::string> find_flaw(const Entry& entry, const Volume& volume) {
    if (entry.path.empty() || entry.path.front() != '/') return "its path does not start at the root";
    if (entry.source == Source::resident && entry.resident.size() != entry.size)
        return "its resident bytes are not as many as its size";
    if (entry.source != Source::extents) return std::nullopt;
    std::uint64_t total = 0;
    for (const Extent& extent : entry.extents) {
        const std::optional<std::uint64_t> sum = checked_add(total, extent.length);
        if (!sum || extent.length == 0) return "its extents overflow";
        total = *sum;
        if (extent.media_offset == Extent::hole) continue;
        const bool is_inside = extent.media_offset >= volume.start && extent.length <= volume.length &&
                               extent.media_offset - volume.start <= volume.length - extent.length;
        if (!is_inside) return "an extent lies outside its volume";
    }
    if (total != entry.size) return "its extents do not add up to its size";
    return std::nullopt;
}

bool is_sound(const Volume& volume, std::uint64_t media_size) {
    return !volume.name.empty() && volume.name.size() < 32 && volume.start <= media_size &&
           volume.length <= media_size - volume.start;
}

}  // namespace triage
