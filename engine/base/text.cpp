// SPDX-License-Identifier: Apache-2.0
#include "engine/base/text.h"

#include <fmt/format.h>

#include <array>

namespace triage {
namespace {

struct CodePoint {
    char32_t value = 0;
    std::size_t length = 0;  // 0: the byte at the position starts no valid sequence
};

// The sequence that starts at `at`, by the table of well-formed sequences (The Unicode Standard 15.0, table 3-7).
CodePoint decode_utf8(std::string_view s, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
    const unsigned first = byte(at);
    if (first < 0x80) return {first, 1};
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || s.size() - at < length) return {};
    unsigned low = 0x80, high = 0xBF;  // range of the second byte
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
    char32_t value = first & (0xFFu >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        const unsigned next = byte(at + i);
        if (next < low || next > high) return {};
        value = value << 6 | (next & 0x3F);
        low = 0x80, high = 0xBF;
    }
    return {value, length};
}

bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x2028 || c == 0x2029; }

// Bidirectional controls (UAX #9, section 2) and the byte order mark reorder or hide what follows them.
bool is_deceptive(char32_t c) {
    return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) ||
           c == 0xFEFF;
}

// Calls on_code_point(value, bytes) for each valid sequence and on_bad_byte(byte) for each other byte.
template <class OnCodePoint, class OnBadByte>
void for_each_code_point(std::string_view s, OnCodePoint on_code_point, OnBadByte on_bad_byte) {
    for (std::size_t at = 0; at < s.size();) {
        const CodePoint c = decode_utf8(s, at);
        if (c.length == 0) {
            on_bad_byte(static_cast<unsigned char>(s[at]));
            ++at;
        } else {
            on_code_point(c.value, s.substr(at, c.length));
            at += c.length;
        }
    }
}

// How many of the first bytes mean themselves everywhere: printable ASCII without the quote and the backslash. Nearly
// every name is nothing else, and a report holds millions.
std::size_t plain_prefix(std::string_view s) {
    std::size_t length = 0;
    while (length < s.size() && s[length] >= 0x20 && s[length] < 0x7F && s[length] != '"' && s[length] != '\\')
        ++length;
    return length;
}

constexpr std::string_view replacement = "\xEF\xBF\xBD";

}  // namespace

bool is_valid_utf8(std::string_view bytes) {
    bool valid = true;
    for_each_code_point(
        bytes, [](char32_t, std::string_view) {}, [&](unsigned char) { valid = false; });
    return valid;
}

bool needs_raw_name(std::string_view bytes) {
    bool needs = false;
    for_each_code_point(
        bytes.substr(plain_prefix(bytes)),
        [&](char32_t c, std::string_view) { needs |= is_control(c) || is_deceptive(c); },
        [&](unsigned char) { needs = true; });
    return needs;
}

void append_utf8(std::string& text, std::uint32_t code_point) {
    const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
    if (code_point < 0x80) return put(code_point);
    if (code_point < 0x800) put(0xC0 | code_point >> 6);
    else if (code_point < 0x10000) put(0xE0 | code_point >> 12), put(0x80 | (code_point >> 6 & 0x3F));
    else put(0xF0 | code_point >> 18), put(0x80 | (code_point >> 12 & 0x3F)), put(0x80 | (code_point >> 6 & 0x3F));
    put(0x80 | (code_point & 0x3F));
}

std::string to_valid_utf8(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size());
    for_each_code_point(
        bytes, [&](char32_t, std::string_view s) { text += s; }, [&](unsigned char) { text += replacement; });
    return text;
}

std::string escape_for_terminal(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size());
    for_each_code_point(
        bytes,
        [&](char32_t c, std::string_view s) {
            if (c == '\\') text += "\\\\";
            else if (c < 0x80 && is_control(c)) text += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
            else if (is_control(c) || is_deceptive(c)) text += fmt::format("\\u{{{:04x}}}", static_cast<unsigned>(c));
            else text += s;
        },
        [&](unsigned char b) { text += fmt::format("\\x{:02x}", static_cast<unsigned>(b)); });
    return text;
}

std::string escape_for_html(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        switch (c) {
            case '&': escaped += "&amp;"; break;
            case '<': escaped += "&lt;"; break;
            case '>': escaped += "&gt;"; break;
            case '"': escaped += "&quot;"; break;
            case '\'': escaped += "&#39;"; break;
            default: escaped += c;
        }
    }
    return escaped;
}

std::string escape_for_xml(std::string_view bytes) {
    std::string text;
    for_each_code_point(
        bytes,
        [&](char32_t c, std::string_view s) {
            if (c == '\t' || c == '\n' || c == '\r' || (c >= 0x7F && is_control(c)) || is_deceptive(c))
                text += fmt::format("&#x{:X};", static_cast<unsigned>(c));
            else if (c < 0x20 || c == 0xFFFE || c == 0xFFFF) text += replacement;
            else text += s.size() == 1 ? escape_for_html(s) : std::string(s);
        },
        [&](unsigned char) { text += replacement; });
    return text;
}

std::string to_json_string(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size() + 2);
    append_json_string(text, bytes);
    return text;
}

void append_json_string(std::string& text, std::string_view bytes) {
    const std::size_t plain = plain_prefix(bytes);
    text += '"';
    text += bytes.substr(0, plain);
    for_each_code_point(
        bytes.substr(plain),
        [&](char32_t c, std::string_view s) {
            if (c == '"') text += "\\\"";
            else if (c == '\\') text += "\\\\";
            else if (is_control(c) || is_deceptive(c)) text += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
            else text += s;
        },
        [&](unsigned char) { text += replacement; });
    text += '"';
}

std::string in_lower_case(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    return text;
}

std::string human_size(std::uint64_t bytes) {
    static constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1024 && unit + 1 < units.size()) value /= 1024, ++unit;
    return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, units[unit]);
}

std::string with_commas(std::uint64_t number) {
    std::string text = std::to_string(number);
    for (std::size_t i = text.size(); i > 3;) text.insert(i -= 3, 1, ',');
    return text;
}

}  // namespace triage
