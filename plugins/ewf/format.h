// SPDX-License-Identifier: Apache-2.0
// The structures of an EWF segment file (EWF-E01 and EWF-S01), byte by byte, as in Joachim Metz, "Expert Witness
// Compression Format specification" (libewf documentation), below "Metz". Pure functions over bytes from evidence:
// nothing is believed whose Adler-32 does not hold. All integers are little-endian.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/bytes.h"

namespace triage::ewf {

// Metz, "File header": signature (8), 0x01, segment number (2), 0x0000.
inline constexpr std::size_t signature_size = 8;
inline constexpr std::size_t file_header_size = 13;

enum class FileKind : std::uint8_t {
    evidence,          // EVF: what this reader is for
    evidence_damaged,  // two bytes of the signature or fewer differ
    logical,           // LVF: L01
    evidence2,         // EVF2: Ex01
    logical2,          // LEF2: Lx01
    other,
};
FileKind kind_of_file(ByteView head);

// Metz, "Section descriptor": type (16), offset of the next section (8), size (8), padding (40), Adler-32 (4).
inline constexpr std::size_t descriptor_size = 76;
struct SectionDescriptor {
    std::string type;        // lower-case ASCII; empty when it is not printable
    std::uint64_t next = 0;  // from the start of the file
    std::uint64_t size = 0;  // with the descriptor; 0 in some writers
    bool is_sound = false;   // the Adler-32 holds
};
SectionDescriptor parse_descriptor(ByteView bytes);

// Metz, "Volume section": EWF-E01 1,052 bytes, EWF-S01 94 bytes; also "disk" and "data".
inline constexpr std::size_t volume_size = 1052;
inline constexpr std::size_t smart_volume_size = 94;
struct VolumeSection {
    bool is_smart = false;
    std::uint8_t media_type = 1;  // 0 removable, 1 fixed, 3 optical, 14 logical, 16 memory
    std::uint32_t chunk_count = 0;
    std::uint32_t sectors_per_chunk = 0;
    std::uint32_t bytes_per_sector = 0;
    std::uint64_t sector_count = 0;
    std::array<std::byte, 16> set_identifier{};  // zeros when the writer has none
    friend bool operator==(const VolumeSection&, const VolumeSection&) = default;
};
// Nothing when the bytes are too few or the Adler-32 fails.
std::optional<VolumeSection> parse_volume(ByteView bytes);

// False when two sections cannot describe one acquisition.
bool agree(const VolumeSection& a, const VolumeSection& b);

// Why a media cannot be read by this geometry; nothing when it can.
std::optional<std::string> flaw_of_geometry(const VolumeSection& volume);

// Metz, "Table header": entries (4), padding (4), base offset (8), padding (4), Adler-32 (4).
inline constexpr std::size_t table_header_size = 24;
inline constexpr std::size_t table_entry_size = 4;
struct TableHeader {
    std::uint32_t entry_count = 0;
    std::uint64_t base = 0;
    bool is_sound = false;
};
TableHeader parse_table_header(ByteView bytes);

std::uint32_t adler32(ByteView bytes, std::uint32_t start = 1);

// True when the last four bytes are the Adler-32 of those before.
bool ends_with_checksum(ByteView bytes);

}  // namespace triage::ewf
