// SPDX-License-Identifier: Apache-2.0
// What is noted of a content's bytes while they are hashed: its type by the first of them and, where a rule asks, the
// entropy of all. One thread.
#pragma once

#include <array>

#include "engine/examine/examined.h"

namespace triage {

class ContentLook {
  public:
    // `first_bytes`, where given, takes what TypeTeller is given of them.
    void begin(bool with_entropy, Bytes* first_bytes = nullptr);
    // The next bytes, in order. The first call decides the type: it brings 64 KiB, or the whole content.
    void add(ByteView bytes);
    // Of a content that was read whole.
    void tell(Examined& examined) const;

  private:
    void begin_with(ByteView bytes);
    void count(ByteView bytes);
    double entropy() const;

    std::string_view type_;
    Bytes* first_bytes_ = nullptr;
    bool is_begun_ = false, with_entropy_ = false;
    std::array<std::uint64_t, 256> counts_{};
};

}  // namespace triage
