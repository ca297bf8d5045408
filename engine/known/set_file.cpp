// SPDX-License-Identifier: Apache-2.0
#include "engine/known/set_file.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "engine/base/error.h"
#include "engine/hash/hasher.h"
#include "engine/known/checksum.h"

namespace triage {
namespace {

std::string_view name_of(tks::SectionKind kind) {
    switch (kind) {
        case tks::SectionKind::identity: return "identity";
        case tks::SectionKind::column: return "column";
        case tks::SectionKind::buckets: return "buckets";
        case tks::SectionKind::shards: return "shards";
        case tks::SectionKind::filter: return "filter";
        case tks::SectionKind::records: return "records";
        case tks::SectionKind::mentions: return "mentions";
        case tks::SectionKind::labels: return "labels";
        case tks::SectionKind::checksums: return "checksums";
        case tks::SectionKind::sizes: return "sizes";
    }
    return "unknown";
}

std::uint64_t blocks_in(std::uint64_t bytes) { return (bytes + tks::block_bytes - 1) / tks::block_bytes; }

}  // namespace

std::array<std::byte, 32> tks::content_digest(ByteView superblock, ByteView checksums) {
    Bytes bytes(superblock.begin(), superblock.end());
    std::memset(bytes.data() + offsetof(Superblock, content_digest), 0, 32);
    std::memset(bytes.data() + bytes.size() - 8, 0, 8);
    AlgorithmSet sha256;
    sha256.add(Algorithm::sha256);
    Hasher hasher(sha256);
    hasher.begin();
    hasher.update(bytes);
    hasher.update(checksums);
    return hasher.finish().sha256->bytes;
}

SetFile::SetFile(int fd, std::string name) : name_(std::move(name)) {
    struct stat status {};
    if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) size_ = static_cast<std::uint64_t>(status.st_size);
    void* map = size_ >= tks::superblock_bytes ? ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    ::close(fd);
    if (map == MAP_FAILED)
        fail(size_ < tks::superblock_bytes ? "is no compiled set: too short for one" : "cannot be mapped");
    map_ = static_cast<const std::byte*>(map);
    ::madvise(map, size_, MADV_RANDOM);
    try {
        check_superblock();
    } catch (...) {
        ::munmap(map, size_);
        throw;
    }
}

SetFile::~SetFile() { ::munmap(const_cast<std::byte*>(map_), size_); }

void SetFile::will_need(const tks::Section& section) const {
    const std::uint64_t begin = section.offset / tks::section_alignment * tks::section_alignment;
    ::madvise(const_cast<std::byte*>(map_) + begin, section.offset + section.length - begin, MADV_WILLNEED);
}

void SetFile::fail(const std::string& why) const { throw Error(name_, why, "restore it, or import its lists again"); }
void SetFile::fail_outside() const { fail("is damaged: it points outside itself"); }

void SetFile::check_superblock() {
    std::memcpy(&superblock_, map_, sizeof superblock_);
    const tks::Superblock& s = superblock_;
    if (std::string_view(s.magic.data(), s.magic.size()) != tks::magic) fail("is no compiled set");
    if (s.version != tks::version) fail(fmt::format("is of version {}; this build reads {}", s.version, tks::version));
    std::uint64_t check = 0;
    std::memcpy(&check, map_ + tks::superblock_bytes - 8, 8);
    if (check != checksum_of({map_, tks::superblock_bytes - 8})) fail("is damaged in its superblock");
    if (s.file_bytes != size_)
        fail(fmt::format("is damaged: {} bytes long where its superblock says {}", size_, s.file_bytes));
    if (s.section_count == 0 || s.section_count > tks::most_sections) fail("is damaged in its superblock");

    const tks::Section& sums = s.sections[s.section_count - 1];
    const bool fits = sums.kind == tks::SectionKind::checksums && sums.offset >= tks::superblock_bytes &&
                      sums.offset <= size_ && sums.length == size_ - sums.offset &&
                      sums.length / 8 == blocks_in(sums.offset - tks::superblock_bytes) && sums.length % 8 == 0;
    if (!fits) fail("is damaged in its superblock");
    limit_ = sums.offset;
    for (std::uint32_t i = 0; i + 1 < s.section_count; ++i)
        if (s.sections[i].offset < tks::superblock_bytes || s.sections[i].offset > limit_ ||
            s.sections[i].length > limit_ - s.sections[i].offset)
            fail_outside();
    const ByteView stored(map_ + sums.offset, sums.length);
    if (s.content_digest != tks::content_digest({map_, tks::superblock_bytes}, stored))
        fail("is damaged in its checksums");
    checked_ = std::make_unique<std::atomic<std::uint64_t>[]>(sums.length / 8 / 64 + 1);
}

const tks::Section* SetFile::find(tks::SectionKind kind, std::uint32_t algorithm) const {
    for (std::uint32_t i = 0; i < superblock_.section_count; ++i)
        if (superblock_.sections[i].kind == kind && superblock_.sections[i].algorithm == algorithm)
            return &superblock_.sections[i];
    return nullptr;
}

void SetFile::check_block(std::uint64_t block) const {
    const std::uint64_t offset = tks::superblock_bytes + block * tks::block_bytes;
    const std::uint64_t length = std::min(tks::block_bytes, limit_ - offset);
    std::uint64_t stored = 0;
    std::memcpy(&stored, map_ + limit_ + block * 8, 8);
    if (checksum_of({map_ + offset, length}) != stored)
        fail(fmt::format("is damaged: block {} (bytes {} to {}, {})", block, offset, offset + length - 1,
                         section_of(offset)));
    checked_[block / 64].fetch_or(1ull << (block % 64), std::memory_order_relaxed);
}

std::string SetFile::section_of(std::uint64_t offset) const {
    std::string_view name = "between sections";
    for (std::uint32_t i = 0; i < superblock_.section_count; ++i)
        if (superblock_.sections[i].offset <= offset) name = name_of(superblock_.sections[i].kind);
    return "section " + std::string(name);
}

void SetFile::check_all(const Advance& advance) const {
    constexpr std::uint64_t blocks_between_advances = 1024;
    const std::uint64_t blocks = blocks_in(limit_ - tks::superblock_bytes);
    for (std::uint64_t block = 0; block < blocks; ++block) {
        check_block(block);
        if (advance && block % blocks_between_advances == 0) advance("checking the set", block, blocks);
    }
}

ByteView SetFile::open_block(const tks::Section& section, const SetKey& key, std::uint64_t block,
                             Opened& opened) const {
    const std::uint64_t begin = block * tks::sealed_bytes;
    const std::uint64_t size = std::min<std::uint64_t>(tks::sealed_bytes, section.length - begin);
    if (opened.block == block) return ByteView(opened.plain).first(size);
    opened.block = ~std::uint64_t{0};
    const std::uint64_t sealed = size + tks::tag_bytes;
    const std::uint64_t place = section.offset + block * (tks::sealed_bytes + tks::tag_bytes);
    if (!key.open(section.kind, block, {at(place, sealed), sealed}, MutableBytes(opened.plain).first(size)))
        throw Error(name_, "cannot be opened with this key");
    opened.block = block;
    return ByteView(opened.plain).first(size);
}

ByteView SetFile::open_sealed(const tks::Section& section, const SetKey& key, std::uint64_t offset,
                              std::uint64_t length, Opened& opened) const {
    if (offset > section.length || length > section.length - offset) fail_outside();
    if (length == 0) return {};
    const std::uint64_t first = offset / tks::sealed_bytes, last = (offset + length - 1) / tks::sealed_bytes;
    if (first == last) return open_block(section, key, first, opened).subspan(offset % tks::sealed_bytes, length);
    opened.joined.clear();
    for (std::uint64_t block = first; block <= last; ++block) {
        const ByteView plain = open_block(section, key, block, opened);
        opened.joined.insert(opened.joined.end(), plain.begin(), plain.end());
    }
    return ByteView(opened.joined).subspan(offset % tks::sealed_bytes, length);
}

}  // namespace triage
