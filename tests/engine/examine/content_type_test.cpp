// SPDX-License-Identifier: Apache-2.0
// Files that other programs made are told by tests/cli/rules_test.py; here is what few programs make, and what lies.
#include "engine/examine/content_type.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "engine/examine/content_look.h"
#include "tests/support/scratch_file.h"

using namespace triage;
using namespace std::string_view_literals;

namespace {

std::string_view told(std::string_view start, std::size_t size = 4096) {
    static std::string bytes;
    bytes = std::string(start);
    bytes.resize(std::max(size, start.size()));
    return type_of(as_bytes(bytes));
}

std::string at(std::size_t offset, std::string_view what) { return std::string(offset, '\0') + std::string(what); }

}  // namespace

TEST_CASE("a type is told by the first bytes") {
    CHECK(told("\xFF\xD8\xFF\xE1") == "image/jpeg");
    CHECK(told("\0\0\0\x18"
               "ftypheic"sv) == "image/heic");
    CHECK(told("\0\0\0\x18"
               "ftypavif"sv) == "image/avif");
    CHECK(told("\0\0\0\x18"
               "ftypisom"sv) == "video/mp4");
    CHECK(told("\0\0\0\x14"
               "ftypqt  "sv) == "video/quicktime");
    CHECK(told("\0\0\0\x18"
               "ftyp3gp5"sv) == "video/3gpp");
    CHECK(told("RIFF\1\2\3\4WEBPVP8 ") == "image/webp");
    CHECK(told("RIFF\1\2\3\4AVI LIST") == "video/x-msvideo");
    CHECK(told("\x1A\x45\xDF\xA3\x93\x42\x82\x84webm") == "video/webm");
    CHECK(told("\x1A\x45\xDF\xA3\x93\x42\x82\x88matroska") == "video/x-matroska");
    CHECK(told("II*\0\x10\0\0\0"
               "CR\2\0"sv) == "image/x-canon-cr2");
    CHECK(told(at(257, "ustar\0"sv)) == "application/x-tar");
    CHECK(told(at(32769, "CD001"), 40000) == "application/x-iso9660-image");
    CHECK(told("PK\3\4\x14\0\1\0"sv) == "application/x-zip-encrypted");
    CHECK(told("PK\3\4\x14\0\0\0"sv) == "application/zip");
    // A folder comes first: APPNOTE 4.3.7, 30 bytes, its name of 2 bytes, 1 extra byte.
    const std::string folder("PK\3\4\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2\0\1\0d/x", 33);
    CHECK(told(folder + std::string("PK\3\4\x14\0\1\0", 8)) == "application/x-zip-encrypted");
    CHECK(told(folder + folder + std::string("PK\3\4\x14\0\1\0", 8)) == "application/x-zip-encrypted");
    CHECK(told(folder + std::string("PK\3\4\x14\0\0\0", 8)) == "application/zip");
    CHECK(told(folder) == "application/zip");
    // RAR 4 with plain headers: the main header has 13 bytes, the file header's flag 4 is the password.
    const std::string rar("Rar!\x1A\7\0\1\2\x73\0\0\x0D\0\0\0\0\0\0\0", 20);
    CHECK(told(rar + std::string("\1\2\x74\x04\x80", 5)) == "application/x-rar-encrypted");
    CHECK(told(rar + std::string("\1\2\x74\x20\x80", 5)) == "application/vnd.rar");
    CHECK(told("Rar!\x1A\7\1\0\1\2\3\4\x0D\4"sv) == "application/x-rar-encrypted");
    CHECK(told("Rar!\x1A\7\1\0\1\2\3\4\x0D\1"sv) == "application/vnd.rar");
    // RAR 5 with plain headers: CRC-32, size, type, flags; a file's extra area of three bytes holds the record of type
    // 1 where its content is encrypted. A comment (type 3, two bytes of data) and a folder may come before.
    const std::string rar5("Rar!\x1A\7\1\0\1\2\3\4\3\1\0\0", 16);
    const std::string comment("\1\2\3\4\4\3\2\2\0Hi", 11), folder5("\1\2\3\4\7\2\0\1\0\0\0\0", 12);
    const std::string secret("\1\2\3\4\x0F\2\3\3\x80\1\0\5\0\0\0\1a\2\1\0", 20);
    std::string open = secret, second = secret;
    open[18] = 2;                                                     // the record of a hash
    second[4] = '\x11', second[7] = '\5', second.insert(17, "\1\3");  // behind a record of another type
    for (const std::string& before : {rar5, rar5 + comment, rar5 + folder5, rar5 + folder5 + comment}) {
        CHECK(told(before + secret) == "application/x-rar-encrypted");
        CHECK(told(before + second) == "application/x-rar-encrypted");
        CHECK(told(before + open) == "application/vnd.rar");
        CHECK(told(before + open + secret) == "application/vnd.rar");
        for (std::size_t cut = 0; cut < secret.size(); ++cut)
            CHECK(told(before + secret.substr(0, cut), 0) == "application/vnd.rar");
    }
    // Sizes that lie: of a record, of a header, of the data behind it.
    CHECK(told(rar5 + std::string("\1\2\3\4\7\2\1\3\0\xFF\xFF\1", 12), 0) == "application/vnd.rar");
    CHECK(told(rar5 + std::string("\1\2\3\4\7\2\1\xFF\xFF\xFF\xFF\xFF", 12), 0) == "application/vnd.rar");
    CHECK(told(rar5 + std::string("\1\2\3\4\0\2\1\3", 8), 0) == "application/vnd.rar");
    CHECK(told(rar5 + std::string("\1\2\3\4\x0B\3\2\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 16) + secret) ==
          "application/vnd.rar");
    CHECK(told("Rar!\x1A\7\0\1\2\x73\x80\0"sv) == "application/x-rar-encrypted");
    CHECK(told("LUKS\xBA\xBE\0\2"sv) == "application/x-luks");
    CHECK(told("\xEB\x58\x90-FVE-FS-") == "application/x-bitlocker");
    CHECK(told("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") == "application/x-ole-storage");
    CHECK(told("EVF\x09\x0D\x0A\xFF\0"sv) == "application/x-ewf");
    std::string packets(188 * 4, '\0');
    for (std::size_t i = 0; i < 4; ++i) packets[188 * i] = 'G';
    CHECK(told(packets) == "video/mp2t");
}

TEST_CASE("what only begins like a type is none") {
    CHECK(told("") == "");
    CHECK(type_of({}) == "");
    CHECK(told("\xFF\xD8\xFE") == "");
    CHECK(told("BM are the first letters of this text") == "");
    CHECK(told("G is a letter") == "");
    CHECK(told("RIFF\1\2\3\4XXXX") == "");
    CHECK(told("MZ", 10) == "");
    CHECK(told("AES is a cipher") == "");
}

TEST_CASE("a type is one of those that are listed, whatever the bytes and however few") {
    const std::vector<std::string_view>& types = content_types();
    CHECK(std::is_sorted(types.begin(), types.end()));
    const std::string seeds[] = {"PK\3\4",
                                 "Rar!\x1A\7\1",
                                 "\0\0\0\x18"
                                 "ftyp",
                                 "RIFF0000WEBP",
                                 "\x1A\x45\xDF\xA3",
                                 "BM000000"};
    for (unsigned i = 0; i < 3000; ++i) {
        std::string bytes = i % 2 == 0 ? test::random_bytes(i) : test::mutated(seeds[i / 2 % 6], i);
        for (const std::size_t size : {bytes.size(), bytes.size() / 2, std::size_t{5}}) {
            bytes.resize(std::min(bytes.size(), size));
            const std::string_view type = type_of(as_bytes(bytes));
            REQUIRE((type.empty() || std::binary_search(types.begin(), types.end(), type)));
        }
    }
}

TEST_CASE("an extension promises types, or says nothing") {
    CHECK(extension_of("/a.b/photo.JPG") == "jpg");
    for (const char* path : {"/a.b/c", "/c", "/c.", "", "/c.waytoolong"}) CHECK(extension_of(path).empty());
    CHECK_FALSE(is_other_than_promised("jpg", "image/jpeg"));
    CHECK(is_other_than_promised("jpg", "image/png"));
    CHECK(is_other_than_promised("jpg", ""));
    CHECK(is_other_than_promised("txt", "application/zip"));
    CHECK_FALSE(is_other_than_promised("txt", ""));
    CHECK_FALSE(is_other_than_promised("docx", "application/zip"));
    for (const char* extension : {"", "unheard", "tmp"}) CHECK_FALSE(is_other_than_promised(extension, "image/png"));
}

TEST_CASE("types are the table's or libmagic's, and have the form of RFC 6838") {
    for (const char* word : {"image/jpeg", "image/*", "unknown", "application/*"}) CHECK(is_in_table(word));
    for (const char* word : {"text/plain", "text/*", "image/jpg", "image", "*", "", "Unknown"})
        CHECK_FALSE(is_in_table(word));
    for (const char* type : {"image/jpeg", "application/vnd.ms-excel", "text/x-c++", "application/CDFV2", "x/7z"})
        CHECK(is_mime_type(type));
    for (const std::string& type :
         {std::string(), std::string("text"), std::string("/x"), std::string("text/"), std::string("text/-x"),
          std::string("text/x;a=b"), std::string("text/x y"), std::string("text/x\n"), std::string("text/\xC3\xA4"),
          std::string("a/b\0", 4), "text/" + std::string(128, 'x')})
        CHECK_FALSE(is_mime_type(type));
    for (const std::string_view type : content_types()) CHECK(is_mime_type(type));
}

TEST_CASE("the first bytes are kept where they are asked for, and no more") {
    const std::string all(100'000, 'x');
    for (const std::size_t size : {0u, 1u, 16384u, 16385u, 100'000u}) {
        Bytes first;
        ContentLook look;
        look.begin(false, &first);
        look.add(as_bytes(all.substr(0, size)));
        look.add(as_bytes("and what follows"));
        CHECK(first.size() == (size == 0 ? 16 : std::min<std::size_t>(size, 16384)));
        look.begin(false);
        look.add(as_bytes("another"));
        CHECK(as_text(first).find("another") == std::string_view::npos);
    }
}

TEST_CASE("entropy is that of all bytes, in whatever pieces they come") {
    const auto entropy = [](std::string_view bytes, std::size_t piece) {
        ContentLook look;
        look.begin(true);
        for (std::size_t i = 0; i < bytes.size(); i += piece) look.add(as_bytes(bytes.substr(i, piece)));
        Examined examined;
        look.tell(examined);
        return examined.entropy.value();
    };
    std::string all;
    for (int i = 0; i < 256 * 4; ++i) all += static_cast<char>(i);
    for (const std::size_t piece : {1u, 7u, 1024u}) {
        CHECK(entropy(all, piece) == doctest::Approx(8));
        CHECK(entropy(std::string(1000, 'x'), piece) == doctest::Approx(0));
        CHECK(entropy("aabb", piece) == doctest::Approx(1));
        CHECK(entropy("abcd", piece) == doctest::Approx(2));
    }
    CHECK(entropy("", 1) == doctest::Approx(0));
    ContentLook look;
    look.begin(false);
    look.add(as_bytes("x"));
    Examined examined;
    look.tell(examined);
    CHECK_FALSE(examined.entropy);
}
