// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/check.h"

#include <fmt/format.h>

#include <algorithm>

namespace triage {
namespace {

bool has_name(std::span<const Volume> volumes, std::string_view name) {
    return std::any_of(volumes.begin(), volumes.end(), [&](const Volume& v) { return v.name == name; });
}

// In their order, past names that other volumes have.
void name_gaps(std::vector<Volume>& volumes) {
    for (Volume& volume : volumes)
        if (volume.role == VolumeRole::gap) volume.name.clear();
    std::size_t number = 0;
    for (Volume& volume : volumes)
        while (volume.role == VolumeRole::gap && volume.name.empty())
            if (const std::string name = fmt::format("gap{}", number++); !has_name(volumes, name)) volume.name = name;
}

constexpr std::size_t longest_owner = 256;  // a SID has 184 characters at most

}  // namespace

std::optional<std::string> find_flaw(const Entry& entry, const Volume& volume) {
    if (entry.path.empty() || entry.path.front() != '/') return "its path does not start at the root";
    if (entry.owner.size() > longest_owner) return "its owner is longer than any";
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

bool is_sound(const Volume& volume, std::uint64_t media_size, std::span<const Volume> before) {
    return !has_name(before, volume.name) && !volume.name.empty() && volume.name.size() < 32 &&
           volume.start <= media_size && volume.length <= media_size - volume.start;
}

void cover(std::vector<Volume>& volumes, std::uint64_t media_size) {
    const auto by_start = [](const Volume& a, const Volume& b) { return a.start < b.start; };
    std::stable_sort(volumes.begin(), volumes.end(), by_start);
    std::vector<Volume> gaps;
    std::uint64_t covered = 0;
    const auto add_gap_until = [&](std::uint64_t end) {
        if (end > covered) gaps.push_back({{}, VolumeRole::gap, covered, end - covered, {}});
    };
    for (const Volume& volume : volumes) {
        add_gap_until(volume.start);
        covered = std::max(covered, volume.start + volume.length);
    }
    add_gap_until(media_size);
    volumes.insert(volumes.end(), gaps.begin(), gaps.end());
    std::stable_sort(volumes.begin(), volumes.end(), by_start);
    name_gaps(volumes);
}

}  // namespace triage
