// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/read_cache.h"

#include <algorithm>
#include <utility>

namespace triage::tsk {
namespace {

constexpr std::uint64_t block_bytes = 16 << 10;

}  // namespace

ReadFlaws ReadCache::read(std::uint64_t offset, MutableBytes out) {
    const std::uint64_t block = offset / block_bytes, within = offset % block_bytes;
    Slot& slot = slots_[block % slots_.size()];
    if (within + out.size() > block_bytes || !holds(slot, block)) return media_.read(start_ + offset, out, window_);
    std::copy_n(slot.bytes.begin() + static_cast<std::ptrdiff_t>(within), out.size(), out.begin());
    return {};
}

bool ReadCache::holds(Slot& slot, std::uint64_t block) {
    if (slot.block == block) return true;
    if (slot.flawed == block || std::exchange(slot.asked, block) != block) return false;
    const std::uint64_t begin = block * block_bytes;
    slot.bytes.resize(std::min(block_bytes, length_ - begin));
    const bool is_sound = media_.read(start_ + begin, slot.bytes, window_).empty();
    slot.block = is_sound ? block : none;
    if (!is_sound) slot.flawed = block;
    return is_sound;
}

}  // namespace triage::tsk
