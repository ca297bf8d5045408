// SPDX-License-Identifier: Apache-2.0
// Digests as values. A Digests holds those that were computed over every byte of a content, and only those.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"

namespace triage {

enum class Algorithm : std::uint8_t { md5, sha1, sha256 };
inline constexpr std::array all_algorithms{Algorithm::md5, Algorithm::sha1, Algorithm::sha256};
std::string_view to_string(Algorithm algorithm);                           // "md5", "sha1", "sha256"
std::optional<Algorithm> algorithm_of_hex_length(std::size_t hex_digits);  // 32, 40, 64
constexpr std::size_t digest_size(Algorithm a) { return a == Algorithm::md5 ? 16 : a == Algorithm::sha1 ? 20 : 32; }

// A set of algorithms, as a small value.
class AlgorithmSet {
  public:
    constexpr AlgorithmSet() = default;
    static constexpr AlgorithmSet all() { return AlgorithmSet{7}; }
    static constexpr AlgorithmSet from_bits(std::uint8_t bits) {
        return AlgorithmSet{static_cast<std::uint8_t>(bits & 7)};
    }
    constexpr bool has(Algorithm a) const { return bits_ >> static_cast<unsigned>(a) & 1; }
    constexpr void add(Algorithm a) { bits_ = static_cast<std::uint8_t>(bits_ | 1u << static_cast<unsigned>(a)); }
    constexpr void add(AlgorithmSet other) { bits_ |= other.bits_; }
    constexpr bool empty() const { return bits_ == 0; }
    constexpr std::uint8_t bits() const { return bits_; }
    friend constexpr bool operator==(AlgorithmSet, AlgorithmSet) = default;

  private:
    constexpr explicit AlgorithmSet(std::uint8_t bits) : bits_(bits) {}
    std::uint8_t bits_ = 0;
};

// One digest of up to 32 bytes with its algorithm.
struct Digest {
    Algorithm algorithm = Algorithm::md5;
    std::array<std::byte, 32> bytes{};  // the first digest_size(algorithm) count, the rest are zero
    ByteView view() const { return ByteView(bytes).first(digest_size(algorithm)); }
    std::string hex() const { return to_hex(view()); }
    static std::optional<Digest> parse(std::string_view hex);  // by length; both cases
    friend bool operator==(const Digest&, const Digest&) = default;
};

struct Digests {
    std::optional<Digest> md5, sha1, sha256;
    const std::optional<Digest>& get(Algorithm a) const;
    void set(const Digest& digest);
    AlgorithmSet algorithms() const;
    friend bool operator==(const Digests&, const Digests&) = default;
};

// Empty where it was not computed.
inline std::string hex_of(const Digests& digests, Algorithm algorithm) {
    const auto& digest = digests.get(algorithm);
    return digest ? digest->hex() : "";
}

}  // namespace triage
