// SPDX-License-Identifier: Apache-2.0
// The bytes of one content in order, piece by piece, from its extents or its resident bytes, and what of them could not
// be read. Holes are zeros and cost no read. Owns its decoded blocks; one thread at a time.
#pragma once

#include <atomic>

#include "engine/evidence/entry.h"
#include "engine/examine/examined.h"
#include "engine/media/media_reader.h"

namespace triage {

class ContentStream {
  public:
    // All are borrowed until the next content. The entry's source is extents or resident. `bytes_read`, where given,
    // grows with each read.
    void begin(const MediaReader& media, const Entry& entry, std::atomic<std::uint64_t>* bytes_read = nullptr);

    // Fills `out` as far as the content goes and returns how far; 0 at its end. Unreadable bytes are zeros.
    std::size_t read(MutableBytes out);

    bool is_at_end() const { return extent_ == extents_.size(); }
    bool has_flaw() const { return missing_ > 0; }
    // Of a content that was read to its end: whether a digest over it may stand, and if not, why.
    bool is_whole() const { return missing_ == 0 && received_ == entry_->size; }
    Examined failure() const;

  private:
    void read_piece(std::uint64_t media_offset, MutableBytes out);
    void note(BadRange flaw);

    const MediaReader* media_ = nullptr;
    const Entry* entry_ = nullptr;
    std::atomic<std::uint64_t>* bytes_read_ = nullptr;
    std::span<const Extent> extents_;
    Extent resident_;           // stands for the resident bytes
    std::size_t extent_ = 0;    // where the next byte is: in this extent...
    std::uint64_t within_ = 0;  // ...so many bytes from its start
    std::uint64_t received_ = 0, missing_ = 0;
    Reason reason_ = Reason::none;
    ReadFlaws unread_;  // as Examined::unread, and perhaps one more
    BlockWindow window_;
    const MediaReader* window_media_ = nullptr;
};

}  // namespace triage
