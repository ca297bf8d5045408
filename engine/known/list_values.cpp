// SPDX-License-Identifier: Apache-2.0
#include "engine/known/list_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace triage {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view white = " \t\r\v\f";
    const std::size_t first = text.find_first_not_of(white);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(white) - first + 1);
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return result;
}

std::string why_no_digest(std::string_view text) {
    const auto is_digit = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    };
    if (!std::all_of(text.begin(), text.end(), is_digit)) return "no digest: a character is no hexadecimal digit";
    return fmt::format("no digest: 32, 40 or 64 hexadecimal digits expected, {} found", text.size());
}

std::string put_digest(std::string_view hex, Algorithm algorithm, Digests& digests) {
    const auto digest = Digest::parse(hex);
    if (!digest) return why_no_digest(hex);
    if (digest->algorithm != algorithm) return "a digest is not as long as its name demands";
    const auto& present = digests.get(algorithm);
    if (present && *present != *digest) return "it has two different digests of one kind";
    digests.set(*digest);
    return {};
}

std::optional<std::uint64_t> parse_list_size(std::string_view digits) {
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
    if (error != std::errc{} || end != digits.data() + digits.size() || size >> 63 != 0) return std::nullopt;
    return size;
}

}  // namespace triage
