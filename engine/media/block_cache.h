// SPDX-License-Identifier: Apache-2.0
// What a BlockWindow holds: decoded blocks, pages of block tables, buffers and a decompressor. Private to engine/media.
// Owned by one thread at a time. Memory is bounded by the capacity and by `largest_cache` bytes (or one block, when
// blocks are larger than that).
#pragma once

#include <libdeflate.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/error.h"
#include "engine/media/media_reader.h"

namespace triage {

// Reads of segment files for one MediaReader::read: with its test seam, and heeding its stop and its observer.
struct SegmentReads {
    const SegmentFiles& files;
    const SegmentFiles::FaultyPread& faulty;
    const std::atomic<bool>* stop;
    const ReadObserver& observer;

    SegmentFiles::Reading read_some(std::uint32_t segment, std::uint64_t position, MutableBytes out) const;
    // What failed, once more; or of what is read in pieces since something failed, the next.
    SegmentFiles::Reading read_more(std::uint32_t segment, std::uint64_t position, MutableBytes out,
                                    bool by_sectors = false) const;
    // All of it, or why not. `is_second`: the first try has failed where it begins.
    std::optional<Failure> read(std::uint32_t segment, std::uint64_t position, MutableBytes out,
                                bool is_second = false) const;
};

struct BlockFlaw {
    BadRangeCause cause = BadRangeCause::checksum;
    std::string why;
};

class BlockCache {
  public:
    static constexpr std::size_t largest_cache = 64u << 20;

    struct Block {
        std::uint64_t reader = 0;  // id of the MediaReader; 0: holds nothing
        std::uint64_t number = 0;  // block of the media
        Bytes bytes;
        std::optional<BlockFlaw> flaw;  // the block could not be read: its bytes are zeros
        std::uint64_t used_at = 0;
    };

    explicit BlockCache(std::size_t block_capacity);

    // The block when it is here.
    const Block* find(std::uint64_t reader, std::uint64_t number);
    // Room for a block of `size` zero bytes, in place of the least recently used one.
    Block& claim(std::uint64_t reader, std::uint64_t number, std::size_t size);

    // Entry `index` of a table of `count` 4-byte entries at `position`; read in pages.
    Result<std::uint32_t> entry(const SegmentReads& reads, std::uint64_t reader, std::uint32_t segment,
                                std::uint64_t position, std::uint32_t count, std::uint32_t index);

    MutableBytes stored_buffer(std::size_t size) { return sized(stored_, size); }
    MutableBytes scratch_buffer(std::size_t size) { return sized(scratch_, size); }
    libdeflate_decompressor* decompressor();

  private:
    struct Page {
        std::uint64_t reader = 0;
        std::uint32_t segment = 0;
        std::uint64_t position = 0;
        Bytes bytes;
        std::uint64_t used_at = 0;
    };
    struct FreeDecompressor {
        void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
    };

    static MutableBytes sized(Bytes& buffer, std::size_t size);
    Result<const Page*> page(const SegmentReads& reads, std::uint64_t reader, std::uint32_t segment,
                             std::uint64_t position, std::size_t size);

    std::size_t capacity_;
    std::vector<Block> blocks_;
    std::vector<Page> pages_;
    Bytes stored_;
    Bytes scratch_;
    std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor_;
    std::uint64_t clock_ = 0;
};

}  // namespace triage
