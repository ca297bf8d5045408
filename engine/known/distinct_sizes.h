// SPDX-License-Identifier: Apache-2.0
// The sizes that the records of a set have, each once: what a size gate asks of a set without reading every record.
// Private to engine/known.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "engine/base/bytes.h"

namespace triage {

class DistinctSizes {
  public:
    void add(std::optional<std::uint64_t> size);  // of a record

    // Rows of 8 bytes, little-endian, ascending. None when a record has no size, or 0: such a set has no section of
    // sizes, and whoever asks reads its records.
    void write(const std::function<void(ByteView)>& take) const;
    std::uint64_t count() const { return is_complete_ ? count_ : 0; }

  private:
    static constexpr std::uint64_t small_sizes = 1 << 26;  // a bit each, 8 MiB
    static constexpr std::size_t most_large = 1 << 20;     // more are left to whoever reads the records

    std::vector<bool> has_small_;
    std::set<std::uint64_t> large_;
    std::uint64_t count_ = 0;
    bool is_complete_ = true;
};

}  // namespace triage
