// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>

#include "tests/support/list_reading.h"
#include "tests/support/scratch_file.h"

namespace triage {

const ListFormat& tsk_idx_list();

namespace {

using Lines = std::vector<std::string>;
const std::string md5 = "900150983cd24fb0d6963f7d28e17f72";
const std::string sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d";
const std::string sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const std::string header = std::string(41, '0') + "|nsrl\n";
const std::string name_line = std::string(40, '0') + "1|Demo set\n";
const std::string offset = "|0000000000000205";

}  // namespace

TEST_CASE("an index of The Sleuth Kit gives its digests and its list's name") {
    auto reading = test::read_list(tsk_idx_list(), header + name_line + md5 + offset + "\n" + md5 + offset + "\n");
    CHECK(reading.lines() == Lines{"3 md5 " + md5, "4 md5 " + md5});
    CHECK(reading.rejected().empty());
    CHECK(reading.says.name == "Demo set");
    reading = test::read_list(tsk_idx_list(), std::string(41, '0') + ",md5sum\r\n" + sha1 + ",0000000000000000\r\n");
    CHECK(reading.lines() == Lines{"2 sha1 " + sha1});
    CHECK(reading.says.name.empty());
}

TEST_CASE("bad index lines are rejected with line and reason") {
    const auto reading = test::read_list(
        tsk_idx_list(), header + name_line + md5 + offset + "\n" + md5 + "\n" + md5 + "|205\n" + sha1 + offset + "\n" +
                            sha256 + offset + "\n" + md5.substr(1) + offset + "\n" + name_line + "\n" +
                            std::string("a\0b\n", 4) + md5 + "|-000000000000205\n" + md5 + offset.substr(0, 9));
    CHECK(reading.lines() == Lines{"3 md5 " + md5});
    CHECK(reading.rejected() ==
          Lines{"4: no digest and offset with a bar between them", "5: the offset has not 16 digits",
                "6: a digest is not as long as those before it", "7: an index holds MD5 or SHA-1 only",
                "8: no digest: 32, 40 or 64 hexadecimal digits expected, 31 found",
                "9: no digest: 32, 40 or 64 hexadecimal digits expected, 41 found", "11: holds a NUL byte",
                "12: the offset has not 16 digits", "13: the offset has not 16 digits"});
}

TEST_CASE("an index is recognised by its first line") {
    CHECK(test::recognises(tsk_idx_list(), header));
    CHECK_FALSE(test::recognises(tsk_idx_list(), name_line));
    CHECK_FALSE(test::recognises(tsk_idx_list(), std::string(40, '0') + "|nsrl\n"));
    CHECK_FALSE(test::recognises(tsk_idx_list(), std::string(41, '0')));
    CHECK_FALSE(test::recognises(tsk_idx_list(), md5 + offset + "\n"));
    CHECK_FALSE(test::recognises(tsk_idx_list(), ""));
}

TEST_CASE("an index that hfind makes gives the digests of its list") {
    if (std::system("command -v hfind >/dev/null 2>&1") != 0) {
        MESSAGE("skipped: no hfind");
        return;
    }
    const test::ScratchFile list(md5 + "  abc\n5d41402abc4b2a76b9719d911017c592  hello\n");
    REQUIRE(std::system(("hfind -i md5sum " + list.path() + " >/dev/null").c_str()) == 0);
    const auto index = test::file_text(list.path() + "-md5.idx");
    for (const char* suffix : {"-md5.idx", "-md5.idx2"}) ::unlink((list.path() + suffix).c_str());
    REQUIRE(index);
    REQUIRE(test::recognises(tsk_idx_list(), *index));
    const auto reading = test::read_list(tsk_idx_list(), *index);
    CHECK(reading.lines() == Lines{"3 md5 5d41402abc4b2a76b9719d911017c592", "4 md5 " + md5});
    CHECK(reading.rejected().empty());
    CHECK(list.path().ends_with(reading.says.name));
}

TEST_CASE("damaged indexes are read to their end") {
    const std::string seed = header + name_line + md5 + offset + "\n" + md5 + offset + "\r\n";
    for (unsigned i = 0; i < 2000; ++i) {
        const std::string text = i % 4 == 0 ? header + test::random_bytes(i) : test::mutated(seed, i);
        test::recognises(tsk_idx_list(), text);
        const auto reading = test::read_list(tsk_idx_list(), text);
        const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
        REQUIRE(reading.records.size() + reading.rejections.size() <= lines);
        for (const KnownRecord& record : reading.records) REQUIRE_FALSE(record.digests.algorithms().empty());
    }
}

}  // namespace triage
