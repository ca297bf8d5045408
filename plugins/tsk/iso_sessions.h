// SPDX-License-Identifier: Apache-2.0
// A disc that was written to again keeps the descriptors of its first session at sector 16; those of each later one
// stand 16 sectors behind its start, which the table of contents says and an image does not. libtsk 4.11.1 reads the
// first alone, a system the last. Format: ECMA-119 8.4 (Primary Volume Descriptor), 6.8.1 (root directory).
#pragma once

#include <optional>
#include <vector>

#include "plugins/tsk/image.h"

namespace triage::tsk {

// Where the 2048 bytes of a sector stand: images of whole sectors of a CD hold more.
struct IsoSectors {
    static constexpr std::uint64_t data = 2048;
    std::uint64_t before = 0, behind = 0;
    IsoSectors() = default;
    IsoSectors(std::uint64_t bytes_before, std::uint64_t bytes_behind) : before(bytes_before), behind(bytes_behind) {}
    explicit IsoSectors(const TSK_FS_INFO& fs) : before(fs.block_pre_size), behind(fs.block_post_size) {}
    std::uint64_t stride() const { return before + data + behind; }
    std::uint64_t place_of(std::uint64_t sector) const { return sector * stride() + before; }
    bool read(Image& image, std::uint64_t at, MutableBytes out) const;  // `at` counts the bytes of the volume alone
};

constexpr std::uint64_t first_iso_descriptor = 16;

// By where the first descriptor stands; nothing when there is none.
std::optional<IsoSectors> find_iso_sectors(Image& image);

// The first descriptors of the sessions behind the first one's volume, by sector.
std::vector<std::uint64_t> later_iso_sessions(const Image& image);

// Shows libtsk these descriptors in the place of the first session's, as if their volume were all of the image: its
// files count from the start of the disc.
void show_iso_session(Image& image, std::uint64_t descriptors);

}  // namespace triage::tsk
