// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/list_reading.h"
#include "tests/support/scratch_file.h"

namespace triage {

const ListFormat& encase_list();

namespace {

using Lines = std::vector<std::string>;
const std::string md5_abc = "900150983cd24fb0d6963f7d28e17f72";
const std::string md5_a = "0cc175b9c0f1b6a831c399e269772661";

std::string utf16(const std::u16string& text) {
    std::string bytes;
    for (const char16_t c : text) {
        bytes += static_cast<char>(c & 0xFF);
        bytes += static_cast<char>(c >> 8);
    }
    return bytes;
}
std::string header(const std::u16string& name, const std::u16string& category = u"") {
    std::string bytes(0x480, '\0');
    bytes.replace(0, 8, std::string("HASH\r\n\xFF\0", 8));
    bytes.replace(0x408, 2 * name.size(), utf16(name));
    bytes.replace(0x458, 2 * category.size(), utf16(category));
    return bytes;
}
std::string entry(const std::string& hex) { return std::string(as_text(*from_hex(hex))) + std::string(2, '\0'); }
const std::string zeros(18, '\0');

}  // namespace

TEST_CASE("an EnCase entry is a record with the set's name and category, at its offset") {
    const auto reading = test::read_list(encase_list(), header(u"Set A", u"Notable") + entry(md5_abc) + entry(md5_a));
    CHECK(reading.lines() ==
          Lines{"1152 md5 " + md5_abc + " category Set A:Notable", "1170 md5 " + md5_a + " category Set A:Notable"});
    CHECK(reading.rejected().empty());
    CHECK(reading.says.name == "Set A");
}

TEST_CASE("an EnCase name becomes UTF-8; halves of surrogates are replaced; full fields need no zero") {
    const auto name = [](const std::u16string& text) { return test::read_list(encase_list(), header(text)).says.name; };
    CHECK(name(u"\u00FC\u20AC\U0001F600") == "\u00FC\u20AC\U0001F600");
    CHECK(name(std::u16string{0xD800, u'a', 0xDC00}) == "\uFFFDa\uFFFD");
    CHECK(name(std::u16string(40, u'n')) == std::string(40, 'n'));
    CHECK(name(u"") == "");
}

TEST_CASE("the end of an EnCase list within an entry or its header is rejected") {
    const std::string whole = header(u"x") + entry(md5_abc);
    auto reading = test::read_list(encase_list(), whole + entry(md5_a).substr(0, 17));
    CHECK(reading.records.size() == 1);
    CHECK(reading.rejected() == Lines{"1170: the list ends within an entry"});
    CHECK(test::read_list(encase_list(), whole.substr(0, 0x47F)).rejected() ==
          Lines{"1151: the list ends within its header"});
    CHECK(test::read_list(encase_list(), "HASH").rejected() == Lines{"0: no EnCase hash set"});
}

TEST_CASE("zeros at the end of an EnCase list are padding, before other entries they are rejected") {
    auto reading = test::read_list(encase_list(), header(u"") + entry(md5_a) + zeros + zeros + std::string(5, '\0'));
    CHECK(reading.records.size() == 1);
    CHECK(reading.rejected().empty());
    reading = test::read_list(encase_list(), header(u"") + zeros + zeros + entry(md5_a) + zeros + entry(md5_abc));
    CHECK(reading.lines() == Lines{"1188 md5 " + md5_a, "1224 md5 " + md5_abc});
    CHECK(reading.rejected() == Lines{"1152: entries of zeros", "1206: entries of zeros"});
}

TEST_CASE("an EnCase list longer than a block is read whole") {
    std::string list = header(u"many");
    for (unsigned i = 0; i < 10000; ++i) {
        std::string hex = md5_abc.substr(0, 24) + std::to_string(10000000 + i);
        list += entry(hex);
    }
    const auto reading = test::read_list(encase_list(), list);
    REQUIRE(reading.records.size() == 10000);
    CHECK(reading.records.back().position == 0x480 + 9999 * 18);
    CHECK(reading.records.back().digests.md5->hex() == md5_abc.substr(0, 24) + "10009999");
}

TEST_CASE("EnCase lists are recognised by their first eight bytes") {
    CHECK(test::recognises(encase_list(), header(u"x")));
    CHECK_FALSE(test::recognises(encase_list(), "HASH\r\n\xFF"));
    CHECK_FALSE(test::recognises(encase_list(), "HASH\n"));
    CHECK_FALSE(test::recognises(encase_list(), ""));
}

TEST_CASE("damaged EnCase lists are read to their end") {
    const std::string seed = header(u"x", u"y") + entry(md5_abc) + zeros + entry(md5_a);
    for (unsigned i = 0; i < 2000; ++i) {
        const std::string text = i % 4 == 0 ? header(u"") + test::random_bytes(i) : test::mutated(seed, i);
        test::recognises(encase_list(), text);
        const auto reading = test::read_list(encase_list(), text);
        REQUIRE(reading.records.size() + reading.rejections.size() <= text.size() / 18 + 2);
    }
}

TEST_CASE("the shared EnCase hash sets are read whole") {
    for (const auto& [name, size] :
         {std::pair("reference/hashlists/encase.hash", 7), {"evidence/known/encase.hash", 21}}) {
        const auto list = test::file_text(test::shared_path(name));
        if (!list) {
            MESSAGE("skipped: " << name << " is not there");
            continue;
        }
        CHECK(test::recognises(encase_list(), *list));
        const auto reading = test::read_list(encase_list(), *list);
        CHECK(reading.rejected().empty());
        CHECK(reading.records.size() == static_cast<std::size_t>(size));
        CHECK_FALSE(reading.says.name.empty());
        const auto content = test::file_text(test::shared_path("reference/hashlists/content.tsv")).value_or("");
        if (size == 7)
            for (const KnownRecord& record : reading.records)
                CHECK(content.find(record.digests.md5->hex()) != std::string::npos);
    }
}

}  // namespace triage
