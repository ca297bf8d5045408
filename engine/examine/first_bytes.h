// SPDX-License-Identifier: Apache-2.0
// The type of a content by its first bytes alone, for what is not hashed. Owns its buffer and decoded blocks; one
// thread at a time.
#pragma once

#include <array>

#include "engine/evidence/problem.h"
#include "engine/examine/content_stream.h"

namespace triage {

class FirstBytes {
  public:
    // What almost all marks lie in: so much is read of most contents.
    static constexpr std::size_t usual = 4096;
    // What the type of a hashed content may be told by, and is told by here where less does not tell.
    static constexpr std::size_t most = 64 << 10;

    // Sets `type` and `is_typed`; false where a byte that it needs is unreadable: the type stays unknown. The entry's
    // source is extents or resident.
    // `first_bytes`, where given, takes what TypeTeller is given of them.
    bool tell_type(const MediaReader& media, const Entry& entry, Examined& examined, Bytes* first_bytes = nullptr);

  private:
    std::array<std::byte, most> bytes_;
    ContentStream stream_;
};

// What is said where it is false.
Problem untyped(const Entry& entry);

}  // namespace triage
