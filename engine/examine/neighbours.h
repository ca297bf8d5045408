// SPDX-License-Identifier: Apache-2.0
// Small contents that lie side by side on the media are fetched in one read, and blocks that they share are decoded
// once. One thread.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/examine/content_stream.h"

namespace triage {

// A content to examine. Borrowed; `result` is set.
struct ExamineJob {
    const MediaReader* media = nullptr;
    const Entry* entry = nullptr;
    Examined* result = nullptr;
    AlgorithmSet algorithms = {};  // of which digests are wanted; the examiner has the same
    bool wants_entropy = false;
    std::atomic<std::uint64_t>* bytes_read = nullptr;  // grows while a long content is read
    Bytes* first_bytes = nullptr;                      // as of ContentLook::begin
};

class Neighbours {
  public:
    // The bytes of a content; `window` keeps them.
    struct Content {
        ByteView bytes;
        std::shared_ptr<const Buffer> window;
    };
    // Of the first of `jobs`, which gives its followers' bytes as well when they are asked for next. No window when the
    // content is not small and in one piece, or when anything in the read was unreadable: then it is read by itself,
    // so that a bad sector costs its own entry only.
    Content take(std::span<const ExamineJob> jobs);

  private:
    void fetch(std::span<const ExamineJob> jobs);
    std::shared_ptr<Buffer> free_window();

    const MediaReader* media_ = nullptr;
    std::uint64_t start_ = 0, length_ = 0;  // of the last read, on the media
    bool has_flaw_ = false;
    std::shared_ptr<Buffer> window_;
    std::vector<std::shared_ptr<Buffer>> windows_;  // shared with the lanes that still hash their contents
    BlockWindow blocks_;
    const MediaReader* blocks_media_ = nullptr;
};

}  // namespace triage
