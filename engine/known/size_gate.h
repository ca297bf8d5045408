// SPDX-License-Identifier: Apache-2.0
// The sizes of everything in the notable sets. A content of another size cannot match any of them and need not be read.
// That holds only where every record has a size, none is 0, no two records of one hash differ in it, and the sizes fit
// into memory (DistinctSizes::most_large): otherwise there is no gate, and why. Immutable; any thread.
#pragma once

#include <functional>
#include <string>

#include "engine/known/distinct_sizes.h"
#include "engine/known/known_set.h"

namespace triage {

class SizeGate {
  public:
    SizeGate() = default;  // no gate
    // Reads the sizes of the notable sets, or every record of those that keep them nowhere else, seconds for a hundred
    // million, and compares the hashes of several sets with each other; ends without a gate as soon as
    // `is_stopped` says so. Throws Error when a damaged block of a set is touched.
    explicit SizeGate(
        const KnownSets& sets, const std::function<bool()>& is_stopped = [] { return false; });

    bool holds() const { return holds_; }
    // Why there is none: "LIST has records without a size". Names of lists stand in it as they are, not escaped.
    const std::string& obstacle() const { return obstacle_; }
    bool was_stopped() const { return was_stopped_; }
    // May a content of this size match? True where the gate does not hold.
    bool may_match(std::uint64_t size) const;

  private:
    using IsStopped = std::function<bool()>;
    bool end_stopped();
    bool add_sizes(const KnownSet& set, const IsStopped& is_stopped);
    bool contradict(const KnownSet& a, const KnownSet& b, const IsStopped& is_stopped) const;

    bool holds_ = false, was_stopped_ = false;
    std::string obstacle_ = "no notable list is given";
    DistinctSizes sizes_;
};

}  // namespace triage
