// SPDX-License-Identifier: Apache-2.0
// Logs laid out by hand after Linux Documentation/filesystems/ext4, "Journal (jbd2)"; fixtures/ext.py has whole
// volumes.
#include "plugins/tsk/ext_journal.h"

#include <doctest/doctest.h>

#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;

namespace {

constexpr std::size_t block_bytes = 1024, log_blocks = 16, volume_blocks = 8;
constexpr std::uint32_t magic = 0xC03B3998;

// A volume whose block 5 is full of 'v', and a log of it.
struct Journal {
    Bytes log = Bytes(log_blocks * block_bytes), volume = Bytes(volume_blocks * block_bytes, std::byte{'v'});
    std::set<std::uint64_t> bad;  // blocks of the log

    Journal() {
        put(0, 0, magic), put(0, 4, 4), put(0, 12, block_bytes), put(0, 16, log_blocks), put(0, 20, 1);
        put(0, 24, 7), put(0, 28, 1);
    }
    void put(std::size_t block, std::size_t at, std::uint32_t value) {
        for (std::size_t i = 0; i < 4; ++i) put_le(log, block * block_bytes + at + i, value >> 8 * (3 - i), 1);
    }
    void head(std::size_t block, std::uint32_t type, std::uint32_t sequence) {
        put(block, 0, magic), put(block, 4, type), put(block, 8, sequence);
    }
    // A transaction that writes block 5 from the next block of the log.
    void write(std::size_t block, std::uint32_t sequence, char content, std::uint32_t flags = 2 | 8) {
        head(block, 1, sequence);
        put(block, 12, 5), put(block, 16, flags);
        std::fill_n(log.begin() + (block + 1) * block_bytes, block_bytes, static_cast<std::byte>(content));
        head(block + 2, 2, sequence);
    }
    std::optional<bool> differs() const {
        const auto from = [](const Bytes& bytes, std::uint64_t at, MutableBytes out) {
            if (at > bytes.size() || out.size() > bytes.size() - at) return false;
            std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), out.size(), out.begin());
            return true;
        };
        return tsk::differs_from_journal(
            {[&](std::uint64_t at, MutableBytes out) { return bad.count(at / block_bytes) == 0 && from(log, at, out); },
             [&](std::uint64_t at, MutableBytes out) { return from(volume, at, out); }});
    }
};

}  // namespace

TEST_CASE("a block of a committed transaction differs from its place, or does not") {
    Journal journal;
    CHECK(journal.differs() == false);  // no transaction
    journal.write(1, 7, 'v');
    CHECK(journal.differs() == false);
    journal.write(1, 7, 'n');
    CHECK(journal.differs() == true);
    journal.write(4, 8, 'v');  // the last version counts
    CHECK(journal.differs() == false);
    journal.write(4, 8, 'n');
    journal.put(6, 4, 1);  // not committed
    journal.write(1, 7, 'v');
    CHECK(journal.differs() == false);
    journal.put(0, 28, 0);  // unmounted
    journal.write(1, 7, 'n');
    CHECK(journal.differs() == false);
}

TEST_CASE("a log goes on behind its end at its first block, and stops at another transaction") {
    Journal journal;
    journal.put(0, 28, 15);
    journal.head(15, 1, 7), journal.put(15, 12, 5), journal.put(15, 16, 2 | 8);
    journal.head(2, 2, 7);
    CHECK(journal.differs() == true);  // block 1 of the log is zeros
    journal.put(0, 24, 6);
    CHECK(journal.differs() == false);
}

TEST_CASE("what was revoked does not count, and what looked like a log block is put right") {
    Journal journal;
    journal.write(1, 7, 'n');
    journal.head(4, 5, 8), journal.put(4, 12, 20), journal.put(4, 16, 5), journal.head(5, 2, 8);
    CHECK(journal.differs() == false);
    journal.put(4, 16, 6);
    CHECK(journal.differs() == true);
    Journal escaped;
    escaped.write(1, 7, 'v', 1 | 2 | 8);
    escaped.put(2, 0, 0);
    CHECK(escaped.differs() == true);
    for (const auto& [at, byte] : {std::pair{0, 0xC0}, {1, 0x3B}, {2, 0x39}, {3, 0x98}})
        escaped.volume[5 * block_bytes + static_cast<std::size_t>(at)] = static_cast<std::byte>(byte);
    CHECK(escaped.differs() == false);
}

TEST_CASE("tags have the length that the features of the journal say") {
    for (const auto& [features, bytes] :
         {std::pair{0u, 8u}, {2u, 12u}, {8u, 10u}, {10u, 14u}, {16u, 16u}, {18u, 16u}}) {
        Journal journal;
        journal.put(0, 40, features);
        journal.head(1, 1, 7);
        journal.put(1, 12, 4), journal.put(1, 16, 2);
        journal.put(1, 12 + bytes, 5), journal.put(1, 16 + bytes, 2 | 8);
        std::fill_n(journal.log.begin() + 2 * block_bytes, 2 * block_bytes, std::byte{'v'});
        journal.head(4, 2, 7);
        CHECK(journal.differs() == false);
        journal.log[3 * block_bytes + 9] = std::byte{'n'};
        CHECK(journal.differs() == true);
    }
}

TEST_CASE("what cannot be told of a journal counts as a difference, and no journal as none") {
    Journal journal;
    CHECK_FALSE(tsk::differs_from_journal({[](auto...) { return false; }, [](auto...) { return false; }}).has_value());
    journal.write(1, 7, 'v');
    journal.bad = {3};
    CHECK(journal.differs() == true);
    journal.bad.clear();
    journal.put(1, 12, 9000);  // a block that the volume does not have
    CHECK(journal.differs() == true);
    for (const auto& [at, value] : {std::pair{40, 32}, {12, 1000}, {12, 0}, {20, 0}, {28, 16}, {16, 1}}) {
        Journal lying;
        lying.put(0, static_cast<std::size_t>(at), static_cast<std::uint32_t>(value));
        CHECK(lying.differs() == true);
    }
    journal.put(0, 0, 0);
    CHECK_FALSE(journal.differs().has_value());
}

TEST_CASE("logs of random bytes end") {
    for (unsigned seed = 1; seed < 100; ++seed) {
        Journal journal;
        const Bytes noise = ewf_test::sample_media(journal.log.size(), seed);
        std::copy(noise.begin() + 64, noise.end(), journal.log.begin() + 64);
        for (std::size_t block = 1; block < log_blocks; ++block)
            journal.head(block, block % 3 == 0 ? 2 : 1, static_cast<std::uint32_t>(6 + (block + 2) / 3));
        journal.put(0, 40, seed % 32);
        journal.differs();
    }
}
