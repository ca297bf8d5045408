// SPDX-License-Identifier: Apache-2.0
#include "plugins/ewf/format.h"

#include <fmt/format.h>
#include <libdeflate.h>

#include <algorithm>
#include <limits>

#include "engine/media/block_map.h"

namespace triage::ewf {
namespace {

constexpr std::string_view evidence_signature("EVF\x09\x0d\x0a\xff\x00", 8);
constexpr std::string_view logical_signature("LVF\x09\x0d\x0a\xff\x00", 8);
constexpr std::string_view evidence2_signature("EVF2\x0d\x0a\x81\x00", 8);
constexpr std::string_view logical2_signature("LEF2\x0d\x0a\x81\x00", 8);

constexpr std::uint32_t smallest_sector = 128;
constexpr std::uint32_t largest_sector = 64u << 10;

// The caller has checked the size.
template <class T>
T at(ByteView bytes, std::size_t offset) {
    return load_le<T>(bytes, offset).value();
}

std::string type_of(ByteView bytes) {
    std::string type(as_text(bytes.first(16)));
    type.resize(std::min(type.find('\0'), type.size()));
    const bool is_plain =
        std::all_of(type.begin(), type.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
    return is_plain ? type : std::string();
}

}  // namespace

std::uint32_t adler32(ByteView bytes, std::uint32_t start) {
    return libdeflate_adler32(start, bytes.data(), bytes.size());
}

bool ends_with_checksum(ByteView bytes) {
    if (bytes.size() < 4) return false;
    return adler32(bytes.first(bytes.size() - 4)) == at<std::uint32_t>(bytes, bytes.size() - 4);
}

FileKind kind_of_file(ByteView head) {
    if (head.size() < signature_size) return FileKind::other;
    const std::string_view found = as_text(head.first(signature_size));
    if (found == evidence_signature) return FileKind::evidence;
    if (found == logical_signature) return FileKind::logical;
    if (found == evidence2_signature) return FileKind::evidence2;
    if (found == logical2_signature) return FileKind::logical2;
    std::size_t different = 0;
    for (std::size_t i = 0; i < signature_size; ++i) different += found[i] != evidence_signature[i];
    return different <= 2 ? FileKind::evidence_damaged : FileKind::other;
}

SectionDescriptor parse_descriptor(ByteView bytes) {
    if (bytes.size() < descriptor_size) return {};
    const ByteView own = bytes.first(descriptor_size);
    return {type_of(own), at<std::uint64_t>(own, 16), at<std::uint64_t>(own, 24), ends_with_checksum(own)};
}

std::optional<VolumeSection> parse_volume(ByteView bytes) {
    VolumeSection v;
    if (bytes.size() >= volume_size) {
        const ByteView own = bytes.first(volume_size);
        if (!ends_with_checksum(own)) return std::nullopt;
        v.media_type = at<std::uint8_t>(own, 0);
        v.sector_count = at<std::uint64_t>(own, 16);
        std::copy_n(own.begin() + 64, v.set_identifier.size(), v.set_identifier.begin());
    } else {
        if (bytes.size() < smart_volume_size || !ends_with_checksum(bytes.first(smart_volume_size)))
            return std::nullopt;
        v.is_smart = true;
        v.sector_count = at<std::uint32_t>(bytes, 16);
    }
    v.chunk_count = at<std::uint32_t>(bytes, 4);
    v.sectors_per_chunk = at<std::uint32_t>(bytes, 8);
    v.bytes_per_sector = at<std::uint32_t>(bytes, 12);
    return v;
}

bool agree(const VolumeSection& a, const VolumeSection& b) {
    constexpr std::array<std::byte, 16> none{};
    if (a.is_smart != b.is_smart || a.set_identifier != b.set_identifier) return false;
    if (a.sectors_per_chunk != b.sectors_per_chunk || a.bytes_per_sector != b.bytes_per_sector) return false;
    // A writer that acquires a stream knows the total only at the end.
    const bool is_total_known = a.sector_count != 0 && b.sector_count != 0;
    return a.set_identifier != none || !is_total_known || a.sector_count == b.sector_count;
}

std::optional<std::string> flaw_of_geometry(const VolumeSection& v) {
    const std::uint32_t sector = v.bytes_per_sector;
    if (sector < smallest_sector || sector > largest_sector || (sector & (sector - 1)) != 0)
        return fmt::format("{} bytes a sector is not supported", sector);
    const std::uint64_t chunk = std::uint64_t{sector} * v.sectors_per_chunk;
    if (chunk == 0) return "0 sectors a chunk";
    if (chunk > largest_block_size)
        return fmt::format("{} bytes a chunk is more than the limit of {}", chunk, largest_block_size);
    const auto size = checked_multiply(v.sector_count, sector);
    if (!size || *size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        return fmt::format("{} sectors of {} bytes cannot be addressed", v.sector_count, sector);
    if (*size == 0) return "the media has 0 sectors";
    return std::nullopt;
}

TableHeader parse_table_header(ByteView bytes) {
    if (bytes.size() < table_header_size) return {};
    const ByteView own = bytes.first(table_header_size);
    return {at<std::uint32_t>(own, 0), at<std::uint64_t>(own, 8), ends_with_checksum(own)};
}

}  // namespace triage::ewf
