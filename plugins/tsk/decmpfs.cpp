// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/decmpfs.h"

#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <memory>

namespace triage::tsk {
namespace {

constexpr std::size_t header_bytes = 16;
constexpr std::uint64_t unit_bytes = 64 << 10;
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

namespace {

std::optional<Bytes> decode_unit(bool is_zlib, ByteView stored, std::size_t size) {
    if (stored.empty()) return size == 0 ? std::optional(Bytes()) : std::nullopt;
    // The first byte says that the rest is stored as it is: no stream of the two kinds starts so.
    const auto first = std::to_integer<unsigned>(stored[0]);
    if (is_zlib ? (first & 0x0F) == 0x0F : first == 0x06) {
        const ByteView rest = stored.subspan(1);
        return rest.size() == size ? std::optional(Bytes(rest.begin(), rest.end())) : std::nullopt;
    }
    return is_zlib ? decode_zlib(stored, size) : decode_lzvn(stored, size);
}

// The units of a resource fork: LZVN has a table of where they begin, and the last ends; zlib one of beginnings and
// lengths, counted from where it stands in the one resource of the fork.
class ForkUnits {
  public:
    using Read = std::function<bool(std::uint64_t offset, MutableBytes out)>;
    ForkUnits(bool is_zlib, const Read& read) : is_zlib_(is_zlib), read_(read) {
        std::array<std::byte, 4> start{};
        if (is_zlib && read_(0, start)) base_ = std::uint64_t{*load_be<std::uint32_t>(start, 0)} + 4;
        count_ = is_zlib ? number(base_) : number(0) / 4 - 1;
    }
    std::uint64_t count() const { return count_; }
    std::optional<Bytes> stored(std::uint64_t unit) const {
        const std::uint64_t entry = is_zlib_ ? base_ + 4 + 8 * unit : 4 * unit;
        const std::uint64_t begin = number(entry), next = number(entry + 4), length = is_zlib_ ? next : next - begin;
        if (length > 2 * unit_bytes) return std::nullopt;  // a lie: a unit that grows is stored as it is
        Bytes bytes(length);
        return read_(base_ + begin, bytes) ? std::optional(std::move(bytes)) : std::nullopt;
    }

  private:
    std::uint64_t number(std::uint64_t at) const {
        std::array<std::byte, 4> bytes{};
        return read_(at, bytes) ? *load_le<std::uint32_t>(bytes, 0) : 0;
    }
    bool is_zlib_;
    const Read& read_;
    std::uint64_t base_ = 0, count_ = 0;
};

}  // namespace

std::optional<Bytes> decode_in_record(const CompressionRecord& record) {
    if (record.size > unit_bytes || record.place() != CompressionPlace::in_record) return std::nullopt;
    return decode_unit(record.type == zlib_in_record, record.stored, static_cast<std::size_t>(record.size));
}

std::string decode_in_fork(const CompressionRecord& record, std::uint64_t most, const ForkUnits::Read& read,
                           const std::function<void(ByteView unit)>& see) {
    const bool is_zlib = record.type == zlib_in_fork;
    const ForkUnits units(is_zlib, read);
    const std::uint64_t needed = record.size / unit_bytes + (record.size % unit_bytes != 0);
    if (units.count() != needed) return "its units are more or fewer than its size needs";
    for (std::uint64_t at = 0; at < std::min(most, record.size); at += unit_bytes) {
        const auto stored = units.stored(at / unit_bytes);
        const auto size = static_cast<std::size_t>(std::min(unit_bytes, record.size - at));
        const auto content = stored ? decode_unit(is_zlib, *stored, size) : std::nullopt;
        if (!content) return "a compressed unit is broken";
        see(ByteView(*content).first(std::min<std::uint64_t>(size, most - at)));
    }
    return {};
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
