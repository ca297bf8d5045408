// SPDX-License-Identifier: Apache-2.0
#include "engine/media/block_cache.h"

#include <algorithm>
#include <new>

namespace triage {
namespace {

constexpr std::uint32_t entry_size = 4;
constexpr std::uint32_t entries_per_page = 1024;
constexpr std::size_t page_capacity = 8;

template <class T>
T& least_recently_used(std::vector<T>& all) {
    return *std::min_element(all.begin(), all.end(), [](const T& a, const T& b) { return a.used_at < b.used_at; });
}

}  // namespace

SegmentFiles::Reading SegmentReads::read_some(std::uint32_t segment, std::uint64_t position, MutableBytes out) const {
    return files.read_some(segment, position, out, faulty);
}

SegmentFiles::Reading SegmentReads::read_more(std::uint32_t segment, std::uint64_t position, MutableBytes out,
                                              bool by_sectors) const {
    if (stop && stop->load(std::memory_order_relaxed)) return {0, Failure{"not tried: the run was stopped"}};
    if (observer.end_read) observer.end_read();
    if (observer.begin_read) observer.begin_read(0);
    return files.read_some(segment, position, out, faulty, by_sectors);
}

std::optional<Failure> SegmentReads::read(std::uint32_t segment, std::uint64_t position, MutableBytes out,
                                          bool is_second) const {
    for (SegmentFiles::Reading reading = is_second ? read_more(segment, position, out)
                                                   : read_some(segment, position, out);
         reading.failure; reading = read_more(segment, position, out)) {
        if (reading.length == 0 && is_second) return std::move(reading.failure);
        is_second = true;
        position += reading.length;
        out = out.subspan(reading.length);
    }
    return std::nullopt;
}

BlockCache::BlockCache(std::size_t block_capacity) : capacity_(std::max<std::size_t>(block_capacity, 1)) {}

const BlockCache::Block* BlockCache::find(std::uint64_t reader, std::uint64_t number) {
    for (Block& block : blocks_) {
        if (block.reader != reader || block.number != number) continue;
        block.used_at = ++clock_;
        return &block;
    }
    return nullptr;
}

BlockCache::Block& BlockCache::claim(std::uint64_t reader, std::uint64_t number, std::size_t size) {
    const std::size_t fitting = std::max<std::size_t>(largest_cache / std::max<std::size_t>(size, 1), 1);
    const std::size_t limit = std::min(capacity_, fitting);
    if (blocks_.size() > limit) {  // another media with smaller blocks was read through this window before
        std::sort(blocks_.begin(), blocks_.end(), [](const Block& a, const Block& b) { return a.used_at > b.used_at; });
        blocks_.resize(limit);
    }
    if (blocks_.size() < limit) blocks_.emplace_back();
    Block& block = least_recently_used(blocks_);
    block.reader = reader;
    block.number = number;
    block.bytes.assign(size, std::byte{0});
    block.flaw.reset();
    block.used_at = ++clock_;
    return block;
}

Result<std::uint32_t> BlockCache::entry(const SegmentReads& reads, std::uint64_t reader, std::uint32_t segment,
                                        std::uint64_t position, std::uint32_t count, std::uint32_t index) {
    const std::uint32_t first = index / entries_per_page * entries_per_page;
    const std::uint32_t held = std::min(count - first, entries_per_page);
    const auto found = page(reads, reader, segment, position + std::uint64_t{first} * entry_size, held * entry_size);
    if (!found) return Failure{found.why()};
    return load_le<std::uint32_t>((*found)->bytes, std::uint64_t{index - first} * entry_size).value();
}

Result<const BlockCache::Page*> BlockCache::page(const SegmentReads& reads, std::uint64_t reader, std::uint32_t segment,
                                                 std::uint64_t position, std::size_t size) {
    for (Page& held : pages_) {
        // A page is shorter than others at the end of a run, and two runs may share a table: sizes differ too.
        if (held.reader != reader || held.segment != segment || held.position != position || held.bytes.size() < size)
            continue;
        held.used_at = ++clock_;
        return &held;
    }
    if (pages_.size() < page_capacity) pages_.emplace_back();
    Page& page = least_recently_used(pages_);
    page.reader = 0;  // holds nothing until it has been read
    page.bytes.resize(size);
    if (auto failure = reads.read(segment, position, page.bytes)) return std::move(*failure);
    page.reader = reader;
    page.segment = segment;
    page.position = position;
    page.used_at = ++clock_;
    return &page;
}

libdeflate_decompressor* BlockCache::decompressor() {
    if (!decompressor_) decompressor_.reset(libdeflate_alloc_decompressor());
    if (!decompressor_) throw std::bad_alloc();
    return decompressor_.get();
}

MutableBytes BlockCache::sized(Bytes& buffer, std::size_t size) {
    if (buffer.size() < size) buffer.resize(size);
    return MutableBytes(buffer).first(size);
}

}  // namespace triage
