// SPDX-License-Identifier: Apache-2.0
// A compiled set, mapped: the superblock is checked when it is opened, every block of 64 KiB when it is touched first.
// Immutable; any number of threads. Private to engine/known.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "engine/base/advance.h"
#include "engine/known/set_key.h"
#include "engine/known/tks_layout.h"

namespace triage {

class SetFile {
  public:
    // `name` stands in errors. Throws Error when the file is none, is cut, of another version, or its superblock or
    // checksums are damaged. The descriptor is closed.
    SetFile(int fd, std::string name);
    ~SetFile();
    SetFile(const SetFile&) = delete;
    SetFile& operator=(const SetFile&) = delete;

    const tks::Superblock& superblock() const { return superblock_; }
    // Null when there is none.
    const tks::Section* find(tks::SectionKind kind, std::uint32_t algorithm = 0) const;

    // Bytes of the file, their blocks checked. Throws Error that names a damaged block, or when they lie outside.
    const std::byte* at(std::uint64_t offset, std::uint64_t length) const {
        if (offset < tks::superblock_bytes || offset > limit_ || length > limit_ - offset) fail_outside();
        if (length > 0) check(offset, length);
        return map_ + offset;
    }
    // The same bytes on their way into the cache. Inlined always: GCC takes a call that only prefetches for one without
    // effect and drops it.
    [[gnu::always_inline]] void prefetch(std::uint64_t offset) const {
        if (offset < limit_) __builtin_prefetch(map_ + offset);
    }
    // All of a section is looked into: a disk may read it in order, while a run begins.
    void will_need(const tks::Section& section) const;

    // What was decrypted last of an encrypted section: who reads on in the same block does not decrypt it again.
    // Belongs to one thread and one section.
    struct Opened {
        std::uint64_t block = ~std::uint64_t{0};
        std::array<std::byte, tks::sealed_bytes> plain;
        Bytes joined;  // of a piece that lies in several blocks
    };
    // Plain bytes of a section that a protected set encrypts; they lie in `opened`. `length` is at most what the
    // section holds.
    ByteView open_sealed(const tks::Section& section, const SetKey& key, std::uint64_t offset, std::uint64_t length,
                         Opened& opened) const;

    // Checks every block. Throws Error that names the first damaged one.
    void check_all(const Advance& advance = {}) const;

  private:
    [[noreturn]] void fail(const std::string& why) const;
    [[noreturn]] void fail_outside() const;
    void check_superblock();
    void check(std::uint64_t offset, std::uint64_t length) const {
        const std::uint64_t first = (offset - tks::superblock_bytes) / tks::block_bytes;
        const std::uint64_t last = (offset + length - 1 - tks::superblock_bytes) / tks::block_bytes;
        for (std::uint64_t block = first; block <= last; ++block)
            if ((checked_[block / 64].load(std::memory_order_relaxed) >> (block % 64) & 1) == 0) check_block(block);
    }
    void check_block(std::uint64_t block) const;
    ByteView open_block(const tks::Section& section, const SetKey& key, std::uint64_t block, Opened& opened) const;
    std::string section_of(std::uint64_t offset) const;

    const std::string name_;
    const std::byte* map_ = nullptr;
    std::uint64_t size_ = 0, limit_ = 0;  // of the file; where its checksums begin
    tks::Superblock superblock_;
    std::unique_ptr<std::atomic<std::uint64_t>[]> checked_;  // a bit a block
};

}  // namespace triage
