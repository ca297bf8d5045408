// SPDX-License-Identifier: Apache-2.0
// Entry + bytes → Examined, by OpenSSL alone: the reference. A ContentExaminer owns its buffer, decoded blocks and
// digest state and belongs to one thread at a time; reading goes through the MediaReader, never through a file system
// library.
#pragma once

#include <atomic>
#include <functional>
#include <span>

#include "engine/examine/content_look.h"
#include "engine/examine/content_stream.h"
#include "engine/examine/examined.h"
#include "engine/hash/hasher.h"
#include "engine/media/media_reader.h"

namespace triage {

// Does the default skip this content: nearly all hole, such as $BadClus:$Bad?
bool is_nearly_all_hole(const Entry& entry);

// Bytes to be hashed that the volume does not store: holes, and what could not be stored because it is more than the
// volume is long.
std::uint64_t unstored_bytes(const Entry& entry, std::uint64_t volume_length);

class ContentExaminer {
  public:
    // Computes the digests of one slice of a large content; may run the algorithms side by side.
    using UpdateAll = std::function<void(Hasher&, ByteView)>;

    explicit ContentExaminer(AlgorithmSet algorithms, UpdateAll update_large = {});

    // Reads and hashes an entry whose source is extents or resident. `stop` ends a long read: status unreadable, reason
    // not_reached. The result has no matches yet. `bytes_read`, where given, grows with each read.
    Examined examine(const MediaReader& media, const Entry& entry, const std::atomic<bool>& stop,
                     std::atomic<std::uint64_t>* bytes_read = nullptr, bool wants_entropy = false,
                     Bytes* first_bytes = nullptr);

    // For bytes that arrive in order from elsewhere (a content worker).
    void begin(bool wants_entropy = false, Bytes* first_bytes = nullptr);
    void add(ByteView bytes);
    // `reason` none: `received` bytes are the whole content.
    Examined finish(std::uint64_t size, Reason reason);

  private:
    void flush();

    Hasher hasher_;
    UpdateAll update_large_;
    Buffer buffer_;  // content not hashed yet: the pieces of fragmented files are hashed together
    std::size_t filled_ = 0;
    std::uint64_t received_ = 0;
    ContentStream stream_;
    ContentLook look_;
};

}  // namespace triage
