// SPDX-License-Identifier: Apache-2.0
#include "engine/known/fuse_filter.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/base/error.h"

namespace triage {
namespace {

constexpr int most_attempts = 100;  // one succeeds in more than 9 of 10 cases

// The paper's choice of segments for three probes (section 4).
void choose_segments(std::uint64_t keys, tks::Shard& shard) {
    const double count = static_cast<double>(std::max<std::uint64_t>(keys, 2));
    const int exponent = static_cast<int>(std::floor(std::log(count) / std::log(3.33) + 2.25));
    shard.segment_bytes = 1u << std::clamp(exponent, 2, 18);
    const double factor = std::max(1.125, 0.875 + 0.25 * std::log(1'000'000.0) / std::log(count));
    const auto capacity = static_cast<std::uint64_t>(std::round(count * factor));
    const std::uint64_t segments = (capacity + shard.segment_bytes - 1) / shard.segment_bytes;
    shard.segment_count = static_cast<std::uint32_t>(std::max<std::uint64_t>(segments, 3) - 2);
}

// Finds an order in which each key has a slot of its own when all later ones are placed.
class Peeling {
  public:
    explicit Peeling(std::size_t slots) : degrees_(slots), hashes_(slots) {}

    bool run(std::span<const std::uint64_t> keys, const tks::Shard& shard) {
        std::fill(degrees_.begin(), degrees_.end(), 0);
        std::fill(hashes_.begin(), hashes_.end(), 0);
        order_.clear();
        for (const std::uint64_t key : keys) toggle(mixed(key, shard.seed), shard, 1);
        std::vector<std::uint32_t> alone;
        for (std::size_t slot = 0; slot < degrees_.size(); ++slot)
            if (degrees_[slot] == 1) alone.push_back(static_cast<std::uint32_t>(slot));
        while (!alone.empty()) {
            const std::uint32_t slot = alone.back();
            alone.pop_back();
            if (degrees_[slot] != 1) continue;
            const std::uint64_t hash = hashes_[slot];
            order_.push_back({hash, slot});
            toggle(hash, shard, -1);
            for (const std::uint32_t other : probe_of(hash, shard).at)
                if (degrees_[other] == 1) alone.push_back(other);
        }
        return order_.size() == keys.size();
    }

    Bytes fingerprints(const tks::Shard& shard) const {
        Bytes bytes(degrees_.size());
        for (auto placed = order_.rbegin(); placed != order_.rend(); ++placed) {
            const FuseProbe probe = probe_of(placed->hash, shard);
            std::byte value{probe.fingerprint};
            for (const std::uint32_t at : probe.at)
                if (at != placed->slot) value ^= bytes[at];
            bytes[placed->slot] = value;
        }
        return bytes;
    }

  private:
    struct Placed {
        std::uint64_t hash;
        std::uint32_t slot;
    };
    void toggle(std::uint64_t hash, const tks::Shard& shard, int by) {
        for (const std::uint32_t at : probe_of(hash, shard).at) {
            degrees_[at] = static_cast<std::uint32_t>(static_cast<int>(degrees_[at]) + by);
            hashes_[at] ^= hash;
        }
    }

    std::vector<std::uint32_t> degrees_;  // keys not yet placed that use the slot
    std::vector<std::uint64_t> hashes_;   // and the sum of their hashes
    std::vector<Placed> order_;
};

}  // namespace

Bytes make_filter(std::vector<std::uint64_t>& keys, tks::Shard& shard) {
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    shard.seed = 0, shard.segment_bytes = 0, shard.segment_count = 0;
    if (keys.empty()) return {};
    choose_segments(keys.size(), shard);
    Peeling peeling(static_cast<std::size_t>(fingerprint_bytes(shard)));
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        shard.seed = mixed(static_cast<std::uint64_t>(attempt), 0x5eed);
        if (peeling.run(keys, shard)) return peeling.fingerprints(shard);
    }
    throw Error("known set", "no filter could be made of its digests");
}

}  // namespace triage
