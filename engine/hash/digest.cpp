// SPDX-License-Identifier: Apache-2.0
#include "engine/hash/digest.h"

namespace triage {
namespace {

// Digits as values, everything else 255: lists of ten million lines make this worth a table.
constexpr std::array<std::uint8_t, 256> hex_values = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(255);
    for (std::uint8_t i = 0; i < 10; ++i) values['0' + i] = i;
    for (std::uint8_t i = 0; i < 6; ++i) values['a' + i] = values['A' + i] = static_cast<std::uint8_t>(10 + i);
    return values;
}();

// The bytes that `hex` stands for go to `out`; false when a character is no digit. `hex` has an even length.
bool decode_hex(std::string_view hex, std::byte* out) {
    std::uint8_t bad = 0;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        const std::uint8_t high = hex_values[static_cast<unsigned char>(hex[i])];
        const std::uint8_t low = hex_values[static_cast<unsigned char>(hex[i + 1])];
        bad |= high | low;
        *out++ = static_cast<std::byte>(high << 4 | (low & 15));
    }
    return (bad & 0xF0) == 0;
}

}  // namespace

std::string_view to_string(Algorithm algorithm) {
    switch (algorithm) {
        case Algorithm::md5: return "md5";
        case Algorithm::sha1: return "sha1";
        case Algorithm::sha256: return "sha256";
    }
    return "?";
}

std::optional<Algorithm> algorithm_of_hex_length(std::size_t hex_digits) {
    for (const Algorithm a : all_algorithms)
        if (hex_digits == 2 * digest_size(a)) return a;
    return std::nullopt;
}

std::optional<Digest> Digest::parse(std::string_view hex) {
    const auto algorithm = algorithm_of_hex_length(hex.size());
    if (!algorithm) return std::nullopt;
    Digest digest;
    digest.algorithm = *algorithm;
    if (!decode_hex(hex, digest.bytes.data())) return std::nullopt;
    return digest;
}

const std::optional<Digest>& Digests::get(Algorithm a) const {
    return a == Algorithm::md5 ? md5 : a == Algorithm::sha1 ? sha1 : sha256;
}

void Digests::set(const Digest& digest) {
    switch (digest.algorithm) {
        case Algorithm::md5: md5 = digest; return;
        case Algorithm::sha1: sha1 = digest; return;
        case Algorithm::sha256: sha256 = digest; return;
    }
}

AlgorithmSet Digests::algorithms() const {
    AlgorithmSet set;
    for (const Algorithm a : all_algorithms)
        if (get(a)) set.add(a);
    return set;
}

}  // namespace triage
