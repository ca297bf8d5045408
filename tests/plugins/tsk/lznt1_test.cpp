// SPDX-License-Identifier: Apache-2.0
// Streams laid out by hand after [MS-XCA] 2.5, and its own example of 3.3; fixtures/ntfs_compressed.py has whole files.
#include "plugins/tsk/lznt1.h"

#include <doctest/doctest.h>

#include <random>

#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

// The decoded text, or "-".
std::string lznt1(std::string_view stream, std::size_t most = 65536) {
    const auto content = tsk::decode_lznt1(std::as_bytes(std::span(stream)), most);
    return content ? std::string(as_text(*content)) : "-";
}

// A chunk that is stored as it is.
std::string plain(std::string_view content) {
    const auto head = static_cast<std::uint16_t>(0x3000 | (content.size() - 1));
    return std::string{static_cast<char>(head & 0xFF), static_cast<char>(head >> 8)} + std::string(content);
}

// Clusters of 512 bytes, 16 a unit: one stored as it is, one in a cluster, one that is all hole.
struct Attribute {
    TSK_FS_INFO fs{};
    TSK_FS_FILE file{};
    TSK_FS_ATTR attribute{};
    std::vector<TSK_FS_ATTR_RUN> runs = std::vector<TSK_FS_ATTR_RUN>(4);
    Bytes media = ewf_test::sample_media(20 * 512);

    Attribute() {
        fs.block_size = 512;
        file.fs_info = &fs;
        attribute.fs_file = &file;
        attribute.nrd.compsize = 16, attribute.nrd.run = runs.data();
        attribute.nrd.initsize = 3 * 8192;
        put_run(0, 0, 2, 16), put_run(1, 16, 1, 1), put_run(2, 17, 0, 15), put_run(3, 32, 0, 16);
        runs[2].flags = runs[3].flags = TSK_FS_ATTR_RUN_FLAG_SPARSE;
        put_text(media, 512, plain("packed") + "\0\0"s);
    }
    void put_run(std::size_t i, std::uint64_t offset, std::uint64_t address, std::uint64_t clusters) {
        runs[i].offset = offset, runs[i].addr = address, runs[i].len = clusters;
        runs[i].next = i + 1 < runs.size() ? &runs[i + 1] : nullptr;
    }
    // The content, or why not.
    std::pair<std::string, std::string> read(std::uint64_t size) {
        const PlainMedia plain(media);
        tsk::Image image(plain.reader(), 0, media.size());
        std::string content;
        std::string why = tsk::read_compressed(image, attribute, size, [&](ByteView p) { content += as_text(p); });
        return {content, why};
    }
};

}  // namespace

TEST_CASE("the example of the specification is decoded") {
    CHECK(lznt1("\x38\xb0\x88\x46\x23\x20\x00\x20\x47\x20\x41\x00\x10\xa2\x47\x01\xa0\x45\x20\x44\x00\x08\x45\x01"
                "\x50\x79\x00\xc0\x45\x20\x05\x24\x13\x88\x05\xb4\x02\x4a\x44\xef\x03\x58\x02\x8c\x09\x16\x01\x48"
                "\x45\x00\xbe\x00\x9e\x00\x04\x01\x18\x90\x00"sv) ==
          "F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E F# G F# D E F# G F# E D E A "
          "F# F# G A A G F# E D D E F# E D D\0"sv);
}

TEST_CASE("chunks follow each other up to the end mark") {
    const std::string whole(4096, 'a');
    CHECK(lznt1(plain("short") + "\0\0"s + plain("behind the end")) == "short");
    CHECK(lznt1(plain(whole) + plain("short")) == whole + "short");
    CHECK(lznt1("\x04\xB0\x02"
                "a\xFD\x0F"s) == "-");  // 5 bytes are too many
    CHECK(lznt1("\x03\xB0\x02"
                "a\xFC\x0F"s) == std::string(4096, 'a'));
}

TEST_CASE("a stream that is no chain of chunks is broken, not filled up with zeros") {
    CHECK(lznt1(plain("short") + plain("next")) == "-");
    CHECK(lznt1("\x04\x30"
                "cut"sv) == "-");
    CHECK(lznt1("\x02\x20"
                "abc"sv) == "-");  // another signature
    CHECK(lznt1("\x03\xB0\x02"
                "a\x00\x10"sv) == "-");  // a match that reaches back before the chunk
    CHECK(lznt1("\x02\xB0\x02"
                "a\x00"sv) == "-");  // half a match
    CHECK(lznt1("\x03\xB0\x02"
                "a\xFF\x0F"sv) == "-");  // more than a chunk has room for
    CHECK(lznt1("") == "");
    CHECK(lznt1("\x01") == "");
}

TEST_CASE("random streams decode to what they were asked for at most, or are broken") {
    std::mt19937 random(1);
    for (int round = 0; round < 20000; ++round) {
        std::string stream(random() % 64, '\0');
        for (char& c : stream) c = static_cast<char>(random());
        if (stream.size() > 1) stream[1] = static_cast<char>(random() % 2 ? 0xB0 : 0x30);
        CHECK(lznt1(stream, 8192).size() < 8192 + 4096);
    }
}

TEST_CASE("a unit is stored as it is, compressed with a hole behind it, or all hole") {
    Attribute a;
    const std::string stored(as_text(ByteView(a.media).subspan(1024, 8192)));
    CHECK(a.read(3 * 8192) == std::pair(stored, "a compression unit has fewer bytes than its size needs"s));
    a.attribute.nrd.initsize = 8192 + 6;
    const std::string content = stored + "packed" + std::string(8192 - 6, '\0') + std::string(1000, '\0');
    CHECK(a.read(2 * 8192 + 1000) == std::pair(content, ""s));
    CHECK(a.read(100) == std::pair(stored.substr(0, 100), ""s));
    a.attribute.nrd.initsize = -1;
    CHECK(a.read(10) == std::pair(std::string(10, '\0'), ""s));
}

TEST_CASE("runs that are no sequence of units give no content") {
    const auto why = [](auto change) {
        Attribute a;
        change(a);
        return a.read(2 * 8192).second;
    };
    CHECK(why([](Attribute& a) { a.runs[1].offset = 17; }) == "its run list is out of order");
    CHECK(why([](Attribute& a) { a.runs[0].len = 0; }) == "its run list is out of order");
    CHECK(why([](Attribute& a) { a.runs[0].flags = TSK_FS_ATTR_RUN_FLAG_FILLER; }) == "its run list is out of order");
    CHECK(why([](Attribute& a) { a.runs[0].flags = TSK_FS_ATTR_RUN_FLAG_SPARSE; }) ==
          "a compression unit has fewer bytes than its size needs");
    CHECK(why([](Attribute& a) { std::swap(a.runs[1].flags, a.runs[2].flags); }) ==
          "a compression unit goes on behind its hole");
    CHECK(why([](Attribute& a) { a.runs[0].addr = 19; }) == "a run cannot be read");
    CHECK(why([](Attribute& a) { a.runs[0].addr = ~0ull / 512; }) == "a run cannot be read");
    CHECK(why([](Attribute& a) { a.runs[0].next = nullptr; }) ==
          "a compression unit has fewer bytes than its size needs");
    CHECK(why([](Attribute& a) { a.attribute.nrd.compsize = 0; }) == "its compression unit makes no sense");
    CHECK(why([](Attribute& a) { a.attribute.nrd.compsize = ~0u; }) == "its compression unit makes no sense");
}
