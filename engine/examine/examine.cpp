// SPDX-License-Identifier: Apache-2.0
#include "engine/examine/examine.h"

#include <algorithm>

namespace triage {
namespace {

constexpr std::size_t buffer_bytes = 1 << 20;
constexpr std::uint64_t large_hole = 1ull << 30;

}  // namespace

bool is_nearly_all_hole(const Entry& entry) {
    if (entry.source != Source::extents) return false;
    const std::uint64_t stored = stored_bytes(entry.extents), holes = entry.size - std::min(stored, entry.size);
    if (entry.is_metadata && entry.stream == "$Bad" && stored == 0) return true;  // NTFS: as large as its volume
    return holes > large_hole && holes / 16 > stored;
}

std::uint64_t unstored_bytes(const Entry& entry, std::uint64_t volume_length) {
    const std::uint64_t stored = entry.source == Source::extents ? stored_bytes(entry.extents) : entry.size;
    return entry.size - std::min({stored, entry.size, volume_length});
}

ContentExaminer::ContentExaminer(AlgorithmSet algorithms, UpdateAll update_large)
    : hasher_(algorithms), update_large_(std::move(update_large)), buffer_(buffer_bytes) {}

Examined ContentExaminer::examine(const MediaReader& media, const Entry& entry, const std::atomic<bool>& stop,
                                  std::atomic<std::uint64_t>* bytes_read, bool wants_entropy, Bytes* first_bytes) {
    begin(wants_entropy, first_bytes);
    stream_.begin(media, entry, bytes_read);
    while (!stream_.is_at_end()) {
        if (stop.load(std::memory_order_relaxed)) return {Status::unreadable, Reason::not_reached, entry.size, {}, {}};
        filled_ += stream_.read(MutableBytes(buffer_).subspan(filled_));
        if (stream_.has_flaw()) filled_ = 0;  // it gets no hash: only its missing bytes are counted
        else if (filled_ == buffer_.size()) flush();
    }
    if (!stream_.is_whole() && stop.load(std::memory_order_relaxed))  // what failed was not tried again
        return {Status::unreadable, Reason::not_reached, entry.size, {}, {}};
    if (!stream_.is_whole()) return stream_.failure();
    received_ = entry.size;
    return finish(entry.size, Reason::none);
}

void ContentExaminer::begin(bool wants_entropy, Bytes* first_bytes) {
    hasher_.begin();
    look_.begin(wants_entropy, first_bytes);
    filled_ = 0;
    received_ = 0;
}

void ContentExaminer::add(ByteView bytes) {
    while (!bytes.empty()) {
        const std::size_t piece = std::min(bytes.size(), buffer_.size() - filled_);
        std::copy_n(bytes.begin(), piece, buffer_.begin() + static_cast<std::ptrdiff_t>(filled_));
        filled_ += piece;
        received_ += piece;
        if (filled_ == buffer_.size()) flush();
        bytes = bytes.subspan(piece);
    }
}

void ContentExaminer::flush() {
    const ByteView bytes = ByteView(buffer_).first(filled_);
    look_.add(bytes);
    if (update_large_ && filled_ == buffer_.size()) update_large_(hasher_, bytes);
    else hasher_.update(bytes);
    filled_ = 0;
}

Examined ContentExaminer::finish(std::uint64_t size, Reason reason) {
    const bool is_whole = reason == Reason::none && received_ == size;
    if (!is_whole) return {Status::unreadable, reason == Reason::none ? Reason::damaged : reason, size, {}, {}};
    flush();
    Examined examined{Status::hashed, Reason::none, 0, hasher_.finish(), {}};
    look_.tell(examined);
    return examined;
}

}  // namespace triage
