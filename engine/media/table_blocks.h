// SPDX-License-Identifier: Apache-2.0
// Reads the blocks of an `ewf_table` run: finds each by its table entry, reads neighbours in one go, decodes and checks
// them. Private to engine/media; pure but for the cache, which belongs to the calling thread.
#pragma once

#include "engine/media/block_cache.h"

namespace triage {

struct TableBlocks {
    const BlockMap& map;
    const SegmentReads& reads;
    BlockCache& cache;
    std::uint64_t reader;  // id of the MediaReader

    // Fills `out` with the bytes at media offset `offset`, all of them inside `run`.
    void read(const BlockRun& run, std::uint64_t offset, MutableBytes out, ReadFlaws& flaws) const;
    // A hint for what of the segment file `length` bytes of the media at `offset`, all of them inside `run`, stand in.
    void will_need(const BlockRun& run, std::uint64_t offset, std::uint64_t length) const;
};

}  // namespace triage
