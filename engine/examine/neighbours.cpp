// SPDX-License-Identifier: Apache-2.0
#include "engine/examine/neighbours.h"

#include <algorithm>

namespace triage {
namespace {

constexpr std::uint64_t window_bytes = 256 << 10;  // fits a processor's second cache beside the lanes
constexpr std::uint64_t largest_small = 64 << 10;
constexpr std::uint64_t largest_gap = 16 << 10;  // reading it costs less than another call

const Extent* small_extent(const Entry& entry) {
    const bool is_one_piece = entry.source == Source::extents && entry.extents.size() == 1 &&
                              entry.extents[0].media_offset != Extent::hole && entry.extents[0].length == entry.size &&
                              entry.size <= largest_small;
    return is_one_piece ? &entry.extents[0] : nullptr;
}

}  // namespace

Neighbours::Content Neighbours::take(std::span<const ExamineJob> jobs) {
    const Extent* extent = small_extent(*jobs[0].entry);
    if (!extent) return {};
    const std::uint64_t offset = extent->media_offset;
    const bool is_here = jobs[0].media == media_ && offset >= start_ && offset - start_ <= length_ &&
                         extent->length <= length_ - (offset - start_);
    if (!is_here) fetch(jobs);
    if (has_flaw_) return {};
    return {
        ByteView(*window_).subspan(static_cast<std::size_t>(offset - start_), static_cast<std::size_t>(extent->length)),
        window_};
}

// From the first content's first byte to the last byte of the last follower that lies near.
void Neighbours::fetch(std::span<const ExamineJob> jobs) {
    const MediaReader* media = jobs[0].media;
    start_ = small_extent(*jobs[0].entry)->media_offset;
    std::uint64_t end = start_;
    for (const ExamineJob& job : jobs) {
        const Extent* extent = job.media == media ? small_extent(*job.entry) : nullptr;
        if (!extent || extent->media_offset < end || extent->media_offset - end > largest_gap) break;
        if (extent->media_offset - start_ + extent->length > window_bytes) break;
        end = extent->media_offset + extent->length;
    }
    length_ = end - start_;
    media_ = media;
    if (blocks_media_ != media) blocks_ = BlockWindow(), blocks_media_ = media;
    window_ = free_window();
    has_flaw_ = !media->read(start_, MutableBytes(*window_).first(static_cast<std::size_t>(length_)), blocks_).empty();
}

std::shared_ptr<Buffer> Neighbours::free_window() {
    window_.reset();
    const auto unused =
        std::find_if(windows_.begin(), windows_.end(), [](const auto& w) { return w.use_count() == 1; });
    if (unused != windows_.end()) return *unused;
    windows_.push_back(std::make_shared<Buffer>(window_bytes));
    return windows_.back();
}

}  // namespace triage
