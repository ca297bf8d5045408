// SPDX-License-Identifier: Apache-2.0
#include "engine/media/table_blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <variant>

namespace triage {
namespace {

constexpr std::uint32_t compressed_bit = 0x8000'0000;
constexpr std::size_t checksum_size = 4;         // Adler-32 after an uncompressed block
constexpr std::size_t largest_batch = 1u << 20;  // neighbouring blocks read in one go

struct StoredBlock {
    std::uint64_t position = 0;  // in the segment file
    std::uint64_t size = 0;
    bool is_compressed = false;
};
using Located = std::variant<StoredBlock, BlockFlaw>;

// Deflate grows incompressible bytes by 5 bytes every 64 KiB at worst; the rest of a longer place is not the block's.
std::uint64_t largest_stored(std::uint32_t block_size) { return std::uint64_t{block_size} + block_size / 16 + 4096; }

// A block of one run, as the reader sees it.
struct BlockPlace {
    std::uint32_t index = 0;   // within the run
    std::uint64_t number = 0;  // within the media
    std::uint64_t offset = 0;  // on the media
    std::size_t length = 0;    // bytes; the media's last block may be shorter
};

BlockPlace place_of(const BlockMap& map, const BlockRun& run, std::uint64_t offset) {
    const std::uint64_t index = (offset - run.offset) / map.block_size;
    const std::uint64_t start = run.offset + index * map.block_size;
    const std::uint64_t rest = run.offset + run.length - start;
    return {static_cast<std::uint32_t>(index), start / map.block_size, start,
            static_cast<std::size_t>(std::min<std::uint64_t>(rest, map.block_size))};
}

// The raw entry. Of two damaged tables only what both say is believed.
std::variant<std::uint32_t, BlockFlaw> entry_of(const TableBlocks& t, const BlockRun& run, std::uint32_t index) {
    const auto first = t.cache.entry(t.reads, t.reader, run.segment, run.position, run.entry_count, index);
    if (!first) return BlockFlaw{BadRangeCause::read_error, "table cannot be read: " + first.why()};
    if (run.twin_position == 0 || run.twin_position == run.position) return *first;
    const auto second = t.cache.entry(t.reads, t.reader, run.segment, run.twin_position, run.entry_count, index);
    if (!second) return BlockFlaw{BadRangeCause::read_error, "table cannot be read: " + second.why()};
    if (*first != *second) return BlockFlaw{BadRangeCause::missing, "the two damaged copies of its table differ here"};
    return *first;
}

std::optional<std::uint64_t> position_of(const BlockRun& run, std::uint32_t entry) {
    return checked_add(run.base, run.encoding == Encoding::ewf_table_wide ? entry : entry & ~compressed_bit);
}

Located locate(const TableBlocks& t, const BlockRun& run, std::uint32_t index) {
    const auto entry = entry_of(t, run, index);
    if (const auto* flaw = std::get_if<BlockFlaw>(&entry)) return *flaw;
    const std::uint32_t value = std::get<std::uint32_t>(entry);
    const auto start = position_of(run, value);
    std::optional<std::uint64_t> end = run.data_end;
    if (index + 1 < run.entry_count) {
        const auto next = entry_of(t, run, index + 1);
        if (const auto* flaw = std::get_if<BlockFlaw>(&next)) return *flaw;
        end = position_of(run, std::get<std::uint32_t>(next));
    }
    if (!start || !end || *start >= *end || *end > run.data_end)
        return BlockFlaw{BadRangeCause::checksum, "its table entry points outside the stored data"};
    const bool is_compressed = run.encoding != Encoding::ewf_table_wide && (value & compressed_bit) != 0;
    return StoredBlock{*start, *end - *start, is_compressed};
}

std::uint32_t stored_checksum(ByteView stored, std::size_t at) { return load_le<std::uint32_t>(stored, at).value(); }
std::uint32_t adler32(ByteView bytes) { return libdeflate_adler32(1, bytes.data(), bytes.size()); }

// The media's last block may be stored longer than the media says: with the length of a full one, or with the bytes
// after the last whole sector of the source. What is stored is checked whole and cut.
bool may_be_longer(MutableBytes out, std::uint32_t block_size) { return out.size() < block_size; }

// An uncompressed block and its Adler-32.
std::optional<std::string> copy_plain(ByteView stored, std::uint32_t block_size, bool is_strict, MutableBytes out) {
    if (stored.size() < out.size() + checksum_size) return "stored data too short";
    const auto is_block = [&](std::size_t length) {
        if (length < out.size() || length > block_size || length + checksum_size > stored.size()) return false;
        if (is_strict && stored.size() != length + checksum_size) return false;
        return adler32(stored.first(length)) == stored_checksum(stored, length);
    };
    const bool is_sound = is_block(out.size()) || (may_be_longer(out, block_size) &&
                                                   (is_block(block_size) || is_block(stored.size() - checksum_size)));
    if (!is_sound) return "Adler-32 differs";
    std::memcpy(out.data(), stored.data(), out.size());
    return std::nullopt;
}

// A zlib stream (RFC 1950), whose trailing Adler-32 libdeflate checks.
std::optional<std::string> inflate(BlockCache& cache, ByteView stored, std::uint32_t block_size, bool is_strict,
                                   MutableBytes out) {
    const MutableBytes whole = may_be_longer(out, block_size) ? cache.scratch_buffer(block_size) : out;
    std::size_t used = 0;
    std::size_t made = 0;
    const auto result = libdeflate_zlib_decompress_ex(cache.decompressor(), stored.data(), stored.size(), whole.data(),
                                                      whole.size(), &used, &made);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) return "decodes to more than a block";
    if (result != LIBDEFLATE_SUCCESS) return "compressed data or its Adler-32 is damaged";
    if (made < out.size()) return "decodes to less than a block";
    if (is_strict && used != stored.size()) return "does not fill its place";
    if (whole.data() != out.data()) std::memcpy(out.data(), whole.data(), out.size());
    return std::nullopt;
}

void note(ReadFlaws& flaws, const BlockRun& run, const BlockPlace& place, std::uint64_t offset, std::size_t length,
          const BlockFlaw& flaw) {
    const std::uint32_t segment = run.segment_number != 0 ? run.segment_number : run.segment + 1;
    flaws.push_back(
        {offset, length, flaw.cause, fmt::format("segment {}, chunk {}: {}", segment, place.number, flaw.why)});
}

// One call of TableBlocks::read.
class RunRead {
  public:
    RunRead(const TableBlocks& blocks, const BlockRun& run, std::uint64_t offset, MutableBytes out, ReadFlaws& flaws)
        : t_(blocks), run_(run), offset_(offset), out_(out), flaws_(flaws) {}

    void all() {
        while (!out_.empty())
            if (!copy_cached()) read_batch();
    }

  private:
    struct Wanted {
        BlockPlace place;
        StoredBlock stored;
    };

    std::uint64_t end() const { return offset_ + out_.size(); }

    // The part of `out_`'s first block that was asked for.
    MutableBytes part_of(const BlockPlace& place) const {
        const std::uint64_t stop = std::min(place.offset + place.length, end());
        return out_.first(static_cast<std::size_t>(stop - offset_));
    }

    void advance(std::size_t length) {
        offset_ += length;
        out_ = out_.subspan(length);
    }

    void fail(const BlockPlace& place, const BlockFlaw& flaw) {
        const MutableBytes part = part_of(place);
        std::fill(part.begin(), part.end(), std::byte{0});
        note(flaws_, run_, place, offset_, part.size(), flaw);
        advance(part.size());
    }

    void deliver(const BlockPlace& place, const BlockCache::Block& block) {
        if (block.flaw) return fail(place, *block.flaw);
        const MutableBytes part = part_of(place);
        std::memcpy(part.data(), block.bytes.data() + (offset_ - place.offset), part.size());
        advance(part.size());
    }

    bool copy_cached() {
        const BlockPlace place = place_of(t_.map, run_, offset_);
        const BlockCache::Block* block = t_.cache.find(t_.reader, place.number);
        if (block) deliver(place, *block);
        return block != nullptr;
    }

    // The first block and those that follow it without a gap, on the media and in the segment file.
    std::vector<Wanted> batch(const BlockPlace& first, const StoredBlock& stored) const {
        std::vector<Wanted> wanted{{first, stored}};
        std::uint64_t total = stored.size;
        for (std::uint64_t offset = first.offset + first.length; offset < end(); offset += wanted.back().place.length) {
            const BlockPlace place = place_of(t_.map, run_, offset);
            if (t_.cache.find(t_.reader, place.number)) break;
            const Located next = locate(t_, run_, place.index);
            const auto* block = std::get_if<StoredBlock>(&next);
            const StoredBlock& last = wanted.back().stored;
            if (!block || block->position != last.position + last.size) break;
            if (block->size > largest_batch || (total += block->size) > largest_batch) break;
            wanted.push_back({place, *block});
        }
        return wanted;
    }

    void read_batch() {
        const BlockPlace first = place_of(t_.map, run_, offset_);
        Located located = locate(t_, run_, first.index);
        if (const auto* flaw = std::get_if<BlockFlaw>(&located)) return fail(first, *flaw);
        StoredBlock& stored = std::get<StoredBlock>(located);
        stored.size = std::min(stored.size, largest_stored(t_.map.block_size));
        const std::vector<Wanted> wanted = batch(first, stored);
        const std::uint64_t start = wanted.front().stored.position;
        const MutableBytes buffer = t_.cache.stored_buffer(static_cast<std::size_t>(total_size(wanted)));
        const std::size_t read = t_.reads.read_some(run_.segment, start, buffer).length;
        bool is_second = read < buffer.size();  // where it ended, the read has failed once
        for (const Wanted& w : wanted) {
            const auto at = static_cast<std::size_t>(w.stored.position - start);
            const MutableBytes bytes = buffer.subspan(at, static_cast<std::size_t>(w.stored.size));
            const std::size_t here = std::clamp(read, at, at + bytes.size()) - at;
            std::optional<Failure> failure;
            if (here < bytes.size())  // alone: a chunk is checked as a whole, so that it is the smallest piece
                failure = t_.reads.read(run_.segment, w.stored.position + here, bytes.subspan(here),
                                        std::exchange(is_second, false));
            if (failure) keep_flaw(w.place, {BadRangeCause::read_error, std::move(failure->why)});
            else decode(w, bytes);
        }
    }

    static std::uint64_t total_size(const std::vector<Wanted>& wanted) {
        return wanted.back().stored.position + wanted.back().stored.size - wanted.front().stored.position;
    }

    std::optional<std::string> decode_to(const StoredBlock& stored, ByteView bytes, MutableBytes out) const {
        const bool is_strict = run_.twin_position != 0;
        if (stored.is_compressed) return inflate(t_.cache, bytes, t_.map.block_size, is_strict, out);
        return copy_plain(bytes, t_.map.block_size, is_strict, out);
    }

    // A block that is wanted whole is decoded in place; of another the rest will soon be asked for.
    void decode(const Wanted& w, ByteView bytes) {
        const MutableBytes part = part_of(w.place);
        if (part.size() < w.place.length) return decode_to_cache(w, bytes);
        if (auto why = decode_to(w.stored, bytes, part)) return keep_flaw(w.place, {BadRangeCause::checksum, *why});
        advance(part.size());
    }

    void decode_to_cache(const Wanted& w, ByteView bytes) {
        BlockCache::Block& block = t_.cache.claim(t_.reader, w.place.number, w.place.length);
        if (auto why = decode_to(w.stored, bytes, block.bytes)) block.flaw = {BadRangeCause::checksum, *why};
        deliver(w.place, block);
    }

    // Kept, so that many small reads of a bad block read and decode it once. A block that the operating system could
    // not read is kept as well: each further attempt may take the disk seconds.
    void keep_flaw(const BlockPlace& place, BlockFlaw flaw) {
        BlockCache::Block& block = t_.cache.claim(t_.reader, place.number, 0);
        block.flaw = std::move(flaw);
        fail(place, *block.flaw);
    }

    const TableBlocks& t_;
    const BlockRun& run_;
    std::uint64_t offset_;
    MutableBytes out_;
    ReadFlaws& flaws_;
};

}  // namespace

void TableBlocks::read(const BlockRun& run, std::uint64_t offset, MutableBytes out, ReadFlaws& flaws) const {
    RunRead(*this, run, offset, out, flaws).all();
}

void TableBlocks::will_need(const BlockRun& run, std::uint64_t offset, std::uint64_t length) const {
    const Located first = locate(*this, run, place_of(map, run, offset).index);
    const Located last = locate(*this, run, place_of(map, run, offset + length - 1).index);
    const auto *begin = std::get_if<StoredBlock>(&first), *end = std::get_if<StoredBlock>(&last);
    if (!begin || !end || end->position < begin->position) return;
    reads.files.will_need(run.segment, begin->position, end->position + end->size - begin->position);
}

}  // namespace triage
