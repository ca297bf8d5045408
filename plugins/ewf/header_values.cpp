// SPDX-License-Identifier: Apache-2.0
#include "plugins/ewf/header_values.h"

#include <fmt/format.h>
#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <string_view>

#include "engine/base/text.h"
#include "engine/base/time.h"

namespace triage::ewf {
namespace {

struct Key {
    std::string_view key;
    std::string_view name;
};
// Metz, "Header2 values"; `r` is the compression of old headers.
constexpr std::array keys{
    Key{"c", "case_number"},
    Key{"n", "evidence_number"},
    Key{"a", "description"},
    Key{"e", "examiner"},
    Key{"t", "notes"},
    Key{"av", "tool_version"},
    Key{"ov", "os_version"},
    Key{"m", "acquired"},
    Key{"u", "system_date"},
    Key{"p", "password_hash"},
    Key{"md", "model"},
    Key{"sn", "serial"},
    Key{"l", "device_label"},
    Key{"pid", "process_identifier"},
    Key{"ext", "process_extents"},
    Key{"r", "compression"},
};

std::string_view name_of(std::string_view key) {
    for (const Key& k : keys)
        if (k.key == key) return k.name;
    return {};
}

std::vector<std::string_view> split(std::string_view text, char separator, std::size_t limit) {
    std::vector<std::string_view> parts;
    while (parts.size() < limit) {
        const std::size_t end = std::min(text.find(separator), text.size());
        parts.push_back(text.substr(0, end));
        if (end == text.size()) break;
        text.remove_prefix(end + 1);
    }
    return parts;
}

std::string_view without_return(std::string_view line) {
    while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
}

void append_utf8(std::string& out, std::uint32_t c) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (c < 0x80) return put(c);
    if (c < 0x800) return put(0xC0 | c >> 6), put(0x80 | (c & 0x3F));
    if (c < 0x10000) return put(0xE0 | c >> 12), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
    put(0xF0 | c >> 18), put(0x80 | (c >> 12 & 0x3F)), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
}

// A lone surrogate becomes U+FFFD.
std::string utf8_of_utf16(ByteView bytes) {
    const bool is_big = bytes.size() >= 2 && bytes[0] == std::byte{0xFE} && bytes[1] == std::byte{0xFF};
    const bool has_mark = is_big || (bytes.size() >= 2 && bytes[0] == std::byte{0xFF} && bytes[1] == std::byte{0xFE});
    std::size_t at = has_mark ? 2 : 0;
    const auto unit = [&](std::size_t i) -> std::uint32_t {
        return (is_big ? load_be<std::uint16_t>(bytes, i) : load_le<std::uint16_t>(bytes, i)).value_or(0);
    };
    std::string out;
    for (; at + 1 < bytes.size(); at += 2) {
        std::uint32_t c = unit(at);
        const std::uint32_t low = unit(at + 2);
        if (c >= 0xD800 && c < 0xDC00 && low >= 0xDC00 && low < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            at += 2;
        } else if (c >= 0xD800 && c < 0xE000) {
            c = 0xFFFD;
        }
        append_utf8(out, c);
    }
    return out;
}

// Old headers are in a code page that nobody recorded; bytes that are not UTF-8 are taken as ISO 8859-1.
std::string utf8_of_8bit(std::string_view text) {
    if (is_valid_utf8(text)) return std::string(text);
    std::string out;
    for (const char c : text) append_utf8(out, static_cast<unsigned char>(c));
    return out;
}

// header2 stores seconds since 1970; the older header six numbers of a local time. Anything else stays as it is.
std::string date_of(std::string_view text) {
    const auto parts = split(text, ' ', 7);
    std::array<std::uint32_t, 6> numbers{};
    if (parts.size() != 1 && parts.size() != numbers.size()) return std::string(text);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const char* end = parts[i].data() + parts[i].size();
        const auto [stop, error] = std::from_chars(parts[i].data(), end, numbers[i]);
        if (stop != end || error != std::errc{}) return std::string(text);  // digits beyond its range are an error too
    }
    const auto& [year, month, day, hour, minute, second] = numbers;
    if (parts.size() == 1) return format_time({year, 0}, {.is_utc = true});
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", year, month, day, hour, minute, second);
}

// A value as reports show it; empty when it says nothing.
std::string value_of(std::string_view name, std::string_view stored) {
    if (stored.empty() || (name == "password_hash" && stored == "0")) return {};
    return name == "acquired" || name == "system_date" ? date_of(stored) : std::string(stored);
}

// Line 1: number of categories; 2: "main"; 3: keys; 4: values, both separated by tabs.
HeaderText values_of(std::string_view text) {
    HeaderText result;
    const auto lines = split(text, '\n', 5);
    if (lines.size() < 4) return result;
    const auto names = split(without_return(lines[2]), '\t', 64);
    const auto values = split(without_return(lines[3]), '\t', 64);
    for (std::size_t i = 0; i < std::min(names.size(), values.size()); ++i) {
        const std::string_view name = name_of(names[i]);
        std::string value = value_of(name, values[i]);
        if (!name.empty() && !value.empty()) result.values.push_back({std::string(name), std::move(value)});
    }
    return result;
}

// Content of an XML element without children; entities other than the five of XML stay as they are.
std::string element(std::string_view xml, std::string_view tag) {
    const std::string open = "<" + std::string(tag) + ">";
    const std::size_t start = xml.find(open);
    if (start == std::string_view::npos) return {};
    const std::size_t end = xml.find('<', start + open.size());
    return std::string(xml.substr(start + open.size(), end == std::string_view::npos ? 0 : end - start - open.size()));
}

}  // namespace

std::optional<std::string> inflate_text(ByteView stored) {
    if (stored.size() > largest_header) return std::nullopt;
    std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)> d(libdeflate_alloc_decompressor(),
                                                                                   libdeflate_free_decompressor);
    if (!d) return std::nullopt;
    for (std::size_t size = 64u << 10; size <= largest_header_text; size *= 8) {
        std::string text(size, '\0');
        std::size_t made = 0;
        const auto result =
            libdeflate_zlib_decompress(d.get(), stored.data(), stored.size(), text.data(), text.size(), &made);
        if (result == LIBDEFLATE_INSUFFICIENT_SPACE) continue;
        if (result != LIBDEFLATE_SUCCESS) return std::nullopt;
        text.resize(made);
        return text;
    }
    return std::nullopt;
}

std::optional<HeaderText> parse_header(ByteView stored) {
    const auto text = inflate_text(stored);
    if (!text) return std::nullopt;
    return values_of(utf8_of_8bit(*text));
}

std::optional<HeaderText> parse_header2(ByteView stored) {
    const auto raw = inflate_text(stored);
    if (!raw) return std::nullopt;
    const std::string text = utf8_of_utf16(as_bytes(*raw));
    HeaderText result = values_of(text);
    result.generation = text.starts_with("3") ? "EnCase 5 or later" : "EnCase 4";
    return result;
}

std::vector<StoredDigest> parse_xhash(ByteView stored) {
    std::vector<StoredDigest> digests;
    const auto xml = inflate_text(stored);
    if (!xml) return digests;
    for (const auto& [tag, algorithm, size] : {std::tuple("MD5", "md5", 16u), std::tuple("SHA1", "sha1", 20u)}) {
        const auto bytes = from_hex(element(*xml, tag));
        if (bytes && bytes->size() == size) digests.push_back({algorithm, to_hex(*bytes)});
    }
    return digests;
}

}  // namespace triage::ewf
