// SPDX-License-Identifier: Apache-2.0
// Directory records laid out by hand after ECMA-119 9.1, system use entries after SUSP 1.12 (5.1, 5.3) and RRIP 1.12
// (4.1.4).
#include "plugins/tsk/iso9660.h"

#include <doctest/doctest.h>

#include "plugins/tsk/content.h"
#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;
using triage::tsk::IsoContent;

namespace {

constexpr std::size_t sector_bytes = 2048;

struct Record {
    std::uint32_t block = 0, size = 0;
    std::string name;
    unsigned flags = 0, attribute_blocks = 0, unit_size = 0;
    std::string system_use{};
};

std::string entry(std::string_view signature, std::string_view data) {
    return std::string(signature) + static_cast<char>(4 + data.size()) + '\1' + std::string(data);
}
std::string long_name(std::string_view name, char flags = 0) { return entry("NM", flags + std::string(name)); }
const std::string rock_ridge = entry("SP", {"\xBE\xEF\0", 3});

// A directory of one sector; the records of itself and its parent come first.
struct Directory {
    Bytes bytes = Bytes(sector_bytes), media = Bytes(64 * sector_bytes);
    std::size_t at = 0;

    explicit Directory(std::string system_use = {}) {
        put({20, sector_bytes, std::string(1, '\0'), 2, 0, 0, std::move(system_use)});
        put({20, sector_bytes, "\1", 2});
    }
    void put(const Record& r) {
        const std::size_t head = (33 + r.name.size() + 1) & ~std::size_t{1};
        put_le(bytes, at, (head + r.system_use.size() + 1) & ~std::size_t{1}, 1);
        put_le(bytes, at + 1, r.attribute_blocks, 1);
        put_le(bytes, at + 2, r.block, 4), put_be(bytes, at + 6, r.block, 4);
        put_le(bytes, at + 10, r.size, 4), put_be(bytes, at + 14, r.size, 4);
        put_le(bytes, at + 25, r.flags, 1), put_le(bytes, at + 26, r.unit_size, 1),
            put_le(bytes, at + 27, r.unit_size, 1);
        put_le(bytes, at + 32, r.name.size(), 1);
        put_text(bytes, at + 33, r.name), put_text(bytes, at + head, r.system_use);
        at += std::to_integer<std::size_t>(bytes[at]);
    }

    struct Opened {
        PlainMedia plain;
        tsk::Image image;
        tsk::IsoRecords records;
        Opened(ByteView media, ByteView bytes) : plain(media), image(plain.reader(), 0, media.size()), records(image) {
            records.open(bytes);
        }
        // What a name that libtsk found at this place has.
        std::optional<IsoContent> take(std::uint64_t block, std::uint64_t size) {
            TSK_DADDR_T address = block;
            TSK_FS_META meta{};
            meta.content_ptr = &address, meta.size = static_cast<TSK_OFF_T>(size);
            return records.take(meta);
        }
        // "block+size" of each section; "-" when no record says so.
        std::string sections(std::uint64_t block, std::uint64_t size) {
            const std::optional<IsoContent> content = take(block, size);
            if (!content) return "-";
            std::string text;
            for (const tsk::IsoSection& s : content->sections)
                text += std::to_string(s.block) + "+" + std::to_string(s.size) + (s.is_interleaved ? "i " : " ");
            return text + (content->is_whole ? "" : "...");
        }
        std::string name(std::uint64_t block, std::uint64_t size) {
            const std::optional<IsoContent> content = take(block, size);
            return content ? content->name : "-";
        }
    };
    Opened open() const { return {media, bytes}; }
    std::string flaw() const { return open().records.flaw(); }
};

constexpr unsigned goes_on = 0x80;

}  // namespace

TEST_CASE("a file in one section is where its record says, and each record answers once") {
    Directory directory;
    directory.put({30, 700, "A.TXT;1"}), directory.put({31, 800, "B.TXT;1"});
    auto opened = directory.open();
    CHECK(opened.records.left() == 2);
    CHECK(opened.sections(30, 700) == "30+700 ");
    CHECK(opened.sections(30, 700) == "-");
    CHECK(opened.sections(31, 801) == "-");
    CHECK(opened.records.left() == 1);
}

TEST_CASE("the sections of a file belong to its first record") {
    Directory directory;
    directory.put({30, 4096, "A.DAT;1", goes_on}), directory.put({40, 2048, "A.DAT;1", goes_on});
    directory.put({50, 10, "A.DAT;1"}), directory.put({51, 20, "B.DAT;1"});
    auto opened = directory.open();
    CHECK(opened.sections(30, 4096) == "30+4096 40+2048 50+10 ");
    CHECK(opened.sections(40, 2048).empty());
    CHECK(opened.sections(50, 10).empty());
    CHECK(opened.sections(51, 20) == "51+20 ");
}

TEST_CASE("a file whose next section does not follow is not whole") {
    Directory directory;
    directory.put({30, 2048, "A.DAT;1", goes_on}), directory.put({31, 20, "B.DAT;1", goes_on});
    auto opened = directory.open();
    CHECK(opened.sections(30, 2048) == "30+2048 ...");
    CHECK(opened.sections(31, 20) == "31+20 ...");
}

TEST_CASE("content stands behind the extended attribute record of its section") {
    Directory directory;
    directory.put({30, 2048, "A.DAT;1", goes_on, 2}), directory.put({40, 5, "A.DAT;1"});
    CHECK(directory.open().sections(30, 2048) == "32+2048 40+5 ");
}

TEST_CASE("a record that gives two places or sizes is found by both, and its content is not believed") {
    Directory directory;
    directory.put({30, 700, "A.TXT;1"}), directory.put({31, 800, "B.TXT;1"}), directory.put({32, 900, "C.TXT;1"});
    Directory folder = directory;
    put_be(directory.bytes, directory.at - 2 * 40 + 6, 40, 4);
    put_be(directory.bytes, directory.at - 40 + 14, 901, 4);
    auto opened = directory.open();
    CHECK_FALSE(opened.take(30, 700)->is_contradictory);
    CHECK(opened.take(40, 800)->is_contradictory);
    CHECK(opened.take(32, 900)->is_contradictory);
    CHECK(opened.records.left() == 0);
    CHECK(opened.records.flaw().empty());  // told with the entries

    folder.put({33, sector_bytes, "D", 2});
    put_be(folder.bytes, folder.at - 34 + 6, 41, 4);
    CHECK(folder.flaw() == "1 of its directories have two places or sizes; names may be missing");
}

TEST_CASE("an interleaved file has no hash, and its record is not called damaged") {
    Directory directory;
    directory.put({30, 4096, "A.DAT;1", 0, 0, 1});
    auto opened = directory.open();
    const std::optional<IsoContent> content = opened.take(30, 4096);
    REQUIRE(content);
    TSK_FS_INFO fs{};
    fs.block_size = sector_bytes;
    tsk::OpenFilesystem open{&fs, opened.image, std::nullopt, std::nullopt, std::nullopt};
    Entry entry;
    CHECK_FALSE(tsk::locate_sections(open, *content, entry).empty());
    CHECK(entry.source == Source::none);
    CHECK(entry.reason == Reason::limit);
    CHECK(entry.extents.empty());
}

TEST_CASE("a section that ends within a block or outside the volume has no content that is believed") {
    using Sections = std::vector<tsk::IsoSection>;
    const std::vector<std::pair<Sections, Reason>> lies{{{{30, 100, false}, {31, 100, false}}, Reason::damaged},
                                                        {{{63, 2049, false}}, Reason::outside_media},
                                                        {{{~0u, ~0u, false}}, Reason::outside_media}};
    for (const auto& [sections, reason] : lies) {
        Directory directory;
        auto opened = directory.open();
        TSK_FS_INFO fs{};
        fs.block_size = sector_bytes;
        tsk::OpenFilesystem open{&fs, opened.image, std::nullopt, std::nullopt, std::nullopt};
        Entry entry;
        tsk::locate_sections(open, {sections, true, false, {}}, entry);
        CHECK(entry.source == Source::none);
        CHECK(entry.reason == reason);
    }
}

TEST_CASE("a Rock Ridge name is that of its NM entries, one after the other") {
    Directory directory(rock_ridge);
    directory.put(
        {30, 1, "A.;1", 0, 0, 0, entry("PX", std::string(32, 'x')) + long_name("a long ", 1) + long_name("name")});
    directory.put({31, 2, "BB.;1", 0, 0, 0, long_name("b")}), directory.put({32, 3, "C.;1"});
    auto opened = directory.open();
    CHECK(opened.name(30, 1) == "a long name");
    CHECK(opened.name(31, 2) == "b");
    CHECK(opened.name(32, 3).empty());
}

TEST_CASE("a Rock Ridge name goes on in the continuation area, and a circle of such areas ends") {
    Directory directory(rock_ridge);
    const auto number = [](std::uint32_t value) {  // in both orders
        std::string text;
        for (int i = 0; i < 4; ++i) text += static_cast<char>(value >> (8 * i));
        return text + std::string(4, '\0');
    };
    const std::string rest = long_name("end");
    directory.put({30, 1, "A.;1", 0, 0, 0,
                   long_name("begin ", 1) +
                       entry("CE", number(50) + number(100) + number(static_cast<std::uint32_t>(rest.size())))});
    put_text(directory.media, 50 * sector_bytes + 100, rest);
    CHECK(directory.open().name(30, 1) == "begin end");

    const std::string circle = long_name("x") + entry("CE", number(50) + number(100) + number(33));
    put_text(directory.media, 50 * sector_bytes + 100, circle);
    CHECK(directory.open().name(30, 1).size() < 100);
    Directory outside(rock_ridge);
    outside.put({30, 1, "A.;1", 0, 0, 0, long_name("a", 1) + entry("CE", number(~0u) + number(~0u) + number(~0u))});
    CHECK(outside.open().name(30, 1) == "a");
}

TEST_CASE("a Rock Ridge name that would leave its directory is not taken") {
    using namespace std::string_view_literals;
    for (const std::string_view name : {"a/b"sv, ".."sv, "."sv, "a\0b"sv}) {
        Directory directory(rock_ridge);
        directory.put({30, 1, "A.;1", 0, 0, 0, long_name(name)});
        CHECK(directory.open().name(30, 1).empty());
    }
}

TEST_CASE("without the mark in the root directory there is no Rock Ridge") {
    Directory directory;
    directory.put({30, 1, "A.;1", 0, 0, 0, long_name("a long name")});
    CHECK(directory.open().name(30, 1).empty());
}

TEST_CASE("the names of a directory stand once a file, without version, in UTF-8") {
    Directory directory;
    directory.put({30, 4096, "A.DAT;1", goes_on}), directory.put({40, 9, "A.DAT;1"});
    directory.put({50, sector_bytes, "SUB", 2});
    directory.put({51, 1, "../up;1"}), directory.put({52, 1, ";1"});
    const auto names = [](const Directory& d, bool is_joliet) {
        std::string text;
        for (const tsk::IsoName& name : d.open().records.names(is_joliet))
            text += name.name + (name.is_directory ? "/ " : "+" + std::to_string(name.content.sections.size()) + " ");
        return text;
    };
    CHECK(names(directory, false) == "A.DAT+2 SUB/ block-51+1 block-52+1 ");
    Directory joliet;
    joliet.put({30, 1, {"\0a\x04\x16\0;\0001", 8}}), joliet.put({31, 1, {"\0b\0", 3}});
    CHECK(names(joliet, true) == "a\xD0\x96+1 b+1 ");
    Directory rock(rock_ridge);
    rock.put({30, 1, "A.;1", 0, 0, 0, long_name("semi;colon")});
    CHECK(names(rock, false) == "semi;colon+1 ");
}

TEST_CASE("each volume descriptor has a root, until one ends them") {
    Bytes media(32 * sector_bytes);
    const auto put = [&](std::size_t sector, unsigned type, std::uint32_t block, std::string_view escape) {
        const std::size_t at = sector * sector_bytes;
        put_le(media, at, type, 1), put_text(media, at + 1, "CD001"), put_text(media, at + 88, escape);
        put_le(media, at + 158, block, 4), put_le(media, at + 166, sector_bytes, 4);
    };
    put(16, 1, 20, ""), put(17, 0, 21, ""), put(18, 2, 22, "%/E"), put(19, 2, 23, ""), put(20, 255, 24, "");
    put(21, 1, 25, "");
    const auto roots = [&] {
        const PlainMedia plain(media);
        tsk::Image image(plain.reader(), 0, media.size());
        std::string text;
        for (const tsk::IsoRoot& root : tsk::IsoRecords(image).roots())
            text += std::to_string(root.block) + (root.is_joliet ? "j " : " ");
        return text;
    };
    CHECK(roots() == "20 22j 23 ");
    put_le(media, 17 * sector_bytes + 1, 0, 1);
    CHECK(roots() == "20 ");
    put_le(media, 16 * sector_bytes + 1, 0, 1);
    CHECK(roots().empty());
}

TEST_CASE("records that are cut, lie about their length or are noise give no more than they hold") {
    Directory directory(rock_ridge);
    directory.put({30, 1, "A.;1", 0, 0, 0, long_name("name")});
    for (std::size_t size = 0; size < directory.at; ++size) {
        Directory::Opened opened(directory.media, ByteView(directory.bytes).first(size));
        CHECK(opened.records.left() == 0);
    }
    for (const unsigned length : {1, 33, 255}) {
        Directory lying = directory;
        put_le(lying.bytes, 32, length, 1);  // the name of the first record
        CHECK(lying.open().records.left() <= 2);
    }
    for (unsigned seed = 1; seed < 100; ++seed) {
        Bytes noise = ewf_test::sample_media(sector_bytes, seed);
        std::copy_n(directory.bytes.begin(), 40, noise.begin());
        Directory::Opened(directory.media, noise).records.names(seed % 2);
    }
}

TEST_CASE("a directory whose records are a chain from its start has no flaw") {
    Directory directory(rock_ridge);
    CHECK(directory.flaw().empty());
    directory.put({30, 700, "A.TXT;1"});
    CHECK(directory.flaw().empty());
    directory.bytes.resize(2 * sector_bytes);  // the second sector is empty
    CHECK(directory.flaw().empty());
    directory.at = sector_bytes;
    directory.put({31, 700, "B.TXT;1"});
    CHECK(directory.flaw().empty());
}

TEST_CASE("a directory from which names may be missing says so") {
    Directory sound;
    sound.put({30, 700, "A.TXT;1"});
    const std::size_t first = sound.at;
    sound.put({31, 700, "B.TXT;1"});

    Directory damaged = sound;
    put_le(damaged.bytes, 33, 'X', 1);
    CHECK(damaged.flaw() == "it does not begin as a directory does");
    damaged = sound;
    put_le(damaged.bytes, first, 0, 1);
    CHECK(damaged.flaw() == "1 of its sectors hold no chain of records; names may be missing");
    damaged = sound;
    put_le(damaged.bytes, first + 32, 200, 1);
    CHECK(damaged.flaw() == "1 of its sectors hold no chain of records; names may be missing");
    damaged = sound;
    damaged.bytes.resize(first + 10);
    CHECK(damaged.flaw() == "its own record says that it is longer; names may be missing");
    damaged.bytes.clear();
    CHECK(damaged.flaw() == "it does not begin as a directory does");
    damaged.bytes = ewf_test::sample_media(3 * sector_bytes);
    CHECK_FALSE(damaged.flaw().empty());
}
