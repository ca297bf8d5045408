// SPDX-License-Identifier: Apache-2.0
// The sizes that records of known sets have, each once, within bounded memory: what a compiled set keeps beside its
// records, and what a size gate asks. Private to engine/known.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "engine/base/bytes.h"

namespace triage {

class DistinctSizes {
  public:
    static constexpr std::uint64_t small_sizes = 1 << 26;  // a bit each, 8 MiB at most
    static constexpr std::size_t most_large = 1 << 20;     // of larger sizes

    // Of a record. False: it has none, or 0, or there are more large ones than fit; from then on they are not complete.
    bool add(std::optional<std::uint64_t> size);
    bool has(std::uint64_t size) const;

    // Rows of 8 bytes, little-endian, ascending. None when they are not complete: such a set has no section of sizes,
    // and whoever asks reads its records.
    void write(const std::function<void(ByteView)>& take) const;
    std::uint64_t count() const { return is_complete_ ? count_ : 0; }

  private:
    std::vector<std::uint64_t> small_;  // 64 sizes a word, up to the largest of them
    std::set<std::uint64_t> large_;
    std::uint64_t count_ = 0;
    bool is_complete_ = true;
};

}  // namespace triage
