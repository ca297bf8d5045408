// SPDX-License-Identifier: Apache-2.0
// Views of bytes, integers at unaligned addresses, and arithmetic on sizes that evidence claims.
// Everything here is pure and may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace triage {

using ByteView = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;
using Bytes = std::vector<std::byte>;

// Memory of a fixed size that nothing fills: the system provides each page when it is first written.
class Buffer {
  public:
    explicit Buffer(std::size_t size) : bytes_(std::make_unique_for_overwrite<std::byte[]>(size)), size_(size) {}
    std::byte* data() const { return bytes_.get(); }
    std::size_t size() const { return size_; }
    std::byte* begin() const { return data(); }
    std::byte* end() const { return data() + size_; }

  private:
    std::unique_ptr<std::byte[]> bytes_;
    std::size_t size_;
};

inline ByteView as_bytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }
inline std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// The unsigned integer stored in little- or big-endian order at `offset`; nothing when it would end past the view.
template <class T>
std::optional<T> load_le(ByteView bytes, std::uint64_t offset) {
    static_assert(std::is_unsigned_v<T>);
    if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
    T value = 0;
    for (std::size_t i = sizeof(T); i-- > 0;) value = static_cast<T>((value << 8) | static_cast<T>(bytes[offset + i]));
    return value;
}
template <class T>
std::optional<T> load_be(ByteView bytes, std::uint64_t offset) {
    static_assert(std::is_unsigned_v<T>);
    if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
        value = static_cast<T>((value << 8) | static_cast<T>(bytes[offset + i]));
    return value;
}

// Sum and product of sizes from evidence: nothing on overflow.
inline std::optional<std::uint64_t> checked_add(std::uint64_t a, std::uint64_t b) {
    std::uint64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
    return sum;
}
inline std::optional<std::uint64_t> checked_multiply(std::uint64_t a, std::uint64_t b) {
    std::uint64_t product;
    if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
    return product;
}

std::string to_hex(ByteView bytes);  // lower case
void append_hex(std::string& text, ByteView bytes);
std::optional<Bytes> from_hex(std::string_view hex);  // both cases; nothing when not hexadecimal or odd
std::string to_base64(ByteView bytes);                // RFC 4648, section 4, padded

}  // namespace triage
