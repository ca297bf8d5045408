// SPDX-License-Identifier: Apache-2.0
#include "engine/examine/content_stream.h"

#include <algorithm>

namespace triage {

void ContentStream::begin(const MediaReader& media, const Entry& entry, std::atomic<std::uint64_t>* bytes_read) {
    media_ = &media;
    entry_ = &entry;
    bytes_read_ = bytes_read;
    resident_ = {0, entry.resident.size()};
    const bool is_resident = entry.source == Source::resident;
    extents_ = is_resident ? std::span<const Extent>(&resident_, resident_.length > 0 ? 1 : 0) : entry.extents;
    extent_ = 0;
    within_ = received_ = missing_ = 0;
    reason_ = Reason::none;
    unread_.clear();
    if (window_media_ != &media) window_ = BlockWindow(), window_media_ = &media;
}

std::size_t ContentStream::read(MutableBytes out) {
    std::size_t filled = 0;
    while (filled < out.size() && extent_ < extents_.size()) {
        const Extent& extent = extents_[extent_];
        const auto piece =
            static_cast<std::size_t>(std::min<std::uint64_t>(extent.length - within_, out.size() - filled));
        const bool is_hole = extent.media_offset == Extent::hole;
        read_piece(is_hole ? Extent::hole : extent.media_offset + within_, out.subspan(filled, piece));
        filled += piece;
        within_ += piece;
        if (within_ == extent.length) ++extent_, within_ = 0;
    }
    received_ += filled;
    if (bytes_read_) bytes_read_->fetch_add(filled, std::memory_order_relaxed);
    return filled;
}

void ContentStream::read_piece(std::uint64_t media_offset, MutableBytes out) {
    if (media_offset == Extent::hole) {
        std::fill(out.begin(), out.end(), std::byte{0});
    } else if (entry_->source == Source::resident) {
        std::copy_n(entry_->resident.begin() + static_cast<std::ptrdiff_t>(media_offset), out.size(), out.begin());
    } else {
        for (BadRange& flaw : media_->read(media_offset, out, window_)) note(std::move(flaw));
    }
}

// Whatever the sizes of the reads, the ranges are the same.
void ContentStream::note(BadRange flaw) {
    if (missing_ == 0) reason_ = reason_of(flaw.cause);
    missing_ += flaw.length;
    if (unread_.size() <= Examined::most_unread) append(unread_, std::move(flaw));
}

Examined ContentStream::failure() const {
    if (missing_ == 0) return {Status::unreadable, Reason::damaged, entry_->size, {}, {}};
    const Status status = missing_ >= stored_bytes(entry_->extents) ? Status::unreadable : Status::partial;
    Examined examined{status, reason_, missing_, {}, {}};
    examined.unread.assign(unread_.begin(), unread_.begin() + static_cast<std::ptrdiff_t>(
                                                                  std::min(unread_.size(), Examined::most_unread)));
    return examined;
}

}  // namespace triage
