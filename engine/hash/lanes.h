// SPDX-License-Identifier: Apache-2.0
// Digests of up to 16 contents side by side, one content a lane. While enough lanes are busy, vector kernels advance
// all of them at once; few contents go through the pair kernel or OpenSSL, the last bytes of each through OpenSSL,
// which takes the chaining values over where they stand. Owned by one thread; calls for different lanes, and calls of
// `update_one` for different algorithms, may run at the same time.
#pragma once

#include <string>
#include <string_view>

#include "engine/hash/lane_kernels.h"
#include "engine/hash/pair_kernel.h"

namespace triage {

// Who computes the digests: the kernels where they are faster, or OpenSSL alone.
enum class HashEngine : std::uint8_t { automatic, openssl };
std::string_view to_string(HashEngine engine);  // "auto", "openssl": as a configuration names it
// Engine and processor path, for audit and reports: "AVX-512 kernels, OpenSSL for few contents and as a check".
std::string engine_in_words(HashEngine engine);
// The engines of a run in several parts, `engine` being the last to come into use: each once, joined by "; ".
std::string with_engine(const std::string& engines, const std::string& engine);

class LaneDigests {
  public:
    explicit LaneDigests(AlgorithmSet algorithms, const LaneKernel& kernel = lane_kernels().front())
        : algorithms_(algorithms), kernel_(kernel) {}

    void begin(std::size_t lane);  // a new content
    // The next `blocks` blocks of every lane. Lanes that have no content need a readable pointer all the same.
    void update(const LaneBlocks& at, std::size_t blocks, AlgorithmSet algorithms);
    // Of one lane or two, by the pair kernel. Only where `has_pairs`.
    void update_pair(std::span<const std::size_t> lanes, const LaneBlocks& at, std::size_t blocks);
    bool has_pairs() const { return has_pair_kernel() && algorithms_ == AlgorithmSet::all(); }
    // The next whole blocks of one lane, by OpenSSL.
    void update_one(std::size_t lane, ByteView blocks, AlgorithmSet algorithms);
    // `rest`: the bytes after the last whole block; `size`: of the whole content.
    Digests finish(std::size_t lane, ByteView rest, std::uint64_t size) const;

    AlgorithmSet algorithms() const { return algorithms_; }

  private:
    AlgorithmSet algorithms_;
    LaneKernel kernel_;
    LaneStates states_{};
};

// So many busy lanes make the best vector kernel faster than the pair kernel or OpenSSL; more than `lane_count`: it
// never is. Measured once a process, in a millisecond.
std::size_t least_lanes(AlgorithmSet algorithms);

// Both engines on the examples of RFC 1321 and FIPS 180, and the kernels against OpenSSL on contents of all lengths
// around a block, in every lane, for each kernel. Throws Error when anything differs: no digest of this machine can be
// trusted.
void test_digests(AlgorithmSet algorithms);

}  // namespace triage
