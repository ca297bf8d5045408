// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "tests/support/list_reading.h"
#include "tests/support/scratch_file.h"

namespace triage {

const ListFormat& entries_list();

namespace {

using Lines = std::vector<std::string>;
// Digests of "abc" (RFC 1321, FIPS 180).
const std::string md5 = "900150983cd24fb0d6963f7d28e17f72";
const std::string sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d";
const std::string sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const std::string where = R"({"evidence":"disk.E01","volume":"p0","fs":"ntfs",)";

std::string entry(const std::string& path, const std::string& more) {
    return where + R"("path":")" + path + R"(","address":"64","kind":"file","state":"allocated",)" + more + "}\n";
}
std::string hashed(const std::string& path, const std::string& hashes) {
    return entry(path,
                 R"("size":3,"times":{"modified":"2024-01-02T03:04:05Z"},"status":"hashed","hashes":{)" + hashes + "}");
}
std::string hash(const std::string& name, const std::string& hex) { return "\"" + name + "\":\"" + hex + "\""; }

Lines rejected(const std::string& text) {
    const auto reading = test::read_list(entries_list(), text);
    CHECK(reading.lines() == Lines{});
    return reading.rejected();
}

}  // namespace

TEST_CASE("an entry's digests are one record with its size and its path and stream") {
    const auto reading = test::read_list(
        entries_list(),
        hashed("/a/\\u00e9.txt", hash("md5", md5) + "," + hash("sha1", sha1) + "," + hash("sha256", sha256)) + where +
            R"("path":"/b","stream":"s","kind":"stream","status":"hashed","size":0,"hashes":{)" + hash("md5", md5) +
            "}}");
    CHECK(reading.rejected() == Lines{});
    CHECK(reading.lines() ==
          Lines{"1 md5 " + md5 + " sha1 " + sha1 + " sha256 " + sha256 + " size 3 label /a/\xC3\xA9.txt",
                "2 md5 " + md5 + " size 0 label /b:s"});
}

TEST_CASE("entries that were not hashed are passed over") {
    const auto reading =
        test::read_list(entries_list(), entry("/a", R"("status":"partial","reason":"read-error","missing_bytes":512)") +
                                            entry("/b", R"("status":"skipped","reason":"size")") + "\n" +
                                            entry("/c", R"("status":"unreadable")") + hashed("/d", hash("md5", md5)));
    CHECK(reading.rejected() == Lines{});
    CHECK(reading.lines() == Lines{"5 md5 " + md5 + " size 3 label /d"});
}

TEST_CASE("bad lines of entries are rejected with number and reason, and reading goes on") {
    CHECK(rejected("x\n{\n[]\n{} {}\n" + hashed("/a", "") + hashed("/a", hash("md5", "90")) +
                   hashed("/a", hash("sha1", md5)) + hashed("/a", "\"md5\":1") + "{}\n" +
                   entry("/a", R"("status":"partial","hashes":{"md5":")" + md5 + "\"}") +
                   hashed("/a", hash("md5", md5) + "," + hash("md5", md5)) + "\"\xFF\n" + std::string(2 << 20, 'x') +
                   "\n" + std::string(1, '\0') + "\n" + std::string(100000, '[')) ==
          Lines{"1: no JSON object: no valid JSON", "2: no JSON object: it is cut short",
                "3: no JSON object: no object", "4: no JSON object: no valid JSON", "5: no digest",
                "6: no digest: 32, 40 or 64 hexadecimal digits expected, 2 found",
                "7: a digest is not as long as its name demands", "8: a digest is no text", "9: no digest",
                "10: it has digests, but its status is not `hashed`", "11: a member stands twice",
                "12: no JSON object: it is cut short", "13: longer than 1 MiB", "14: holds a NUL byte",
                "15: no JSON object: nested deeper than 64"});
    for (const std::string size : {"-1", "1.5", "\"3\"", "9223372036854775808", "true", "[]"}) {
        const auto whys =
            rejected(entry("/a", "\"size\":" + size + R"(,"status":"hashed","hashes":{)" + hash("md5", md5) + "}"));
        CHECK(whys == Lines{size == "[]" ? "1: an array stands in the place of a value" : "1: the size is no number"});
    }
}

TEST_CASE("entries are recognised by a line that is one") {
    CHECK(test::recognises(entries_list(), hashed("/a", hash("md5", md5))));
    CHECK(test::recognises(entries_list(), "\xEF\xBB\xBF" + entry("/a", R"("status":"skipped")")));
    for (const std::string& text :
         {std::string(), std::string("{}\n"), md5 + "\n", std::string("{\"evidence\":\"a\",\"what\":\"locked\"}\n"),
          "{\"path\":\"/a\",\"hashes\":{" + hash("md5", md5) + "}}\n", std::string("{\"value\":[{\"MD5\":\"\"}]}")})
        CHECK_FALSE(test::recognises(entries_list(), text));
}

TEST_CASE("damaged entries are read to their end") {
    const std::string seed =
        hashed("/a", hash("md5", md5)) + entry("/b", R"("status":"skipped")") + hashed("/c", hash("sha1", sha1));
    for (unsigned i = 0; i < 2000; ++i) {
        const std::string text = i % 4 == 0 ? test::random_bytes(i) : test::mutated(seed, i);
        test::recognises(entries_list(), text);
        const auto reading = test::read_list(entries_list(), text);
        const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
        REQUIRE(reading.records.size() + reading.rejections.size() <= lines);
        for (const KnownRecord& record : reading.records) REQUIRE_FALSE(record.digests.algorithms().empty());
    }
}

}  // namespace triage
