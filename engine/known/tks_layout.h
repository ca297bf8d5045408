// SPDX-License-Identifier: Apache-2.0
// The compiled set on disk (`.tks`), as docs/known-set-format.md describes it byte by byte; private to engine/known.
// Little-endian. A superblock of 4096 bytes, then sections, each from a multiple of 4096, then the checksums of all of
// it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/hash/digest.h"

namespace triage::tks {

inline constexpr std::string_view magic = "TRIAGEKS";
inline constexpr std::uint32_t version = 1;
inline constexpr std::size_t superblock_bytes = 4096;
inline constexpr std::size_t section_alignment = 4096;
inline constexpr std::uint64_t block_bytes = 64 << 10;  // of a checksum, counted from the end of the superblock
inline constexpr std::size_t most_sections = 32;

enum class SectionKind : std::uint32_t {
    identity = 1,  // JSON
    column = 2,    // rows of one algorithm, sorted
    buckets = 3,   // first row of each bucket of a column, and the number of rows
    shards = 4,    // where the filter of each shard of a column lies
    filter = 5,    // fingerprints of a column
    records = 6,   // one row a content, in order of its first key
    mentions = 7,  // one row for each time that the sources name a content
    labels = 8,    // texts, each after its length
    checksums = 9,
    sizes = 10,  // the sizes that records have, each once; where every record has one above 0
};

// What a protected set encrypts: all that can be read. Columns hold keyed digests, which say nothing.
constexpr bool is_sealed(SectionKind kind) {
    return kind == SectionKind::identity || kind == SectionKind::records || kind == SectionKind::mentions ||
           kind == SectionKind::labels || kind == SectionKind::sizes;
}
inline constexpr std::size_t sealed_bytes = 1024, tag_bytes = 16;  // of an encrypted block: plain bytes, then its tag

// Superblock, offset 256: `section_count` of these.
struct Section {
    SectionKind kind{};
    std::uint32_t algorithm = 0;           // of columns, buckets, shards and filters
    std::uint64_t offset = 0, length = 0;  // length: of the plain bytes
    std::uint64_t rows = 0;                // of columns, shards, records, mentions, sizes
    // columns: leading bytes left out of a row, bytes of a link (0: a row's record is its index)
    std::uint32_t dropped = 0, link_bytes = 0;
    std::uint32_t bits = 0;      // buckets, shards: leading bits of a digest that choose one
    std::uint32_t attached = 0;  // columns: bytes of a row's record and mention that follow its digest
};
static_assert(sizeof(Section) == 48);

// Widths in bytes of the fields of a row, 0 where no row has the field.
struct RecordWidths {
    std::uint8_t algorithms = 0, size = 0, first_mention = 0;
    std::size_t total() const { return std::size_t{algorithms} + size + first_mention; }
};
struct MentionWidths {
    std::uint8_t source = 0, position = 0, category = 0, label = 0, flags = 0;
    std::size_t total() const { return std::size_t{source} + position + category + label + flags; }
};

struct Superblock {
    std::array<char, 8> magic{};
    std::uint32_t version = 0;
    std::uint32_t flags = 0;
    std::uint64_t file_bytes = 0;
    std::uint64_t records = 0, mentions = 0;
    std::uint32_t section_count = 0;
    std::uint8_t common_algorithms = 0;  // of every record, where records have no field of their own
    RecordWidths record_widths;
    MentionWidths mention_widths;
    std::array<std::uint8_t, 3> reserved{};
    std::array<std::byte, 32>
        content_digest{};  // SHA-256 of the superblock (this field and the check zero) and checksums
    // Protected sets only.
    std::uint32_t key_kind = 0;  // 0 none, 1 key file, 2 passphrase
    std::uint32_t scrypt_log2_n = 0, scrypt_r = 0, scrypt_p = 0;
    std::array<std::byte, 32> salt{};
    std::array<std::byte, 120> reserved2{};
    std::array<Section, most_sections> sections{};  // offset 256
};
static_assert(offsetof(Superblock, sections) == 256);
static_assert(sizeof(Superblock) <= superblock_bytes - 8);
inline constexpr std::uint32_t flag_protected = 1;

// Of the superblock, its digest and check taken as zeros, and of the checksums: the identity of the whole file.
std::array<std::byte, 32> content_digest(ByteView superblock, ByteView checksums);

// Shard of a filter: a binary fuse filter of its keys (Graf and Lemire, "Binary Fuse Filters", 2022).
struct Shard {
    std::uint64_t seed = 0;
    std::uint64_t offset = 0;                            // of its fingerprints in the section `filter`
    std::uint32_t segment_bytes = 0, segment_count = 0;  // fingerprints of one byte; 0 segments: no key
};
static_assert(sizeof(Shard) == 24);

// Leading bits of a digest.
inline std::uint64_t leading(const std::byte* digest, unsigned bits) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < 8; ++i) word = word << 8 | static_cast<std::uint64_t>(digest[i]);
    return bits == 0 ? 0 : word >> (64 - bits);
}

// What a filter knows a digest by.
inline std::uint64_t filter_key(const std::byte* digest) {
    std::uint64_t word = 0;
    for (std::size_t i = 15; i >= 8; --i) word = word << 8 | static_cast<std::uint64_t>(digest[i]);
    return word;
}

}  // namespace triage::tks
