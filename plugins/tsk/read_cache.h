// SPDX-License-Identifier: Apache-2.0
// Small reads of a stretch of the media, served from blocks of 16 KiB. libtsk's own cache reads 64 KiB from wherever it
// is asked to, and has 32 of them: the inodes of a large directory, which stand in any order, cost it 64 KiB each. Here
// blocks are aligned, and one is read whole when it is asked for twice in a row among those that share its place. A
// block with a flaw is never kept. One thread.
#pragma once

#include <vector>

#include "engine/media/media_reader.h"

namespace triage::tsk {

class ReadCache {
  public:
    ReadCache(const MediaReader& media, std::uint64_t start, std::uint64_t length)
        : media_(media), start_(start), length_(length), slots_(1024), window_(64) {}

    // The bytes at `offset` of the stretch, inside of it. As MediaReader::read, flaws of these bytes and no others.
    ReadFlaws read(std::uint64_t offset, MutableBytes out);

  private:
    static constexpr std::uint64_t none = ~0ull;
    struct Slot {
        std::uint64_t block = none;  // that `bytes` holds
        std::uint64_t asked = none;  // and not there: the latest one
        std::uint64_t flawed = none;
        Bytes bytes;
    };
    bool holds(Slot& slot, std::uint64_t block);

    const MediaReader& media_;
    std::uint64_t start_, length_;
    std::vector<Slot> slots_;
    BlockWindow window_;
};

}  // namespace triage::tsk
