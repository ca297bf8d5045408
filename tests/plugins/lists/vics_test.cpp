// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/support/list_reading.h"
#include "tests/support/scratch_file.h"

namespace triage {

const ListFormat& vics_list();

namespace {

using Lines = std::vector<std::string>;
// Digests of "abc" (RFC 1321, FIPS 180) and of "a".
const std::string md5 = "900150983cd24fb0d6963f7d28e17f72";
const std::string sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d";
const std::string sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const std::string a_md5 = "0cc175b9c0f1b6a831c399e269772661";
const std::string a_sha256 = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
const std::string context =
    R"("@odata.context":"http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media")";

std::string list_of(const std::string& media) { return "{" + context + ",\"value\":[" + media + "]}"; }
std::string with_md5(const std::string& more) { return R"({"MediaID":1,"MD5":")" + md5 + "\"," + more + "}"; }

Lines records(const std::string& media) {
    const auto reading = test::read_list(vics_list(), list_of(media));
    CHECK(reading.rejected() == Lines{});
    return reading.lines();
}
// The reason, without the byte.
Lines rejected(const std::string& media) {
    const auto reading = test::read_list(vics_list(), list_of(media));
    CHECK(reading.lines() == Lines{});
    Lines whys = reading.rejected();
    for (std::string& why : whys) why = why.substr(0, why.find(" (byte"));
    return whys;
}

}  // namespace

TEST_CASE("the digests of a medium are one record with size, category, series and flags") {
    CHECK(records(R"({"MediaID":7,"Category":2,"MD5":"900150983CD24FB0D6963F7D28E17F72","SHA1":")" + sha1 +
                  R"(","AlternativeHashes":[{"HashName":"PhotoDNA","HashValue":"1,2,3"},{"HashValue":")" + sha256 +
                  R"(","HashName":"SHA2-256"}],"MediaSize":3,"Series":"S","Tags":"x, y","IsDistributed":true,)" +
                  R"("VictimIdentified":"True","OffenderIdentified":"false","IsPrecategorized":"true"})") ==
          Lines{"1 md5 " + md5 + " sha1 " + sha1 + " sha256 " + sha256 +
                " size 3 category VICS 2.0 US:2 flags 43 label S"});
}

TEST_CASE("sizes and categories may be strings, absent or null") {
    const std::string start = "1 md5 " + md5;
    CHECK(records(with_md5(R"("MediaSize":"3","Category":"12")")) == Lines{start + " size 3 category VICS 2.0 US:12"});
    for (const std::string more : {R"("Category":null,"MediaSize":null)", R"("Category":"","MediaSize":"")",
                                   R"("SHA1":null,"SHA256":"","Series":null,"IsDistributed":null)",
                                   R"("AlternativeHashes":null,"MediaFiles":[],"Exifs":{})"})
        CHECK(records(with_md5(more)) == Lines{start + " category VICS 2.0 US:"});
    CHECK(records(R"({"SHA256":")" + sha256 + "\"}") == Lines{"1 sha256 " + sha256 + " category VICS 2.0 US:"});
}

TEST_CASE("series and file names each label a record of the same digests") {
    const std::string content = "1 md5 " + md5 + " category VICS 2.0 US:";
    const std::string start = content + " label ", series = content + " flags 32 label ";
    const std::string files = R"("MediaFiles":[{"FileName":"b","MD5":")" + a_md5 +
                              R"("},{"FileName":"a"},{"FileName":"b"},{"FileName":null}])";
    CHECK(records(with_md5(files)) == Lines{start + "b", start + "a"});
    CHECK(records(with_md5(files + R"(,"Series":"S")")) == Lines{series + "S", start + "b", start + "a"});
    CHECK(records(with_md5(R"("Series":"\u00e9 \ud83d\ude00 } ] \" \\")")) ==
          Lines{series + "\xC3\xA9 \xF0\x9F\x98\x80 } ] \" \\"});
    CHECK(records(with_md5("\"Series\":\"\xFF\xE9\"")) == Lines{series + "\xFF\xE9"});
}

TEST_CASE("half a pair of surrogates in a name is no reason to stop, wherever it stands") {
    const std::string start = "1 md5 " + md5 + " category VICS 2.0 US: flags 32 label ", unknown = "\xEF\xBF\xBD";
    CHECK(records(with_md5(R"("Series":"a\ud800b\udc00\ud83d\ude00\\ud800\uD800\ud83d\ude00")")) ==
          Lines{start + "a" + unknown + "b" + unknown + "\xF0\x9F\x98\x80\\ud800" + unknown + "\xF0\x9F\x98\x80"});
    const std::string before = list_of(with_md5("\"Series\":\""));
    for (std::size_t i = 0; i < 40; ++i) {  // the end of the first 256 KiB moves through the text
        const std::string blanks((256u << 10) - before.size() - 30 + i, ' ');
        CHECK(records(blanks + with_md5(R"("Series":"\ud800\\\ud83d\ude00\\\"\u00e9")")) ==
              Lines{start + unknown + "\\\xF0\x9F\x98\x80\\\"\xC3\xA9"});
    }
    CHECK(rejected(with_md5(R"("Series":"\u12x4")")).size() == 1);
}

TEST_CASE("only the medium's own digests count, not those of its files and metadata") {
    CHECK(rejected(R"({"MediaID":1,"MediaFiles":[{"MD5":")" + md5 + R"("}],"Exifs":[{"MD5":")" + md5 + R"("}]})") ==
          Lines{"1: no digest"});
    CHECK(rejected(R"({"MediaID":1,"AlternativeHashes":[{"HashName":"SHA256"},{"HashValue":")" + sha256 + R"("}]})") ==
          Lines{"1: no digest"});
}

TEST_CASE("bad media are rejected with their number and reason, and reading goes on") {
    CHECK(rejected(R"({"MD5":"90"},{"MD5":")" + sha1 + R"("},{"MD5":"x)" + md5.substr(1) + R"("},{"MD5":5},{},)" +
                   R"(7,[{"MD5":")" + md5 + R"("}],null,{"MD5":[")" + md5 + R"("]},{"MD5":{"a":1}})") ==
          Lines{"1: no digest: 32, 40 or 64 hexadecimal digits expected, 2 found",
                "2: a digest is not as long as its name demands", "3: no digest: a character is no hexadecimal digit",
                "4: a digest is no text", "5: no digest", "6: it is no object", "7: it is no object",
                "8: it is no object", "9: an array stands in the place of a value",
                "10: an object stands in the place of a value"});
    CHECK(rejected(with_md5(R"("AlternativeHashes":[{"HashName":"MD5","HashValue":")" + a_md5 + R"("}])")) ==
          Lines{"1: it has two different digests of one kind"});
    for (const std::string size : {"-1", "-5", "1.5", "1e3", "9223372036854775808", "true", R"("x")", R"("3 B")"})
        CHECK(rejected(with_md5("\"MediaSize\":" + size)) == Lines{"1: the size is no number"});
    CHECK(rejected(with_md5("\"Category\":1.5")) == Lines{"1: the category is no integer"});
    CHECK(rejected(with_md5("\"IsDistributed\":\"maybe\"")) == Lines{"1: a flag is neither true nor false"});
    CHECK(rejected(with_md5("\"a\":1,\"b\":2,\"a\":1")) == Lines{"1: a member stands twice"});
    CHECK(rejected(with_md5("\"Series\":\"a\\u0000b\"")) == Lines{"1: a text holds a NUL character"});
    const auto reading = test::read_list(vics_list(), list_of("{\"MD5\":\"90\"},\n" + with_md5("\"x\":1")));
    CHECK(reading.lines() == Lines{"2 md5 " + md5 + " category VICS 2.0 US:"});
    REQUIRE(reading.rejections.size() == 1);
    const std::string at = "(byte " + std::to_string(list_of("").size() - 2) + ")";
    CHECK(reading.rejections[0].why.ends_with(at));
}

TEST_CASE("a text far over 1 MiB costs its medium only where the text matters") {
    const std::string next = "," + with_md5("\"x\":1");
    for (const std::size_t length : {std::size_t{1} << 20, std::size_t{5} << 20, std::size_t{100} << 20}) {
        const std::string text =
            length == 100u << 20 ? std::string(length, 'x') : "\\\\\\\"" + std::string(length, 'x') + "\\\"\\\\";
        const auto wanted = test::read_list(vics_list(), list_of(with_md5("\"Series\":\"" + text + "\"") + next));
        CHECK(wanted.lines() == Lines{"2 md5 " + md5 + " category VICS 2.0 US:"});
        CHECK(wanted.rejections.size() == 1);
        const auto other = test::read_list(vics_list(), list_of(with_md5("\"Thumbnail\":\"" + text + "\"") + next));
        CHECK(other.rejected() == Lines{});
        CHECK(other.records.size() == 2);
    }
    // What may be white space between tokens is not cut.
    const auto blanks =
        test::read_list(vics_list(), list_of(with_md5("\"x\":\"" + std::string(9 << 20, ' ') + "\"") + next));
    CHECK(blanks.records.empty());
    REQUIRE(blanks.rejections.size() == 1);
    CHECK(blanks.rejections[0].why.find("a text or number is too long; reading ended here") != std::string::npos);
    CHECK(records(std::string(3 << 20, ' ') + with_md5("\"x\":1")).size() == 1);
}

TEST_CASE("the list names itself by its context and its latest date") {
    const auto says = [](const std::string& text) {
        const auto reading = test::read_list(vics_list(), text);
        return Lines{reading.says.name, reading.says.version,
                     reading.records.empty() ? "" : reading.records[0].category.set};
    };
    const std::string value = R"("value":[{"MD5":")" + md5 + R"(","DateUpdated":"2024-12-31T00:00:00Z"},{"MD5":")" +
                              md5 + R"(","DateUpdated":"2025-01-02T03:04:05-05:00"},{"MD5":")" + md5 +
                              R"(","DateUpdated":"soon"}])";
    const auto old = [](const std::string& version) {
        return R"("odata.metadata":"http:\/\/github.com\/ICMEC\/ProjectVic\/DataModels\/)" + version + R"(.xml#Media")";
    };
    CHECK(says("{" + context + "," + value + "}") == Lines{"Project VIC 2.0 US", "2025-01-02", "VICS 2.0 US"});
    CHECK(says("{" + value + "," + context + "}") == Lines{"Project VIC 2.0 US", "2025-01-02", "VICS 2.0 US"});
    CHECK(says("{" + old("1.3") + "," + value + "}") == Lines{"Project VIC 1.3", "2025-01-02", "VICS 1.3"});
    CHECK(says("{" + old("1.2") + R"(,"value":[]})") == Lines{"Project VIC 1.2", "", ""});
    CHECK(says("{" + value + "}") == Lines{"Project VIC", "2025-01-02", "VICS"});
    // A context that stands behind the head is too late for the categories.
    CHECK(says("{" + value + "," + std::string(70 << 10, ' ') + context + "}") ==
          Lines{"Project VIC 2.0 US", "2025-01-02", "VICS"});
}

TEST_CASE("in a case export the media of the cases count") {
    const std::string text = R"({"@odata.context":"x/ProjectVic/DataModels/2.0.xml/UK/$metadata#Cases","value":[)"
                             R"({"CaseID":"c","Media":[{"MD5":")" +
                             md5 + R"("},{"MD5":")" + a_md5 + R"("}],"After":1},{"Media":[],"CaseID":"d"}]})";
    CHECK(test::recognises(vics_list(), text));
    const auto reading = test::read_list(vics_list(), text);
    CHECK(reading.rejected() == Lines{});
    CHECK(reading.lines() ==
          Lines{"1 md5 " + md5 + " category VICS 2.0 UK:", "2 md5 " + a_md5 + " category VICS 2.0 UK:"});
}

TEST_CASE("broken JSON keeps the media before the break and says where reading ended") {
    const auto ends = [](const std::string& text) {
        const auto reading = test::read_list(vics_list(), text);
        return std::pair(reading.records.size(), reading.rejected());
    };
    const std::string start = "{\"value\":[" + with_md5("\"x\":1");
    const std::string at = "2: JSON ends or breaks at byte ";
    CHECK(ends(start) == std::pair(std::size_t{1},
                                   Lines{at + std::to_string(start.size()) + ": it is cut short; reading ended here"}));
    CHECK(ends(start + "," + start.substr(10, 20)).second.size() == 1);
    CHECK(ends(start + "}").second == Lines{at + std::to_string(start.size()) + ": no valid JSON; reading ended here"});
    CHECK(ends(start + std::string(1, '\0') + "]}").second ==
          Lines{at + std::to_string(start.size()) + ": no valid JSON; reading ended here"});
    CHECK(ends(start + "]}" + std::string(1, '\0') + "{}").second ==
          Lines{at + std::to_string(start.size() + 2) + ": a NUL byte; reading ended here"});
    CHECK(ends(start + "]}{}").second ==
          Lines{at + std::to_string(start.size() + 2) + ": no valid JSON; reading ended here"});
    const auto deep = ends(start + "," + std::string(100000, '['));
    CHECK(deep.first == 1);
    CHECK(deep.second.back().find("nested deeper than 64; reading ended here") != std::string::npos);
    CHECK(ends("{\"value\":{}}").second == Lines{"1: no array of media under `value`"});
    CHECK(ends("").second.size() == 1);
}

TEST_CASE("a medium with very many files is kept whole or rejected") {
    std::string files;
    for (int i = 0; i < 300000; ++i) files += (i == 0 ? "" : ",") + (R"({"FileName":")" + std::to_string(i)) + "\"}";
    CHECK(rejected(with_md5("\"MediaFiles\":[" + files + "]")) == Lines{"1: it is too large"});
    CHECK(
        records(with_md5("\"MediaFiles\":[" + files.substr(0, files.find(",{\"FileName\":\"100000\"")) + "]")).size() ==
        100000);
}

TEST_CASE("VICS is recognised by its context or by its media") {
    const auto is_vics = [](const std::string& text) { return test::recognises(vics_list(), text); };
    CHECK(is_vics("{" + context + ",\"value\":[]}"));
    CHECK(is_vics("\xEF\xBB\xBF \r\n{\n\t" + context + " ,"));
    CHECK(is_vics("{\"value\":[{\"MediaID\":1,\"Category\":null}]}"));
    CHECK(is_vics("{\"value\":[{\"MediaID\":1,\"MD5\":\"\"},"));
    CHECK(is_vics(R"({"x":{},"odata.metadata":"http://x/y#Media"})"));
    for (const std::string text : {"", "{", "{}", "[]", "{\"value\":[{\"MediaID\":1}]}", "{\"MediaID\":1,\"MD5\":\"\"}",
                                   R"({"a":"\"@odata.context\":\"ProjectVic/DataModels/\""})",
                                   R"({"a":{"@odata.context":"ProjectVic/DataModels/"}})",
                                   R"("@odata.context":"ProjectVic/DataModels/2.0.xml")"})
        CHECK_FALSE(is_vics(text));
}

TEST_CASE("damaged VICS lists are read to their end or say where they ended") {
    const std::string seed = list_of(with_md5(R"("Category":1,"MediaSize":"3","Series":"\u00e9","IsDistributed":true,)"
                                              R"("MediaFiles":[{"FileName":"a","MD5":"x"}],"AlternativeHashes":)"
                                              R"([{"HashName":"SHA256","HashValue":")" +
                                              sha256 + R"("}])") +
                                     ",\n" + with_md5("\"DateUpdated\":\"2025-01-02\""));
    for (unsigned i = 0; i < 3000; ++i) {
        const std::string text = i % 4 == 0 ? "{\"value\":[" + test::random_bytes(i) : test::mutated(seed, i);
        test::recognises(vics_list(), text);
        const auto reading = test::read_list(vics_list(), text);
        for (const KnownRecord& record : reading.records) REQUIRE_FALSE(record.digests.algorithms().empty());
        REQUIRE(reading.records.size() + reading.rejections.size() > 0);
    }
}

TEST_CASE("the shared VICS samples give the digests of content.tsv") {
    const auto key = test::file_text(test::shared_path("reference/hashlists/content.tsv"));
    if (!key) {
        MESSAGE("SKIPPED: no shared samples at " << test::shared_path("reference/hashlists") << "; set TRIAGE_SHARED");
        return;
    }
    struct Sample {
        std::string file, name, version;
        bool has_sha256;
    };
    for (const Sample& sample :
         {Sample{"vics13_media.json", "1.3", "", true}, Sample{"vics20_media.json", "2.0 Default", "2025-01-02", true},
          Sample{"vics20_media_bom_us.json", "2.0 US", "2025-01-02", true},
          Sample{"caid12_media.json", "1.2", "", false}}) {
        CAPTURE(sample.file);
        const auto text = test::file_text(test::shared_path("reference/hashlists/" + sample.file));
        REQUIRE(text);
        CHECK(test::recognises(vics_list(), *text));
        const auto reading = test::read_list(vics_list(), *text);
        CHECK(reading.rejected() == Lines{});
        CHECK(reading.says.name == "Project VIC " + sample.name);
        CHECK(reading.says.version == sample.version);
        Lines expected, found;
        std::istringstream rows(*key);
        std::string row;
        std::getline(rows, row);
        for (int i = 0; std::getline(rows, row);) {
            std::istringstream stream(row);
            Lines f;
            for (std::string field; std::getline(stream, field, '\t');) f.push_back(field);
            if (f[1] == "0") continue;  // the empty file is in none of the JSON lists
            expected.push_back(std::to_string(++i) + " md5 " + f[4] + " sha1 " + f[5] +
                               (sample.has_sha256 ? " sha256 " + f[6] : "") + " size " + f[1]);
        }
        for (std::string line : reading.lines()) {
            CHECK(line.find(" category VICS " + sample.name + ":") != std::string::npos);
            found.push_back(line.substr(0, line.find(" category")));
        }
        CHECK(found == expected);
    }
}

TEST_CASE("the shared lists of the images' files hold each file of their selection with its category") {
    const auto hits = test::file_text(test::shared_path("evidence/known/expected-hits.tsv"));
    if (!hits) {
        MESSAGE("SKIPPED: no shared lists at " << test::shared_path("evidence/known") << "; set TRIAGE_SHARED");
        return;
    }
    std::set<std::string> expected;
    std::istringstream rows(*hits);
    for (std::string row; std::getline(rows, row);) {
        std::istringstream stream(row);
        Lines f;
        for (std::string field; std::getline(stream, field, '\t');) f.push_back(field);
        if (f[0] == "A+B" || f[0] == "B")
            expected.insert("md5 " + f[11] + " sha1 " + f[12] + " size " + f[10] + " category " + f[14]);
    }
    REQUIRE(expected.size() == 15);
    for (const std::string file : {"vics13.json", "vics20.json"}) {
        const auto text = test::file_text(test::shared_path("evidence/known/" + file));
        REQUIRE(text);
        const auto reading = test::read_list(vics_list(), *text);
        CHECK(reading.rejected() == Lines{});
        std::set<std::string> found;
        for (const KnownRecord& r : reading.records) {
            REQUIRE(r.digests.sha1);
            found.insert("md5 " + r.digests.md5->hex() + " sha1 " + r.digests.sha1->hex() + " size " +
                         std::to_string(*r.size) + " category " + r.category.number);
        }
        CHECK(found.size() == 21);  // six are on no image
        CHECK(std::includes(found.begin(), found.end(), expected.begin(), expected.end()));
    }
}

}  // namespace triage
