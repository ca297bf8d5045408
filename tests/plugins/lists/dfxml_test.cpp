// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "tests/support/list_reading.h"
#include "tests/support/scratch_file.h"

namespace triage {

const ListFormat& dfxml_list();

namespace {

using Lines = std::vector<std::string>;
// Digests of "abc" (RFC 1321, FIPS 180) and of "a".
const std::string md5 = "900150983cd24fb0d6963f7d28e17f72";
const std::string sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d";
const std::string sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const std::string a_md5 = "0cc175b9c0f1b6a831c399e269772661";
const std::string root = R"(<?xml version='1.0' encoding='UTF-8'?>
<dfxml xmlns='http://www.forensicswiki.org/wiki/Category:Digital_Forensics_XML' xmlns:dc='http://purl.org/dc/elements/1.1/'
  xmlns:t='http://example.org/t#' version='1.0'>
)";

std::string list_of(const std::string& objects) { return root + objects + "</dfxml>\n"; }
std::string object(const std::string& inner) { return "<fileobject>" + inner + "</fileobject>\n"; }
std::string digest(const std::string& type, const std::string& hex) {
    return "<hashdigest type='" + type + "'>" + hex + "</hashdigest>";
}
const std::string good = object("<filename>x</filename>" + digest("md5", md5));

Lines records(const std::string& objects) {
    const auto reading = test::read_list(dfxml_list(), list_of(objects));
    CHECK(reading.rejected() == Lines{});
    return reading.lines();
}
// The reason without the byte, of a list with nothing good in it.
Lines rejected(const std::string& objects) {
    const auto reading = test::read_list(dfxml_list(), list_of(objects));
    CHECK(reading.lines() == Lines{});
    Lines whys = reading.rejected();
    for (std::string& why : whys) why = why.substr(0, why.find(" (object"));
    return whys;
}
// Why reading of `text` ended, after how many records.
std::pair<std::size_t, std::string> ended(const std::string& text) {
    const auto reading = test::read_list(dfxml_list(), text);
    REQUIRE(reading.rejections.size() == 1);
    const std::string why = reading.rejected()[0];
    CHECK(why.ends_with("; reading ended here"));
    const std::string start = why.substr(0, why.find("at byte"));
    return {reading.records.size(), start + why.substr(why.rfind(": ") + 2, why.rfind(';') - why.rfind(": ") - 2)};
}

}  // namespace

TEST_CASE("a fileobject is one record with its digests, size and name") {
    CHECK(records("<volume offset='0'>" +
                  object("<filename>a &amp; &lt;b&gt;</filename><filesize> 3\n</filesize>" + digest("md5", md5) +
                         digest("SHA1", sha1) + digest("sha-256", " " + sha256 + "\n") + digest("sha512", "00")) +
                  "</volume>" + object("<md5>" + md5 + "</md5><filename>b</filename>")) ==
          Lines{"1 md5 " + md5 + " sha1 " + sha1 + " sha256 " + sha256 + " size 3 label a & <b>",
                "2 md5 " + md5 + " label b"});
}

TEST_CASE("what stands deeper in a fileobject or in another namespace is not the file's") {
    CHECK(records(
              object("<filename>f</filename><parent_object><filename>p</filename><filesize>9</filesize></parent_object>"
                     "<byte_runs><byte_run len='1'>" +
                     digest("md5", a_md5) + "</byte_run></byte_runs><byte_run>" + digest("sha1", sha1) +
                     "</byte_run><t:filesize>x</t:filesize><t:hashdigest type='md5'>" + a_md5 + "</t:hashdigest>" +
                     digest("md5", md5))) == Lines{"1 md5 " + md5 + " label f"});
    CHECK(records("<t:fileobject>" + digest("md5", md5) + "</t:fileobject>" + digest("md5", md5)) == Lines{});
    CHECK(records(object("<filename>o</filename>" + object("<filename>i</filename>" + digest("md5", a_md5)) +
                         digest("md5", md5))) == Lines{"2 md5 " + a_md5 + " label i", "1 md5 " + md5 + " label o"});
}

TEST_CASE("directories, and empty files without digest, are passed over") {
    CHECK(records(object("<name_type>d</name_type><meta_type>2</meta_type>" + digest("md5", md5)) +
                  object("<name_type>V</name_type><filesize>0</filesize>") + object("<filesize>0</filesize>") +
                  object("<name_type>r</name_type><meta_type>1</meta_type>" + digest("md5", md5))) ==
          Lines{"4 md5 " + md5});
}

TEST_CASE("bad fileobjects are rejected with number and reason, and reading goes on") {
    CHECK(rejected(object(digest("md5", "90")) + object(digest("md5", sha1)) +
                   object(digest("md5", "x" + md5.substr(1))) + object("<filesize>3</filesize>") + object("") +
                   object(digest("md5", md5) + digest("md5", a_md5)) +
                   object(digest("md5", md5) + "<filename>a</filename><filename>b</filename>") +
                   object(digest("md5", md5) + "<filesize>1</filesize><filesize>2</filesize>") +
                   object(digest("md5", md5) + "<filename>" + std::string(2 << 20, 'x') + "</filename>")) ==
          Lines{"1: no digest: 32, 40 or 64 hexadecimal digits expected, 2 found",
                "2: a digest is not as long as its name demands", "3: no digest: a character is no hexadecimal digit",
                "4: no digest", "5: no digest", "6: it has two different digests of one kind", "7: it has two names",
                "8: it has two sizes", "9: a text is longer than 1 MiB"});
    for (const std::string size : {"-1", "1.5", "x", "9223372036854775808", "1 2"})
        CHECK(rejected(object(digest("md5", md5) + "<filesize>" + size + "</filesize>")) ==
              Lines{"1: the size is no number"});
    const auto reading = test::read_list(dfxml_list(), list_of(object(digest("md5", "90")) + good));
    CHECK(reading.lines() == Lines{"2 md5 " + md5 + " label x"});
}

TEST_CASE("broken DFXML keeps the records before the break and says where reading ended") {
    using Ended = std::pair<std::size_t, std::string>;
    CHECK(ended(root + good) == Ended{1, "2: XML ends or breaks it is cut short"});
    CHECK(ended(root + good + "<fileobject><file") == Ended{1, "2: XML ends or breaks it is cut short"});
    CHECK(ended(root + good + "</volume>") == Ended{1, "2: XML ends or breaks no valid XML"});
    CHECK(ended(root + good + std::string(1, '\0') + "</dfxml>") == Ended{1, "2: XML ends or breaks no valid XML"});
    CHECK(ended(root + good + "\xFF</dfxml>") == Ended{1, "2: XML ends or breaks no valid XML"});
    CHECK(ended(list_of(good) + "<x/>") == Ended{1, "2: XML ends or breaks no valid XML"});
    CHECK(ended("<html>" + good + "</html>") == Ended{0, "1: XML ends or breaks the root is no dfxml"});
    CHECK(ended("") == Ended{0, "1: XML ends or breaks it is cut short"});
    std::string deep;
    for (int i = 0; i < 100000; ++i) deep += "<a>";
    CHECK(ended(root + good + deep) == Ended{1, "2: XML ends or breaks nested deeper than 64"});
}

TEST_CASE("entities are not expanded and the parser's memory is bounded") {
    const auto why = [](const std::string& text) { return ended(text).second; };
    CHECK(why("<!DOCTYPE dfxml [<!ENTITY a 'x'><!ENTITY b '&a;&a;'>]><dfxml>&b;</dfxml>") ==
          "1: XML ends or breaks it declares entities");
    CHECK(why("<!DOCTYPE dfxml [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><dfxml>&a;</dfxml>") ==
          "1: XML ends or breaks it declares entities");
    const std::string too_much = "2: XML ends or breaks a tag is too long, or there are too many kinds of them";
    CHECK(why(root + good + "<a b='" + std::string(100 << 20, 'x') + "'/></dfxml>") == too_much);
    std::string kinds;
    for (int i = 0; i < 400000; ++i) kinds += "<element_number_" + std::to_string(i) + "/>";
    CHECK(why(root + good + kinds + "</dfxml>") == too_much);
    // A document type without entities, as fiwalk can write it.
    CHECK(test::read_list(dfxml_list(), "<!DOCTYPE dfxml [<!ELEMENT dfxml (fileobject)*>]><dfxml>" + good + "</dfxml>")
              .records.size() == 1);
}

TEST_CASE("an exception of whoever takes the records passes unharmed") {
    test::TextSource source(list_of(good + good));
    const ImportSink sink{[](KnownRecord) { throw std::runtime_error("full"); }, [](Rejection) {}, [](ListSays) {}};
    CHECK_THROWS_WITH(dfxml_list().read(source, {}, sink), "full");
}

TEST_CASE("DFXML is recognised by its root") {
    CHECK(test::recognises(dfxml_list(), root));
    CHECK(test::recognises(dfxml_list(), "\xEF\xBB\xBF" + root + good));
    CHECK(test::recognises(dfxml_list(), "\r\n<d:dfxml xmlns:d='u'>"));
    CHECK(test::recognises(dfxml_list(), "<!-- x -->\n<fiwalk xmloutputversion='0.3'>"));
    for (const std::string text : {"", "<", "<?xml version='1.0'?>", "<html><dfxml>", "dfxml", "{\"a\":\"<dfxml>\"}"})
        CHECK_FALSE(test::recognises(dfxml_list(), text));
}

TEST_CASE("damaged DFXML is read to its end or says where it ended") {
    const std::string seed =
        list_of("<source><image_filename>a/b.E01</image_filename></source><volume>" +
                object("<filename>a&amp;b</filename><filesize>3</filesize>" + digest("md5", md5) +
                       "<byte_runs><byte_run>" + digest("md5", a_md5) + "</byte_run></byte_runs>") +
                "</volume>" + object(digest("sha256", sha256)));
    for (unsigned i = 0; i < 3000; ++i) {
        const std::string text = i % 4 == 0 ? root + test::random_bytes(i) : test::mutated(seed, i);
        test::recognises(dfxml_list(), text);
        const auto reading = test::read_list(dfxml_list(), text);
        for (const KnownRecord& record : reading.records) REQUIRE_FALSE(record.digests.algorithms().empty());
    }
}

TEST_CASE("the shared DFXML sample gives its file, and the list names its image and date") {
    const auto text = test::file_text(test::shared_path("reference/outputs/example.dfxml.xml"));
    if (!text) {
        MESSAGE("SKIPPED: no shared samples at " << test::shared_path("reference/outputs") << "; set TRIAGE_SHARED");
        return;
    }
    CHECK(test::recognises(dfxml_list(), *text));
    const auto reading = test::read_list(dfxml_list(), *text);
    CHECK(reading.rejected() == Lines{});
    // Digests of "hello", as in content.tsv.
    CHECK(reading.lines() == Lines{"1 md5 5d41402abc4b2a76b9719d911017c592 sha1 "
                                   "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d sha256 "
                                   "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824 size 5 label "
                                   "docs/hello.txt"});
    CHECK(reading.says.name == "evidence.E01");
    CHECK(reading.says.version == "2024-01-03");
}

}  // namespace triage
