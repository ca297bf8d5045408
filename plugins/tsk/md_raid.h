// SPDX-License-Identifier: Apache-2.0
// Superblocks of Linux RAID at the end of a member (metadata 0.90 and 1.0), whose data start at its first byte: a
// member looks like a file system of its own, and is one on a mirror only. Format: include/uapi/linux/raid/md_p.h
// (mdp_super_t, struct mdp_superblock_1); where they stand: md(4), "MD SUPER BLOCK".
#pragma once

#include <optional>
#include <string>

#include "plugins/tsk/image.h"

namespace triage::tsk {

struct RaidMember {
    int level = 0;
    std::uint32_t members = 0;
    // Each member holds all bytes of the array, in their order.
    bool is_mirror() const { return level == 1 || level == multipath || members == 1; }
    std::string words() const;  // "a member of a Linux RAID (level 5, 3 members)"

  private:
    static constexpr int multipath = -4;
};

std::optional<RaidMember> raid_at_end(Image& image);

}  // namespace triage::tsk
