// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/ext_journal.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

namespace triage::tsk {
namespace {

constexpr std::uint32_t magic = 0xC03B3998;
constexpr std::uint32_t has_64bit = 2, has_checksum_v2 = 8, has_checksum_v3 = 16, has_fast_commits = 32;
constexpr std::uint32_t descriptor = 1, commit = 2, revoke = 5;  // h_blocktype
constexpr std::uint32_t is_escaped = 1, has_same_uuid = 2, is_last = 8;

// Where the journal has the last version of a block, whose first bytes were set to zero when they looked like `magic`.
struct Logged {
    std::uint32_t at = 0;
    bool is_escaped = false;
};
using LoggedBlocks = std::map<std::uint64_t, Logged>;

class Log {
  public:
    Log(const JournalSource& source, ByteView superblock)
        : source_(source),
          block_bytes_(number(superblock, 12)),
          end_(number(superblock, 16)),
          first_(number(superblock, 20)),
          sequence_(number(superblock, 24)),
          start_(number(superblock, 28)),
          features_(number(superblock, 40)) {}

    bool is_empty() const { return start_ == 0; }
    bool is_readable() const {
        const bool is_block = block_bytes_ >= 1024 && block_bytes_ <= 65536 && (block_bytes_ & (block_bytes_ - 1)) == 0;
        return is_block && first_ > 0 && start_ >= first_ && start_ < end_ && !(features_ & has_fast_commits);
    }

    // As recovery goes through it: up to the first block that is not of the transaction that should follow.
    LoggedBlocks committed() {
        LoggedBlocks blocks, of_transaction;
        std::vector<std::uint64_t> revoked;  // no version of these up to here counts
        Bytes block(block_bytes_);
        std::uint32_t at = start_;
        for (left_ = end_; left_ > 0;) {
            if (!read(at, block)) return is_broken_ = true, blocks;
            if (number(block, 0) != magic || number(block, 8) != sequence_) break;
            const std::uint32_t type = number(block, 4);
            at = behind(at);
            if (type == descriptor) add_tags(block, at, of_transaction);
            else if (type == commit) {
                for (const auto& [place, logged] : of_transaction) blocks[place] = logged;
                for (const std::uint64_t place : revoked) blocks.erase(place);
                of_transaction.clear(), revoked.clear(), ++sequence_;
            } else if (type == revoke) add_revoked(block, revoked);
            else break;
        }
        return blocks;
    }

    bool is_broken() const { return is_broken_; }

    bool differs(std::uint64_t place, const Logged& logged) {
        Bytes here(block_bytes_), there(block_bytes_);
        const auto offset = checked_multiply(place, block_bytes_);
        if (!read(logged.at, there) || !offset || !source_.read_volume(*offset, here)) return true;
        constexpr std::array<std::uint8_t, 4> stored_magic{0xC0, 0x3B, 0x39, 0x98};
        for (std::size_t i = 0; logged.is_escaped && i < 4; ++i) there[i] = std::byte{stored_magic[i]};
        return here != there;
    }

  private:
    static std::uint32_t number(ByteView bytes, std::size_t at) {
        return load_be<std::uint32_t>(bytes, at).value_or(0);
    }
    bool read(std::uint32_t at, Bytes& block) { return source_.read_journal(std::uint64_t{at} * block_bytes_, block); }
    std::uint32_t behind(std::uint32_t at) {
        left_ -= left_ > 0;
        return at + 1 < end_ ? at + 1 : first_;
    }
    // Each tag stands for the next block of the log.
    void add_tags(ByteView block, std::uint32_t& at, LoggedBlocks& blocks) {
        const bool is_v3 = features_ & has_checksum_v3, is_v2 = features_ & has_checksum_v2,
                   is_wide = features_ & has_64bit;
        const std::size_t tag_bytes = is_v3 ? 16 : 8u + (is_v2 ? 2 : 0) + (is_wide ? 4 : 0);
        const std::size_t end = block.size() - (is_v2 || is_v3 ? 4 : 0);
        for (std::size_t tag = 12; tag + tag_bytes <= end && left_ > 0;) {
            const std::uint32_t flags = is_v3 ? number(block, tag + 4) : number(block, tag + 4) & 0xFFFF;
            const std::uint64_t high = is_wide ? number(block, tag + 8) : 0;
            blocks[high << 32 | number(block, tag)] = {at, (flags & is_escaped) != 0};
            at = behind(at);
            tag += tag_bytes + (flags & has_same_uuid ? 0 : 16);
            if (flags & is_last) return;
        }
    }

    void add_revoked(ByteView block, std::vector<std::uint64_t>& revoked) const {
        const std::size_t bytes = features_ & has_64bit ? 8 : 4,
                          end = std::min<std::size_t>(number(block, 12), block.size());
        for (std::size_t at = 16; at + bytes <= end; at += bytes)
            revoked.push_back(bytes == 8 ? *load_be<std::uint64_t>(block, at) : number(block, at));
    }

    const JournalSource& source_;
    std::uint32_t block_bytes_, end_, first_, sequence_, start_, features_;
    bool is_broken_ = false;
    std::uint32_t left_ = 0;  // blocks of the log that were not gone through
};

}  // namespace

std::optional<bool> differs_from_journal(const JournalSource& source) {
    std::array<std::byte, 1024> superblock{};
    if (!source.read_journal(0, superblock) || load_be<std::uint32_t>(superblock, 0) != magic) return std::nullopt;
    Log log(source, superblock);
    if (log.is_empty()) return false;
    if (!log.is_readable()) return true;
    for (const auto& [place, logged] : log.committed())
        if (log.differs(place, logged)) return true;
    return log.is_broken();
}

}  // namespace triage::tsk
