// SPDX-License-Identifier: Apache-2.0
// Finds contents that share a digest and contradict each other in another digest or in the size: two records that
// cannot both be right. Fed digest by digest, each with all contents that have it. Private to engine/known; one thread.
#pragma once

#include <array>
#include <vector>

#include "engine/hash/digest.h"

namespace triage {

class Conflicts {
  public:
    struct Content {
        std::uint32_t record = 0;
        AlgorithmSet algorithms;
        std::uint64_t size_plus_one = 0;            // 0: the list gives none
        std::array<std::uint64_t, 3> beginnings{};  // first 8 bytes of its digests, by algorithm
    };

    void next_digest();
    void add(const Content& content);  // of the digest under way
    std::uint64_t count() const;       // contents in conflict, each once

  private:
    // What the contents of one digest say in one matter. As soon as two differ, each of them contradicts another.
    struct Matter {
        bool is_known = false, is_disputed = false;
        std::uint64_t value = 0;
        std::vector<std::uint32_t> records;  // that say it, until it is disputed
    };
    // Behind so many that agree, those that agree too are not remembered; what contradicts them is counted all the
    // same.
    static constexpr std::size_t most_remembered = 1 << 20;

    void say(Matter& matter, std::uint64_t value, std::uint32_t record);
    void mark(std::uint32_t record);

    std::array<Matter, 4> matters_;  // a digest each, and the size
    std::vector<bool> in_conflict_;
};

}  // namespace triage
