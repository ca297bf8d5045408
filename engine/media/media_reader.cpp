// SPDX-License-Identifier: Apache-2.0
#include "engine/media/media_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/media/table_blocks.h"

namespace triage {
namespace {

// A range that cannot be read in one go is read again in pieces, and a bad piece by sectors, so that a dead sector
// costs its own bytes only and a dead disk few reads.
constexpr std::size_t piece_size = 64u << 10;
constexpr std::size_t sector_size = 512;

void fill_zero(MutableBytes out) { std::fill(out.begin(), out.end(), std::byte{0}); }

class PlainRead {
  public:
    PlainRead(const SegmentReads& reads, const BlockRun& run, ReadFlaws& flaws)
        : reads_(reads), run_(run), flaws_(flaws) {}

    void read(std::uint64_t offset, MutableBytes out) {
        if (read_once(offset, out)) by_pieces(offset, out, piece_size);
    }

  private:
    std::optional<Failure> read_once(std::uint64_t offset, MutableBytes out) const {
        return reads_.read(run_.segment, run_.position + (offset - run_.offset), out);
    }

    // Pieces end at multiples of `size` on the media.
    void by_pieces(std::uint64_t offset, MutableBytes out, std::size_t size) {
        while (!out.empty()) {
            const std::size_t length = std::min(out.size(), size - static_cast<std::size_t>(offset % size));
            read_piece(offset, out.first(length), size);
            offset += length;
            out = out.subspan(length);
        }
    }

    void read_piece(std::uint64_t offset, MutableBytes piece, std::size_t size) {
        const auto failure = read_once(offset, piece);
        if (!failure) return;
        if (size > sector_size) return by_pieces(offset, piece, sector_size);
        fill_zero(piece);
        const std::uint32_t segment = run_.segment_number != 0 ? run_.segment_number : run_.segment + 1;
        flaws_.push_back(
            {offset, piece.size(), BadRangeCause::read_error, fmt::format("segment {}: {}", segment, failure->why)});
    }

    const SegmentReads& reads_;
    const BlockRun& run_;
    ReadFlaws& flaws_;
};

void add_flaw(ReadFlaws& flaws, std::uint64_t offset, MutableBytes out, BadRangeCause cause, std::string detail) {
    fill_zero(out);
    flaws.push_back({offset, out.size(), cause, std::move(detail)});
}

void read_run(const BlockRun& run, std::uint64_t offset, MutableBytes out, const TableBlocks& blocks,
              ReadFlaws& flaws) {
    switch (run.encoding) {
        case Encoding::plain: return PlainRead(blocks.reads, run, flaws).read(offset, out);
        case Encoding::zero: return fill_zero(out);
        case Encoding::missing: return add_flaw(flaws, offset, out, BadRangeCause::missing, run.reason);
        case Encoding::ewf_table:
        case Encoding::ewf_table_wide: return blocks.read(run, offset, out, flaws);
    }
}

ReadFlaws merged(ReadFlaws flaws) {
    ReadFlaws result;
    for (BadRange& flaw : flaws) {
        BadRange* last = result.empty() ? nullptr : &result.back();
        if (last && last->offset + last->length == flaw.offset && last->cause == flaw.cause &&
            last->detail == flaw.detail)
            last->length += flaw.length;
        else result.push_back(std::move(flaw));
    }
    return result;
}

std::uint64_t next_id() {
    static std::atomic<std::uint64_t> last{0};  // only counts readers
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

struct BlockWindow::State : BlockCache {
    using BlockCache::BlockCache;
};

BlockWindow::BlockWindow(std::size_t block_capacity) : state_(std::make_unique<State>(block_capacity)) {}
BlockWindow::~BlockWindow() = default;
BlockWindow::BlockWindow(BlockWindow&&) noexcept = default;
BlockWindow& BlockWindow::operator=(BlockWindow&&) noexcept = default;

MediaReader::MediaReader(BlockMap map, std::shared_ptr<const SegmentFiles> files)
    : map_(std::move(map)), files_(std::move(files)), id_(next_id()) {}

void MediaReader::inject_faults(Fault fault) { fault_ = std::move(fault); }

void MediaReader::observe(Observer observer) { observer_ = std::move(observer); }

void MediaReader::will_need(std::uint64_t offset, std::uint64_t length, BlockWindow& window) const {
    const SegmentReads reads{*files_, fault_};
    const TableBlocks blocks{map_, reads, *window.state_, id_};
    for (const BlockRun& run : map_.runs) {
        if (offset >= run.offset + run.length || length == 0) continue;
        if (offset < run.offset) break;
        const std::uint64_t here = std::min(length, run.offset + run.length - offset);
        if (run.encoding == Encoding::plain) files_->will_need(run.segment, run.position + (offset - run.offset), here);
        if (run.encoding == Encoding::ewf_table || run.encoding == Encoding::ewf_table_wide)
            blocks.will_need(run, offset, here);
        offset += here;
        length -= here;
    }
}

ReadFlaws MediaReader::read(std::uint64_t offset, MutableBytes out, BlockWindow& window) const {
    bytes_read_.fetch_add(out.size(), std::memory_order_relaxed);
    if (observer_.begin_read) observer_.begin_read(out.size());
    const SegmentReads reads{*files_, fault_};
    const TableBlocks blocks{map_, reads, *window.state_, id_};
    ReadFlaws flaws;
    const auto starts_after = [](std::uint64_t at, const BlockRun& run) { return at < run.offset; };
    auto run = std::upper_bound(map_.runs.begin(), map_.runs.end(), offset, starts_after);
    if (run != map_.runs.begin()) --run;
    while (!out.empty() && offset < map_.media_size && run != map_.runs.end()) {
        const std::uint64_t rest = run->offset + run->length - offset;
        const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), rest));
        read_run(*run, offset, out.first(length), blocks, flaws);
        offset += length;
        out = out.subspan(length);
        ++run;
    }
    if (!out.empty()) add_flaw(flaws, offset, out, BadRangeCause::outside, "past the end of the media");
    if (observer_.end_read) observer_.end_read();
    return merged(std::move(flaws));
}

}  // namespace triage
