// SPDX-License-Identifier: Apache-2.0
// Directory blocks laid out by hand after Linux Documentation/filesystems/ext4 ("Linear (Classic) Directories") and
// FreeBSD sys/ufs/ufs/dir.h, entry sets after Microsoft's "exFAT file system specification", sections 6.3, 7.4, 7.6,
// 7.7.
#include "plugins/tsk/directory.h"

#include <doctest/doctest.h>

#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;
using triage::tsk::DirectoryEntry;

namespace {

struct Block {
    Bytes bytes;
    std::size_t at = 0;
    explicit Block(std::size_t size) : bytes(size) {}

    // `length` 0: as long as the name needs.
    Block& put(std::uint32_t inode, std::string_view name, std::size_t length = 0, unsigned type = 1) {
        const std::size_t needed = (8 + name.size() + 3) & ~std::size_t{3};
        put_le(bytes, at, inode, 4);
        put_le(bytes, at + 4, length ? length : needed, 2);
        put_le(bytes, at + 6, name.size(), 1);
        put_le(bytes, at + 7, type, 1);
        put_text(bytes, at + 8, name);
        at += length ? length : needed;
        return *this;
    }
    Block& put_last(std::uint32_t inode, std::string_view name) { return put(inode, name, bytes.size() - at); }

    // "inode:name type" of each; "-" when the block is refused.
    std::string read() const {
        std::vector<DirectoryEntry> entries;
        if (!tsk::read_directory_block(bytes, entries)) return "-";
        std::string text;
        for (const DirectoryEntry& e : entries)
            text += std::to_string(e.inode) + ":" + e.name + " " + std::to_string(e.type) + " ";
        return text;
    }
};

Block sound() {
    Block block(64);
    block.put(2, ".", 0, 2).put(2, "..", 0, 2).put_last(12, "name");
    return block;
}

}  // namespace

TEST_CASE("a block of names gives those in use, in order") {
    CHECK(sound().read() == "2:. 2 2:.. 2 12:name 1 ");
    Block block(64);
    block.put(0, "gone").put(13, "a").put_last(0, "");
    CHECK(block.read() == "13:a 1 ");
}

TEST_CASE("a block of 64 KiB says its whole length as 0 or 65535") {
    for (const std::size_t stored : {0, 65535}) {
        Block block(65536);
        block.put_last(12, "name");
        put_le(block.bytes, 4, stored, 2);
        CHECK(block.read() == "12:name 1 ");
    }
}

TEST_CASE("a block that is no chain of entries from its first byte to its last is refused") {
    CHECK(Block(64).read() == "-");  // zeros
    for (const std::size_t length : {0, 4, 8, 11, 68, 65535}) {
        Block block = sound();
        put_le(block.bytes, 24 + 4, length, 2);  // of the third entry
        CHECK(block.read() == "-");
    }
    Block long_name = sound();
    put_le(long_name.bytes, 24 + 6, 255, 1);  // a name that would end behind its entry
    CHECK(long_name.read() == "-");
    Block short_chain = sound();
    put_le(short_chain.bytes, 24 + 4, 36, 2);  // leaves four bytes
    CHECK(short_chain.read() == "-");
}

TEST_CASE("a directory block that is cut or noise is refused or read within its bounds") {
    const Bytes whole = sound().bytes;
    for (std::size_t size = 1; size < whole.size(); ++size) {
        std::vector<DirectoryEntry> entries;
        const bool ends_an_entry = size == 12 || size == 24;
        CHECK(tsk::read_directory_block(ByteView(whole).first(size), entries) == ends_an_entry);
    }
    for (unsigned seed = 1; seed < 200; ++seed) {
        std::vector<DirectoryEntry> entries;
        tsk::read_directory_block(ewf_test::sample_media(1024, seed), entries);
        CHECK(entries.size() <= 1024 / 12);
    }
}

namespace {

// The specification's figure 2, word for word but for the names.
std::uint16_t entry_set_checksum(const Bytes& entries) {
    std::uint16_t checksum = 0;
    for (std::size_t index = 0; index < entries.size(); index++) {
        if ((index == 2) || (index == 3)) continue;
        checksum = static_cast<std::uint16_t>(((checksum & 1) ? 0x8000 : 0) + (checksum >> 1) +
                                              std::to_integer<std::uint16_t>(entries[index]));
    }
    return checksum;
}

// A File entry, its Stream Extension and `names` File Name entries.
Bytes exfat_set(unsigned names = 1) {
    Bytes set(32 * (2 + names));
    put_le(set, 0, 0x85, 1);
    put_le(set, 1, 1 + names, 1);
    put_le(set, 32, 0xC0, 1);
    for (unsigned i = 0; i < names; ++i) put_le(set, 64 + 32 * i, 0xC1, 1), put_text(set, 66 + 32 * i, "n\0a\0m\0e");
    put_le(set, 2, entry_set_checksum(set), 2);
    return set;
}

struct Records {
    tsk::ExfatSets sets;
    Records& add(const Bytes& records) {
        for (std::size_t at = 0; at < records.size(); at += 32) sets.add(ByteView(records).subspan(at, 32));
        return *this;
    }
    Records& add(unsigned type) {
        Bytes record(32);
        put_le(record, 0, type, 1);
        return add(record);
    }
};

}  // namespace

TEST_CASE("sound entry sets of exFAT are believed, alone and one after the other") {
    Records records;
    records.add(0x83).add(0x81).add(0x82).add(exfat_set()).add(exfat_set(17)).add(0xA0).add(0x05).add(0x40).add(0);
    CHECK(records.sets.bad() == 0);
    CHECK(records.sets.sound() == 2);
    CHECK_FALSE(records.sets.goes_on());
}

TEST_CASE("each byte of an entry set is covered by its checksum") {
    for (std::size_t at = 4; at < 96; ++at) {
        Bytes set = exfat_set();
        set[at] ^= std::byte{0x10};
        CHECK(Records().add(set).sets.bad() > 0);
    }
}

TEST_CASE("an entry set that breaks off is bad, whatever comes in its place") {
    Bytes head = exfat_set();
    head.resize(64);
    CHECK(Records().add(head).sets.bad() == 1);
    CHECK(Records().add(head).add(0x41).sets.bad() == 1);
    CHECK(Records().add(head).add(exfat_set()).sets.bad() == 1);
    CHECK(Records().add(head).add(0).sets.bad() == 1);
    Bytes no_stream = exfat_set();
    no_stream.erase(no_stream.begin() + 32, no_stream.begin() + 64);
    CHECK(Records().add(no_stream).sets.bad() > 0);
}

TEST_CASE("records in use that belong to no set, or have no type, are bad") {
    for (const unsigned type : {0x80, 0x84, 0x86, 0x9F, 0xC0, 0xC1, 0xFF}) CHECK(Records().add(type).sets.bad() == 1);
    for (const unsigned count : {0, 1, 19, 255}) {
        Bytes file(32);
        put_le(file, 0, 0x85, 1), put_le(file, 1, count, 1);
        CHECK(Records().add(file).sets.bad() == 1);
    }
}

TEST_CASE("a record in use behind the end of an exFAT directory says that a part is lost") {
    CHECK(Records().add(exfat_set()).add(0).add(exfat_set()).sets.goes_on());
    CHECK_FALSE(Records().add(exfat_set()).add(0).add(0).add(0x05).sets.goes_on());
}

namespace {

struct UfsBlock {
    Bytes bytes = Bytes(512);
    std::size_t at = 0;
    UfsBlock() { put(2, 12, ".", 4).put(2, 12, "..", 4).put(5, 20, "name.bin").put(6, 468, "last"); }

    UfsBlock& put(std::uint32_t address, std::size_t length, std::string_view name, unsigned type = 8) {
        put_le(bytes, at, address, 4), put_le(bytes, at + 4, length, 2);
        put_le(bytes, at + 6, type, 1), put_le(bytes, at + 7, name.size(), 1);
        put_text(bytes, at + 8, name);
        at += length;
        return *this;
    }
    UfsBlock with(std::size_t offset, std::uint64_t value, std::size_t size) const {
        UfsBlock other = *this;
        put_le(other.bytes, offset, value, size);
        return other;
    }
    bool is_chain(bool is_big_endian = false, bool has_types = true) const {
        std::vector<DirectoryEntry> entries;
        return tsk::read_ufs_block(bytes, is_big_endian, has_types, entries);
    }
    // "inode:name" of each.
    std::string read(bool is_big_endian = false, bool has_types = true) const {
        std::vector<DirectoryEntry> entries;
        CHECK(tsk::read_ufs_block(bytes, is_big_endian, has_types, entries));
        std::string text;
        for (const DirectoryEntry& e : entries) text += std::to_string(e.inode) + ":" + e.name + " ";
        return text;
    }
};
constexpr std::size_t third = 24;  // record of "name.bin"

}  // namespace

TEST_CASE("a block of a UFS directory gives the names in use") {
    CHECK(UfsBlock().read() == "2:. 2:.. 5:name.bin 6:last ");
    CHECK(UfsBlock().with(third, 0, 4).read() == "2:. 2:.. 6:last ");
    UfsBlock empty;
    empty.bytes = Bytes(512), empty.at = 0;
    empty.put(0, 512, "");
    CHECK(empty.read().empty());
}

TEST_CASE("UFS of the other byte order, and of Solaris, whose names have a length of two bytes") {
    UfsBlock block;
    block.bytes = Bytes(512);
    block.bytes[3] = std::byte{7};  // address
    block.bytes[4] = std::byte{2};  // 512
    block.bytes[7] = std::byte{3};  // length of the name, the low byte of two
    put_text(block.bytes, 8, "abc");
    CHECK(block.read(true, true) == "7:abc ");
    CHECK(block.read(true, false) == "7:abc ");
    CHECK_FALSE(block.is_chain(false, true));
    block.bytes[6] = std::byte{1};  // 259 of two bytes; a type of one
    CHECK(block.is_chain(true, true));
    CHECK_FALSE(block.is_chain(true, false));
}

TEST_CASE("a block of a UFS directory that is no chain of records is refused") {
    UfsBlock zeros;
    zeros.bytes = Bytes(512);
    CHECK_FALSE(zeros.is_chain());
    for (const unsigned length : {0, 4, 8, 16, 21, 22, 24, 484, 492, 65535})  // 20: what the name needs, and what is so
        CHECK_FALSE(UfsBlock().with(third + 4, length, 2).is_chain());
    CHECK(UfsBlock().with(third + 4, 488, 2).is_chain());             // to the end
    CHECK_FALSE(UfsBlock().with(third + 7, 12, 1).is_chain());        // a name longer than its record
    CHECK_FALSE(UfsBlock().with(third + 7, 7, 1).is_chain());         // no zero behind it
    CHECK_FALSE(UfsBlock().with(third + 10, 0, 1).is_chain());        // a zero inside
    CHECK_FALSE(UfsBlock().with(third + 20 + 4, 464, 2).is_chain());  // the last record ends early
}
