// SPDX-License-Identifier: Apache-2.0
// A record on its way through the spools: bytes whose order is the order of the set, and whose equal beginnings say
// what belongs together. Private to engine/known. Integers are big-endian, so that bytes sort as numbers do.
//   first key; algorithms (1); its other keys in order; size + 1, or 0 (8)        the content
//   category (2), label (5), flags (1), source (1)                                   what repeats when a record does
//   position (5)                                                                     where it stands
#pragma once

#include <array>

#include "engine/base/bytes.h"
#include "engine/hash/digest.h"

namespace triage {

inline constexpr std::uint64_t most_position = (1ull << 40) - 1;

inline void put_be(Bytes& out, std::uint64_t value, std::size_t bytes) {
    for (std::size_t i = bytes; i-- > 0;) out.push_back(static_cast<std::byte>(value >> (8 * i)));
}
inline void put_le(Bytes& out, std::uint64_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) out.push_back(static_cast<std::byte>(value >> (8 * i)));
}
inline std::uint64_t get_be(const std::byte* bytes, std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value << 8 | static_cast<std::uint64_t>(bytes[i]);
    return value;
}
inline std::uint64_t get_le(const std::byte* bytes, std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = count; i-- > 0;) value = value << 8 | static_cast<std::uint64_t>(bytes[i]);
    return value;
}

// The bytes that stand for each digest: the digest itself, or 16 bytes of a protected set.
using KeySizes = std::array<std::uint8_t, 3>;  // by algorithm

inline Algorithm first_of(AlgorithmSet algorithms) {
    for (const Algorithm a : all_algorithms)
        if (algorithms.has(a)) return a;
    return Algorithm::sha256;
}

struct Mention {
    std::uint64_t category = 0, label = 0, flags = 0, source = 0, position = 0;
};

// A row as its parts. The bytes belong to the spool.
class RowView {
  public:
    RowView(ByteView row, Algorithm first, const KeySizes& sizes) : row_(row), first_(first), sizes_(sizes) {}

    AlgorithmSet algorithms() const {
        return AlgorithmSet::from_bits(static_cast<std::uint8_t>(row_[sizes_[index(first_)]]));
    }
    Algorithm first() const { return first_; }
    // `a` must be among the algorithms.
    const std::byte* key(Algorithm a) const {
        if (a == first_) return row_.data();
        std::size_t at = std::size_t{sizes_[index(first_)]} + 1;
        for (const Algorithm other : all_algorithms) {
            if (other == a) break;
            if (other != first_ && algorithms().has(other)) at += sizes_[index(other)];
        }
        return row_.data() + at;
    }
    std::uint64_t size_plus_one() const { return get_be(tail(), 8); }
    ByteView content() const { return row_.first(row_.size() - mention_bytes); }
    ByteView without_position() const { return row_.first(row_.size() - position_bytes); }
    Mention mention() const {
        const std::byte* at = tail() + 8;
        return {get_be(at, 2), get_be(at + 2, 5), get_be(at + 7, 1), get_be(at + 8, 1), get_be(at + 9, 5)};
    }

    static constexpr std::size_t position_bytes = 5, mention_bytes = 9 + position_bytes;

  private:
    static std::size_t index(Algorithm a) { return static_cast<std::size_t>(a); }
    const std::byte* tail() const { return row_.data() + row_.size() - mention_bytes - 8; }
    ByteView row_;
    Algorithm first_;
    const KeySizes& sizes_;
};

}  // namespace triage
