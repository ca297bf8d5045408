// SPDX-License-Identifier: Apache-2.0
// What a volume holds by its header, for volumes that libtsk does not open: encrypted, swap, or a format that this
// build does not read. Pure reading of at most 128 KiB at each end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/evidence/problem.h"
#include "plugins/tsk/image.h"
#include "plugins/tsk/md_raid.h"

namespace triage::tsk {

struct Recognised {
    std::string type;  // "luks", "bitlocker", "xfs", "qcow2"...
    ProblemKind kind =
        ProblemKind::unsupported;  // locked, unsupported, or damaged for a format that libtsk should read
    std::string words;             // "encrypted with LUKS; no key is known"
    std::uint64_t end = 0;         // of the mark in the volume; 0 for the descriptors of a disc
    bool is_swap = false;
    bool is_borne_out = true;             // false: a mark of two bytes alone, told where nothing else is known
    bool is_boot_sector = false;          // encrypted, by what stands where the boot sector of a readable volume would
    std::optional<RaidMember> raid = {};  // that says so at its end
};
// All that the headers say, the most telling first.
std::vector<Recognised> recognise(Image& image);

// Does a header that `recognise` knows stand before `free_bytes`, where a partition table leaves the start of the media
// to nobody? Boot code fills that space: a mark of two bytes counts only where a further field bears it out. The
// descriptors of a disc count anywhere: hybrid images put a partition over them.
bool holds_beside_table(Image& image, std::uint64_t free_bytes);

// True when every byte of the first and last 64 KiB is the same value.
bool looks_blank(Image& image);

}  // namespace triage::tsk
