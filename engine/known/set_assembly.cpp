// SPDX-License-Identifier: Apache-2.0
#include "engine/known/set_assembly.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "engine/base/error.h"
#include "engine/hash/hasher.h"
#include "engine/known/checksum.h"
#include "engine/known/record_row.h"

namespace triage {
namespace {

void write_at(int fd, std::uint64_t offset, ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) throw Error("known set", fmt::format("cannot be written: {}", std::strerror(errno)));
        bytes = bytes.subspan(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
}

}  // namespace

SetAssembly::SetAssembly(int fd, const SetKey* key) : fd_(fd), key_(key), offset_(tks::superblock_bytes) {}

void SetAssembly::begin(const tks::Section& section) {
    align();
    sections_.push_back(section);
    sections_.back().offset = offset_;
    plain_bytes_ = sealed_blocks_ = 0;
}

void SetAssembly::append(ByteView bytes) {
    plain_bytes_ += bytes.size();
    if (key_ == nullptr || !tks::is_sealed(sections_.back().kind)) return write(bytes);
    while (!bytes.empty()) {
        const std::size_t taken = std::min(bytes.size(), tks::sealed_bytes - sealed_.size());
        sealed_.insert(sealed_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
        bytes = bytes.subspan(taken);
        if (sealed_.size() < tks::sealed_bytes) return;
        write(key_->seal(sections_.back().kind, sealed_blocks_++, sealed_));
        sealed_.clear();
    }
}

void SetAssembly::append(BufferedFile& file) {
    const TemporaryFile& whole = file.flushed();
    Bytes piece(1 << 20);
    for (std::uint64_t at = 0; at < whole.size();) {
        const MutableBytes there = MutableBytes(piece).first(std::min<std::uint64_t>(piece.size(), whole.size() - at));
        whole.read(at, there);
        append(there);
        at += there.size();
    }
}

void SetAssembly::end() {
    if (!sealed_.empty()) write(key_->seal(sections_.back().kind, sealed_blocks_++, sealed_));
    sealed_.clear();
    sections_.back().length = plain_bytes_;
}

void SetAssembly::write(ByteView bytes) {
    while (!bytes.empty()) {
        const std::size_t taken = std::min<std::uint64_t>(bytes.size(), tks::block_bytes - buffer_.size());
        buffer_.insert(buffer_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
        bytes = bytes.subspan(taken);
        offset_ += taken;
        if (buffer_.size() == tks::block_bytes) flush();
    }
}

void SetAssembly::flush() {
    if (buffer_.empty()) return;
    put_le(checksums_, checksum_of(buffer_), 8);
    write_at(fd_, offset_ - buffer_.size(), buffer_);
    buffer_.clear();
}

void SetAssembly::align() {
    const std::uint64_t past = offset_ % tks::section_alignment;
    if (past != 0) write(Bytes(tks::section_alignment - past));
}

void SetAssembly::finish(tks::Superblock superblock) {
    align();
    flush();
    sections_.push_back({.kind = tks::SectionKind::checksums, .offset = offset_, .length = checksums_.size()});
    write_at(fd_, offset_, checksums_);

    std::copy(tks::magic.begin(), tks::magic.end(), superblock.magic.begin());
    superblock.version = tks::version;
    superblock.file_bytes = offset_ + checksums_.size();
    superblock.section_count = static_cast<std::uint32_t>(sections_.size());
    std::copy(sections_.begin(), sections_.end(), superblock.sections.begin());
    Bytes bytes(tks::superblock_bytes);
    std::memcpy(bytes.data(), &superblock, sizeof superblock);
    const auto digest = tks::content_digest(bytes, checksums_);
    std::memcpy(bytes.data() + offsetof(tks::Superblock, content_digest), digest.data(), digest.size());
    const std::uint64_t check = checksum_of(ByteView(bytes).first(bytes.size() - 8));
    std::memcpy(bytes.data() + bytes.size() - 8, &check, 8);
    write_at(fd_, 0, bytes);
    if (::fsync(fd_) != 0) throw Error("known set", fmt::format("cannot be written: {}", std::strerror(errno)));
}

}  // namespace triage
