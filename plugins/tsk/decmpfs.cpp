// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/decmpfs.h"

#include <libdeflate.h>

#include <memory>

namespace triage::tsk {
namespace {

constexpr std::size_t header_bytes = 16;
constexpr std::uint64_t most_in_record = 64 << 10;  // one unit of compression
constexpr std::uint32_t zlib_in_record = 3, zlib_in_fork = 4, dataless = 5, lzvn_in_record = 7, lzvn_in_fork = 8;

std::optional<Bytes> decode_zlib(ByteView stream, std::size_t size) {
    const std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)> decompressor(
        libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
    if (!decompressor) return std::nullopt;
    Bytes content(size + 1);  // a byte more than due shows that there is more
    std::size_t made = 0;
    const libdeflate_result result = libdeflate_zlib_decompress(decompressor.get(), stream.data(), stream.size(),
                                                                content.data(), content.size(), &made);
    if (result != LIBDEFLATE_SUCCESS || made != size) return std::nullopt;
    content.resize(size);
    return content;
}

// One instruction of LZVN: literals that follow it, then a match at a distance.
struct Instruction {
    std::size_t length = 1, literals = 0, match = 0;
    std::optional<std::size_t> distance;  // absent: the one before
};

// Nothing for undefined opcodes and at the stream's end.
std::optional<Instruction> read_instruction(ByteView at) {
    const auto byte = [&](std::size_t i) { return i < at.size() ? std::to_integer<std::size_t>(at[i]) : 0; };
    const std::size_t op = byte(0), literals = op >> 6, match = (op >> 3 & 7) + 3;
    if (at.empty()) return std::nullopt;
    if (op == 0x0E || op == 0x16) return Instruction{};
    if (op == 0xE0) return Instruction{2, byte(1) + 16, 0, {}};
    if (op == 0xF0) return Instruction{2, 0, byte(1) + 16, {}};
    if (op >= 0xF0) return Instruction{1, 0, op & 15, {}};
    if (op >= 0xE0) return Instruction{1, op & 15, 0, {}};
    if (op >= 0xD0 || (op >= 0x70 && op < 0x80)) return std::nullopt;
    if (op >= 0xA0 && op < 0xC0)
        return Instruction{3, op >> 3 & 3, ((op & 7) << 2 | (byte(1) & 3)) + 3, byte(1) >> 2 | byte(2) << 6};
    if ((op & 7) == 7) return Instruction{3, literals, match, byte(1) | byte(2) << 8};
    if ((op & 7) != 6) return Instruction{2, literals, match, (op & 7) << 8 | byte(1)};
    if (op < 0x40) return std::nullopt;
    return Instruction{1, literals, match, {}};
}

}  // namespace

CompressionPlace CompressionRecord::place() const {
    switch (type) {
        case zlib_in_record:
        case lzvn_in_record: return CompressionPlace::in_record;
        case zlib_in_fork:
        case lzvn_in_fork: return CompressionPlace::in_resource_fork;
        case dataless: return CompressionPlace::elsewhere;
        default: return CompressionPlace::unknown;
    }
}

std::optional<CompressionRecord> read_compression_record(ByteView attribute) {
    if (attribute.size() < header_bytes || as_text(attribute.first(4)) != "fpmc") return std::nullopt;
    return CompressionRecord{*load_le<std::uint32_t>(attribute, 4), *load_le<std::uint64_t>(attribute, 8),
                             attribute.subspan(header_bytes)};
}

std::optional<Bytes> decode_in_record(const CompressionRecord& record) {
    if (record.size > most_in_record || record.place() != CompressionPlace::in_record) return std::nullopt;
    if (record.stored.empty()) return record.size == 0 ? std::optional(Bytes()) : std::nullopt;
    // The first byte says that the rest is stored as it is: no stream of the two kinds starts so.
    const auto first = std::to_integer<unsigned>(record.stored[0]);
    const bool is_zlib = record.type == zlib_in_record;
    if (is_zlib ? (first & 0x0F) == 0x0F : first == 0x06) {
        const ByteView rest = record.stored.subspan(1);
        return rest.size() == record.size ? std::optional(Bytes(rest.begin(), rest.end())) : std::nullopt;
    }
    const auto size = static_cast<std::size_t>(record.size);
    return is_zlib ? decode_zlib(record.stored, size) : decode_lzvn(record.stored, size);
}

std::optional<Bytes> decode_lzvn(ByteView stream, std::size_t size) {
    Bytes content;
    content.reserve(size);
    std::size_t distance = 0;
    while (!stream.empty() && stream[0] != std::byte{0x06}) {
        const std::optional<Instruction> next = read_instruction(stream);
        if (!next || next->length + next->literals > stream.size()) return std::nullopt;
        if (next->literals + next->match > size - content.size()) return std::nullopt;
        const ByteView literals = stream.subspan(next->length, next->literals);
        content.insert(content.end(), literals.begin(), literals.end());
        distance = next->distance.value_or(distance);
        if (next->match > 0 && (distance == 0 || distance > content.size())) return std::nullopt;
        for (std::size_t i = 0; i < next->match; ++i) content.push_back(content[content.size() - distance]);
        stream = stream.subspan(next->length + next->literals);
    }
    if (stream.empty() || content.size() != size) return std::nullopt;
    return content;
}

}  // namespace triage::tsk
