// SPDX-License-Identifier: Apache-2.0
#include "engine/media/media_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/media/table_blocks.h"

namespace triage {
namespace {

// Where a read stopped it goes on sector by sector to the end of a piece, and behind that by pieces, so that a dead
// sector costs its own bytes only.
constexpr std::size_t piece_size = 64u << 10;

void fill_zero(MutableBytes out) { std::fill(out.begin(), out.end(), std::byte{0}); }

class PlainRead {
  public:
    PlainRead(const SegmentReads& reads, const BlockRun& run, ReadFlaws& flaws)
        : reads_(reads), run_(run), flaws_(flaws) {}

    void read(std::uint64_t offset, MutableBytes out) const {
        std::size_t done = reads_.read_some(run_.segment, position_of(offset), out).length;
        while (done < out.size()) {
            const MutableBytes bad = piece_at(offset + done, out.subspan(done), piece_size);
            by_sectors(offset + done, bad);
            done = by_pieces(offset, out, done + bad.size());
        }
    }

  private:
    std::uint64_t position_of(std::uint64_t offset) const { return run_.position + (offset - run_.offset); }

    // Pieces end at multiples of `size` on the media.
    static MutableBytes piece_at(std::uint64_t offset, MutableBytes out, std::size_t size) {
        return out.first(std::min(out.size(), size - static_cast<std::size_t>(offset % size)));
    }

    // How far it goes; from `done`.
    std::size_t by_pieces(std::uint64_t offset, MutableBytes out, std::size_t done) const {
        while (done < out.size()) {
            const MutableBytes piece = piece_at(offset + done, out.subspan(done), piece_size);
            const std::size_t length = reads_.read_more(run_.segment, position_of(offset + done), piece).length;
            done += length;
            if (length < piece.size()) break;
        }
        return done;
    }

    // The read of the first of them has failed once.
    void by_sectors(std::uint64_t offset, MutableBytes out) const {
        const std::size_t size = reads_.files.sector_size();
        for (bool is_second = true; !out.empty(); is_second = false) {
            const MutableBytes sector = piece_at(offset, out, size);
            read_sector(offset, sector, is_second);
            offset += sector.size();
            out = out.subspan(sector.size());
        }
    }

    void read_sector(std::uint64_t offset, MutableBytes sector, bool is_second) const {
        SegmentFiles::Reading reading = reads_.read_more(run_.segment, position_of(offset), sector, true);
        if (reading.failure && !is_second) {
            const std::size_t before = reading.length;
            reading = reads_.read_more(run_.segment, position_of(offset + before), sector.subspan(before), true);
            reading.length += before;
        }
        if (!reading.failure) return;
        const MutableBytes bad = sector.subspan(reading.length);
        fill_zero(bad);
        const std::uint32_t segment = run_.segment_number != 0 ? run_.segment_number : run_.segment + 1;
        flaws_.push_back({offset + reading.length, bad.size(), BadRangeCause::read_error,
                          fmt::format("segment {}: {}", segment, reading.failure->why)});
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
    for (BadRange& flaw : flaws) append(result, std::move(flaw));
    return result;
}

std::uint64_t next_id() {
    static std::atomic<std::uint64_t> last{0};  // only counts readers
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

void append(ReadFlaws& flaws, BadRange flaw) {
    BadRange* last = flaws.empty() ? nullptr : &flaws.back();
    const bool goes_on =
        last && last->offset + last->length == flaw.offset && last->cause == flaw.cause && last->detail == flaw.detail;
    if (goes_on) last->length += flaw.length;
    else flaws.push_back(std::move(flaw));
}

struct BlockWindow::State : BlockCache {
    using BlockCache::BlockCache;
};

BlockWindow::BlockWindow(std::size_t block_capacity) : state_(std::make_unique<State>(block_capacity)) {}
BlockWindow::~BlockWindow() = default;
BlockWindow::BlockWindow(BlockWindow&&) noexcept = default;
BlockWindow& BlockWindow::operator=(BlockWindow&&) noexcept = default;

MediaReader::MediaReader(BlockMap map, std::shared_ptr<const SegmentFiles> files)
    : map_(std::move(map)), files_(std::move(files)), id_(next_id()) {}

void MediaReader::heed(const std::atomic<bool>& stop) { stop_ = &stop; }

void MediaReader::inject_faults(SegmentFiles::FaultyPread faulty) { faulty_ = std::move(faulty); }

void MediaReader::observe(ReadObserver observer) { observer_ = std::move(observer); }

void MediaReader::will_need(std::uint64_t offset, std::uint64_t length, BlockWindow& window) const {
    const SegmentReads reads{*files_, faulty_, stop_, observer_};
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
    const SegmentReads reads{*files_, faulty_, stop_, observer_};
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
