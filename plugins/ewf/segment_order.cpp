// SPDX-License-Identifier: Apache-2.0
#include "plugins/ewf/segment_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace triage::ewf {
namespace {

using Numbers = std::map<std::uint32_t, const SegmentScan*>;

Problem damaged(std::string detail, bool is_lossless = false) {
    Problem problem;
    problem.detail = std::move(detail);
    problem.is_lossless = is_lossless;
    return problem;
}

bool is_ours(const SegmentScan& scan) {
    return scan.kind == FileKind::evidence || scan.kind == FileKind::evidence_damaged;
}

// The volume of the set: of the file that is named first and has one.
const VolumeSection* reference(const std::vector<SegmentScan>& scans) {
    for (const SegmentScan& scan : scans)
        if (scan.volume) return &*scan.volume;
    for (const SegmentScan& scan : scans)
        if (scan.copy) return &*scan.copy;
    return nullptr;
}

// Contiguous from 1 to the file that ends the set, with exactly the chunks that the media has.
bool is_whole(const Numbers& numbers, const VolumeSection& volume) {
    if (numbers.empty() || numbers.begin()->first != 1 || numbers.rbegin()->first != numbers.size()) return false;
    std::uint64_t chunks = 0;
    for (const auto& [number, scan] : numbers) {
        if (scan->has_done != (number == numbers.size())) return false;
        for (const Piece& piece : scan->pieces) {
            if (piece.is_gap) return false;
            chunks += piece.chunk_count;
        }
    }
    return chunks == chunk_count(volume);
}

class Ordering {
  public:
    Ordering(const std::vector<SegmentScan>& scans, const std::vector<std::uint32_t>& names, SegmentOrder& order)
        : names_(names), order_(order) {
        for (const SegmentScan& scan : scans)
            if (is_member(scan)) members_.push_back(&scan);
    }

    void run() {
        if (!by_name()) by_header();
        drop_after_done();
    }

  private:
    // How a file is called in a message: by its name's number where it has one.
    std::uint32_t label(const SegmentScan& scan) const {
        return names_[scan.file] != 0 ? names_[scan.file] : scan.file + 1;
    }

    bool is_member(const SegmentScan& scan) {
        if (!is_ours(scan)) {
            order_.problems.push_back(damaged(fmt::format("segment {}: it is not an EWF segment", label(scan))));
            return false;
        }
        const bool is_foreign =
            (scan.volume && !agree(*scan.volume, order_.volume)) || (scan.copy && !agree(*scan.copy, order_.volume));
        if (is_foreign)
            order_.problems.push_back(
                damaged(fmt::format("segment {}: it belongs to another acquisition and is not used", label(scan))));
        return !is_foreign;
    }

    bool contradicts(const SegmentScan& scan) const {
        return scan.stored_number == 0 || (names_[scan.file] != 0 && names_[scan.file] != scan.stored_number);
    }

    void say_contradiction(const SegmentScan& scan, std::uint32_t used, bool is_lossless) {
        order_.problems.push_back(
            damaged(fmt::format("segment {}: its header says that it is segment {}; it is used as segment {}",
                                label(scan), scan.stored_number, used),
                    is_lossless));
    }

    // Takes the names' numbers when exactly one header contradicts its name and the set is then whole. Not when the
    // header says a number that another file has: it may be a copy of that file under a wrong name.
    bool by_name() {
        Numbers numbers;
        const SegmentScan* doubtful = nullptr;
        for (const SegmentScan* member : members_) {
            if (contradicts(*member) && std::exchange(doubtful, member)) return false;
            numbers.emplace(label(*member), member);
        }
        if (!doubtful || numbers.count(doubtful->stored_number) != 0) return false;
        if (numbers.size() != members_.size() || !is_whole(numbers, order_.volume)) return false;
        say_contradiction(*doubtful, label(*doubtful), true);
        order_.by_number = std::move(numbers);
        return true;
    }

    // Files whose name and header agree come first.
    void by_header() {
        for (const SegmentScan* member : members_)
            if (!contradicts(*member)) claim(*member, member->stored_number);
        for (const SegmentScan* member : members_) {
            if (!contradicts(*member)) continue;
            const std::uint32_t number = member->stored_number != 0 ? member->stored_number : label(*member);
            if (claim(*member, number)) say_contradiction(*member, number, member->stored_number != 0);
        }
    }

    bool claim(const SegmentScan& scan, std::uint32_t number) {
        if (order_.by_number.emplace(number, &scan).second) return true;
        order_.problems.push_back(damaged(
            fmt::format("segment {}: its header says that it is segment {}, which another file is; it is not used",
                        label(scan), scan.stored_number)));
        return false;
    }

    void drop_after_done() {
        const auto is_end = [](const auto& entry) { return entry.second->has_done; };
        auto last = std::find_if(order_.by_number.begin(), order_.by_number.end(), is_end);
        if (last == order_.by_number.end()) return;
        for (auto extra = ++last; extra != order_.by_number.end(); extra = order_.by_number.erase(extra))
            order_.problems.push_back(
                damaged(fmt::format("segment {}: the set ends before it; it is not used", extra->first)));
    }

    const std::vector<std::uint32_t>& names_;
    SegmentOrder& order_;
    std::vector<const SegmentScan*> members_;
};

}  // namespace

std::uint64_t chunk_count(const VolumeSection& volume) {
    return volume.sector_count / volume.sectors_per_chunk + (volume.sector_count % volume.sectors_per_chunk != 0);
}

std::optional<SegmentOrder> order_segments(const std::vector<SegmentScan>& scans,
                                           const std::vector<std::uint32_t>& names) {
    const VolumeSection* volume = reference(scans);
    if (!volume) return std::nullopt;
    SegmentOrder order;
    order.volume = *volume;
    if (!flaw_of_geometry(*volume)) Ordering(scans, names, order).run();
    return order;
}

}  // namespace triage::ewf
