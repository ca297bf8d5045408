// SPDX-License-Identifier: Apache-2.0
#include "plugins/ewf/assemble.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugins/ewf/segment_order.h"

namespace triage::ewf {
namespace {

// A piece and the number of its segment; or a gap.
struct Item {
    Piece piece;
    std::uint32_t number = 0;
};

std::string range_text(std::string_view one, std::string_view many, std::uint64_t first, std::uint64_t last) {
    return first == last ? fmt::format("{} {}", one, first) : fmt::format("{} {} to {}", many, first, last);
}

std::string missing_text(std::uint32_t first, std::uint32_t last) {
    return range_text("segment", "segments", first, last) + (first == last ? " is missing" : " are missing");
}

class Assembler {
  public:
    Assembler(const SegmentOrder& order, std::vector<Problem>& problems)
        : order_(order),
          problems_(problems),
          total_(chunk_count(order.volume)),
          chunk_size_(std::uint64_t{order.volume.sectors_per_chunk} * order.volume.bytes_per_sector) {
        map_.media_size = order.volume.sector_count * order.volume.bytes_per_sector;
        map_.sector_size = order.volume.bytes_per_sector;
        map_.block_size = static_cast<std::uint32_t>(chunk_size_);
        map_.has_checksums = true;
    }

    BlockMap run() {
        line_up();
        const auto [gap, gaps] = find_gaps();
        const std::uint64_t head = count(0, gap);
        place(0, gap, 0);
        if (gaps == 0) end_without_gap(head);
        else if (gaps == 1) place_tail(gap, head);
        else leave_rest(gap, head);
        return std::move(map_);
    }

  private:
    // ---- order -------------------------------------------------------------------------------------------------

    // All pieces in the order of the media; adjacent gaps become one.
    void line_up() {
        std::uint32_t expected = 1;
        for (const auto& [number, scan] : order_.by_number) {
            if (number > expected) add_gap(missing_text(expected, number - 1));
            for (const Piece& piece : scan->pieces) {
                if (piece.is_gap) add_gap(fmt::format("segment {}: {}", number, piece.note));
                else items_.push_back({piece, number});
            }
            expected = number + 1;
            has_end_ = scan->has_done;
        }
        if (!has_end_) add_gap(fmt::format("segment {} and any after it are missing", expected));
    }

    void add_gap(std::string why) {
        if (!items_.empty() && items_.back().piece.is_gap) {
            items_.back().piece.note += "; " + why;
            return;
        }
        Item gap;
        gap.piece.is_gap = true;
        gap.piece.note = std::move(why);
        items_.push_back(std::move(gap));
    }

    // Index of the first gap (or the end) and the number of gaps.
    std::pair<std::size_t, std::size_t> find_gaps() const {
        const auto is_gap = [](const Item& item) { return item.piece.is_gap; };
        const auto first = std::find_if(items_.begin(), items_.end(), is_gap);
        return {static_cast<std::size_t>(first - items_.begin()),
                static_cast<std::size_t>(std::count_if(first, items_.end(), is_gap))};
    }

    std::uint64_t count(std::size_t from, std::size_t to) const {
        std::uint64_t chunks = 0;
        for (std::size_t i = from; i < to; ++i) chunks += items_[i].piece.chunk_count;
        return chunks;
    }

    // ---- places on the media -------------------------------------------------------------------------------------

    void end_without_gap(std::uint64_t head) {
        if (head < total_)
            lose(head, total_, "the tables end before the media does: the acquisition was not completed");
    }

    // Chunks after the only gap stand at the end of the media: the set's last segment is here and says so.
    void place_tail(std::size_t gap, std::uint64_t head) {
        const std::uint64_t tail = count(gap + 1, items_.size());
        const std::string& why = items_[gap].piece.note;
        if (tail == 0) return note_gap(head, total_, why);
        if (!has_end_ || head > total_ || tail > total_ - head) return leave_rest(gap, head);
        note_gap(head, total_ - tail, why);
        place(gap + 1, items_.size(), total_ - tail);
    }

    // More than one gap, or counts that cannot be: nothing says where the chunks after the first gap belong.
    void leave_rest(std::size_t gap, std::uint64_t head) {
        std::string why = items_[gap].piece.note;
        for (std::size_t i = gap + 1; i < items_.size(); ++i)
            if (items_[i].piece.is_gap) why += "; " + items_[i].piece.note;
        const std::uint64_t rest = count(gap + 1, items_.size());
        if (rest != 0) why += fmt::format("; {} chunks that are there have no certain place and are not used", rest);
        note_gap(head, total_, why);
    }

    // A gap may turn out to be empty: a lost section that held no chunks.
    void note_gap(std::uint64_t from, std::uint64_t to, const std::string& why) {
        if (from < to) return lose(from, to, why);
        Problem problem;
        problem.detail = why + "; no chunk is lost by it";
        problems_.push_back(std::move(problem));
    }

    void lose(std::uint64_t from, std::uint64_t to, const std::string& why) {
        BlockRun run;
        run.encoding = Encoding::missing;
        run.reason = why;
        add_run(std::move(run), from, to);
        problems_.push_back(located(from, to, fmt::format("{}: {} not available", why, chunk_text(from, to))));
    }

    // Places items [from, to) from chunk `at` on; what would stand past the media's end is left out.
    void place(std::size_t from, std::size_t to, std::uint64_t at) {
        for (std::size_t i = from; i < to; ++i) {
            if (at >= total_) return say_excess(count(i, to));
            const Item& item = items_[i];
            const std::uint64_t end = std::min<std::uint64_t>(at + item.piece.chunk_count, total_);
            add_table(item, at, end);
            if (item.piece.is_doubtful)
                problems_.push_back(located(at, end, fmt::format("segment {}: {}", item.number, item.piece.note)));
            if (end - at < item.piece.chunk_count) say_excess(item.piece.chunk_count - (end - at) + count(i + 1, to));
            at += item.piece.chunk_count;
            if (end == total_) return;
        }
    }

    void say_excess(std::uint64_t chunks) {
        if (chunks == 0) return;
        Problem problem;
        problem.detail = fmt::format("the tables have {} chunks more than the media; they are not used", chunks);
        problems_.push_back(std::move(problem));
    }

    void add_table(const Item& item, std::uint64_t from, std::uint64_t to) {
        const Piece& piece = item.piece;
        BlockRun run;
        run.encoding = piece.is_wide ? Encoding::ewf_table_wide : Encoding::ewf_table;
        run.segment = piece.file;
        run.segment_number = item.number;
        run.position = piece.position;
        run.twin_position = piece.twin_position;
        run.base = piece.base;
        run.data_end = piece.data_end;
        run.entry_count = static_cast<std::uint32_t>(to - from);
        add_run(std::move(run), from, to);
    }

    void add_run(BlockRun run, std::uint64_t from, std::uint64_t to) {
        run.offset = from * chunk_size_;
        run.length = byte_end(to) - run.offset;
        map_.runs.push_back(std::move(run));
    }

    std::uint64_t byte_end(std::uint64_t chunk) const {
        return chunk == total_ ? map_.media_size : chunk * chunk_size_;
    }

    static std::string chunk_text(std::uint64_t from, std::uint64_t to) {
        return range_text("chunk", "chunks", from, to - 1) + (to - from == 1 ? " is" : " are");
    }

    Problem located(std::uint64_t from, std::uint64_t to, std::string detail) const {
        Problem problem;
        problem.detail = std::move(detail);
        problem.first_sector = from * order_.volume.sectors_per_chunk;
        problem.sectors = (byte_end(to) - from * chunk_size_) / map_.sector_size;
        return problem;
    }

    const SegmentOrder& order_;
    std::vector<Problem>& problems_;
    std::uint64_t total_;  // chunks of the media
    std::uint64_t chunk_size_;
    std::vector<Item> items_;
    bool has_end_ = false;
    BlockMap map_;
};

// What kind of media, for people.
std::string_view media_type_name(const VolumeSection& volume) {
    switch (volume.media_type) {
        case 0x00: return "removable";
        case 0x01: return "fixed";
        case 0x03: return "optical";
        case 0x0e: return "logical";
        case 0x10: return "memory";
        default: return {};
    }
}

void add_errors(const SegmentScan& scan, OpenedMedia& media) {
    const std::uint64_t sectors = media.map.media_size / media.map.sector_size;
    for (const AcquisitionError& error : scan.errors) {
        Problem problem;
        problem.kind = ProblemKind::unreadable;
        problem.detail = "the source could not be read here at acquisition; these sectors may be zeros";
        if (std::uint64_t{error.first_sector} + error.sectors > sectors)
            problem.detail += " (past the end of the media)";
        problem.first_sector = error.first_sector;
        problem.sectors = error.sectors;
        media.problems.push_back(std::move(problem));
    }
    if (!scan.has_more_errors) return;
    Problem capped;
    capped.kind = ProblemKind::capped;
    capped.detail =
        fmt::format("more than {} acquisition errors are recorded; the others are not listed", largest_errors);
    media.problems.push_back(std::move(capped));
}

template <class T, class Same>
void add_new(std::vector<T>& to, const std::vector<T>& from, Same same) {
    for (const T& value : from)
        if (std::none_of(to.begin(), to.end(), [&](const T& known) { return same(known, value); })) to.push_back(value);
}

void add_metadata(const SegmentOrder& order, OpenedMedia& media) {
    for (const auto& [number, scan] : order.by_number) {
        for (Problem problem : scan->problems) {
            problem.detail = fmt::format("segment {}: {}", number, problem.detail);
            media.problems.push_back(std::move(problem));
        }
        add_new(media.digests, scan->digests, std::equal_to<StoredDigest>());
        add_new(media.header, scan->header, [](auto& a, auto& b) { return a.name == b.name; });
        add_errors(*scan, media);
    }
    const std::string_view type = media_type_name(order.volume);
    if (!order.volume.is_smart && !type.empty()) media.header.push_back({"media_type", std::string(type)});
}

std::string describe(const SegmentOrder& order, const std::vector<SegmentScan>& scans) {
    std::string generation;
    for (const SegmentScan& scan : scans)
        if (generation.empty()) generation = scan.generation;
    const std::string form = order.volume.is_smart ? "SMART (EWF-S01)"
                             : generation.empty()  ? "EWF-E01"
                                                   : generation + " (EWF-E01)";
    const std::size_t count = order.by_number.size();
    return fmt::format("{}, {} segment{}, {} sectors a chunk", form, count, count == 1 ? "" : "s",
                       order.volume.sectors_per_chunk);
}

void cap_problems(std::vector<Problem>& problems) {
    if (problems.size() <= largest_problems) return;
    const std::size_t left = problems.size() - largest_problems;
    // What lost nothing goes first.
    std::stable_partition(problems.begin(), problems.end(), [](const Problem& p) { return !p.is_lossless; });
    problems.resize(largest_problems);
    Problem capped;
    capped.kind = ProblemKind::capped;
    capped.detail = fmt::format("{} more problems are not listed", left);
    problems.push_back(std::move(capped));
}

std::optional<std::string> refusal(const std::vector<SegmentScan>& scans) {
    bool is_any_ours = false;
    for (const SegmentScan& scan : scans) {
        if (scan.kind == FileKind::logical || scan.is_logical) return "logical evidence (L01) is not supported";
        if (scan.kind == FileKind::evidence2) return "Ex01 not supported";
        if (scan.kind == FileKind::logical2) return "Lx01 not supported";
        is_any_ours |= scan.kind == FileKind::evidence || scan.kind == FileKind::evidence_damaged;
    }
    if (!is_any_ours) return "not an EWF file: no segment has the signature";
    return std::nullopt;
}

}  // namespace

Result<OpenedMedia> assemble(std::vector<SegmentScan> scans, const std::vector<std::uint32_t>& names,
                             const std::vector<Segment>& segments) {
    if (auto why = refusal(scans)) return Failure{*why};
    const auto order = order_segments(scans, names);
    if (!order) return Failure{"no sound volume section: the geometry of the media is unknown"};
    if (auto why = flaw_of_geometry(order->volume)) return Failure{*why};
    OpenedMedia media;
    media.format = "ewf";
    media.description = describe(*order, scans);
    media.problems = order->problems;
    media.map = Assembler(*order, media.problems).run();
    add_metadata(*order, media);
    cap_problems(media.problems);
    if (auto flaw = find_flaw(media.map, segments)) return Failure{"its tables cannot be mapped: " + *flaw};
    return media;
}

}  // namespace triage::ewf
