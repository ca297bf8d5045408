// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <sstream>
#include <thread>

#include "engine/base/error.h"
#include "engine/hash/hasher.h"
#include "engine/known/load_set.h"
#include "tests/support/known_sets.h"
#include "tests/support/reference_key.h"
#include "tests/support/scratch_file.h"

namespace triage {

const ListFormat& csv_list();
const ListFormat& hashdeep_list();
const ListFormat& md5sum_list();
const ListFormat& plain_list();

namespace {

using test::ScratchFile;
const std::vector<const ListFormat*> formats{&hashdeep_list(), &md5sum_list(), &plain_list()};
const std::string abc = "900150983cd24fb0d6963f7d28e17f72";
const std::string empty_md5 = "d41d8cd98f00b204e9800998ecf8427e";

LoadedSet import_list(const std::string& path, const std::vector<const ListFormat*>& readers, ImportOptions options) {
    LoadOptions load;
    load.import = std::move(options);
    return load_set(path, readers, load);
}

LoadedSet import_text(const std::string& text, ImportOptions options = {}) {
    const ScratchFile file(text);
    return import_list(file.path(), formats, options);
}

// The files of these tests are new, so nothing warns of their age.
constexpr const char* trivial_warning =
    ": digests of the empty file or of one byte repeated were dropped (1 record); they would match files everywhere";

// The message without the file's name, then the advice.
std::string error_of(const std::string& text, ImportOptions options = {}) {
    const ScratchFile file(text);
    try {
        import_list(file.path(), formats, options);
    } catch (const Error& error) {
        const std::string message = error.what();
        REQUIRE(message.starts_with(file.path() + ": "));
        return message.substr(file.path().size() + 2) + (error.advice().empty() ? "" : " | " + error.advice());
    }
    return "";
}

const std::string advice =
    " | this build reads hashdeep: hashdeep 1.0, with sizes; md5sum: md5sum, sha1sum and sha256sum, also in BSD form; "
    "plain: one MD5, SHA-1 or SHA-256 a line";

}  // namespace

TEST_CASE("an imported list knows where it comes from and what became of its records") {
    const std::string text = abc + "\n" + abc + "\n" + empty_md5 + "\nnone!\n";
    const ScratchFile file(text);
    const struct timespec times[2] = {{86400 * 365, 0}, {86400 * 365 + 5, 0}};  // 1971-01-01
    REQUIRE(::utimensat(AT_FDCWD, file.path().c_str(), times, 0) == 0);
    const LoadedSet imported = import_list(file.path(), formats, {.polarity = Polarity::ignorable, .lenient = true});
    const KnownSetIdentity& id = imported.set.identity();
    CHECK(id.name == file.path().substr(5));
    CHECK(id.source_path == file.path());
    CHECK(id.version == "1971-01-01");
    CHECK(id.format == "plain");
    CHECK(id.polarity == Polarity::ignorable);
    CHECK(id.source_sha256 == hash_of(as_bytes(text)).sha256->hex());
    CHECK(id.algorithms.bits() == 1);
    CHECK(id.records_read == 4);
    CHECK(id.records_accepted == 1);
    CHECK(id.records_duplicate == 1);
    CHECK(id.records_rejected == 1);
    CHECK(id.records_trivial == 1);
    REQUIRE(imported.warnings.size() == 3);
    CHECK(imported.warnings[0] == file.path() + trivial_warning);
    CHECK(imported.warnings[1] ==
          file.path() + ": 1 line left out: line 4: no digest: a character is no hexadecimal digit");
    CHECK(imported.warnings[2] == file.path() + ": the list is of 1971-01-01: over a year old");
}

TEST_CASE("a set says who read its lists, and why records were rejected") {
    ImportOptions options;
    options.lenient = true, options.importer = "9.8.7";
    const KnownSetIdentity identity = import_text(abc + "\nx\ny\n" + abc.substr(1) + "\n", options).set.identity();
    CHECK(identity.sources.at(0).importer == "9.8.7");
    std::uint64_t rejected = 0;
    for (const auto& [reason, count] : identity.rejected_by_reason) rejected += count;
    CHECK(rejected == 3);
    CHECK(identity.rejected_by_reason.at("no digest: a character is no hexadecimal digit") == 2);
}

TEST_CASE("the digests of the empty file match nothing, in any algorithm") {
    const LoadedSet imported = import_text(empty_md5 +
                                           "  a\nda39a3ee5e6b4b0d3255bfef95601890afd80709  b\n"
                                           "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855  c\n" +
                                           abc + "  d\n");
    CHECK(imported.set.identity().records_trivial == 3);
    CHECK(test::matches_in(imported.set, hash_of({}), 0).empty());
    CHECK(test::matches_in(imported.set, hash_of(as_bytes("abc")), 3).size() == 1);
}

TEST_CASE("a tied record loses only the empty file's digest, and that is said") {
    const LoadedSet imported = import_text("%%%% HASHDEEP-1.0\n%%%% size,md5,sha1,filename\n3," + empty_md5 +
                                           ",a9993e364706816aba3e25717850c26c9cd0d89d,x\n");
    CHECK(imported.set.identity().algorithms.bits() == 2);
    CHECK(imported.set.identity().records_accepted == 1);
    REQUIRE(imported.warnings.size() == 1);
    CHECK(imported.warnings[0].find("1 record mixed such a digest") != std::string::npos);
}

TEST_CASE("without lenient the first bad lines end the import and are named") {
    CHECK(error_of(abc + "\nnone!\n" + abc + "\n" + abc + "  x\n") ==
          "lines of the list cannot be read: line 1: no name stands with the digest; line 2: neither \"DIGEST  name\" "
          "nor \"ALGORITHM (name) = DIGEST\"; line 3: no name stands with the digest | mend them, or give "
          "--lenient to leave them out");
    std::string many = abc + "\n";
    for (int i = 0; i < 100; ++i) many += "x\n";
    const std::string message = error_of(many);
    CHECK(message.find("line 6: ") != std::string::npos);
    CHECK(message.find("line 7: ") == std::string::npos);
    CHECK(message.find("(reading ended here)") != std::string::npos);
    CHECK(import_text(many, {.lenient = true}).set.identity().records_rejected == 100);
}

TEST_CASE("a record whose category or label is longer than any is rejected") {
    const auto rejected = [](const std::string& category, const std::string& label) {
        const ScratchFile file("md5,category,label\n" + abc + "," + category + "," + label + "\n" +
                               empty_md5.substr(1) + "0,1,x\n");
        return import_list(file.path(), {&csv_list()}, {.lenient = true}).set.identity().records_rejected;
    };
    CHECK(rejected(std::string(256, 'c'), "x") == 0);
    CHECK(rejected(std::string(257, 'c'), "x") == 1);
}

TEST_CASE("what is no list is refused with the formats that are read") {
    const std::string no_list = "is no hash list that this build reads" + advice;
    CHECK(error_of("{\"value\": [{\"MD5\": \"" + abc + "\"}]}") == no_list);
    CHECK(error_of("md5,sha1\n" + abc + "," + abc + "\n") == no_list);
    CHECK(error_of("SQLite format 3" + std::string(4096, '\0')) == no_list);
    CHECK(error_of("a letter\nto a friend\n") == no_list);
    CHECK(error_of("# only\n# comments\n") == no_list);
    CHECK(error_of(abc.substr(1) + "\n") == no_list);
    CHECK(error_of(std::string(3 << 20, 'a')) == no_list);
    CHECK(error_of(std::string("\xFF\xFE"
                               "9\0"
                               "0\0",
                               6)) == "is UTF-16 text | save the list as UTF-8; " + advice.substr(3));
}

TEST_CASE("a list without a usable record is refused") {
    CHECK(error_of("") == "the list is empty");
    CHECK(error_of("\xEF\xBB\xBF\r\n\n ") == "the list is empty");
    CHECK(error_of(empty_md5 + "\n") ==
          "the list holds no usable record: only digests of the empty file or of one byte repeated | give "
          "--keep-trivial to import them all the same");
    CHECK(error_of("%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n") == "the list holds no record");
    CHECK(error_of("%%%% HASHDEEP-1.0\n%%%% size,md5,filename\nx\n", {.lenient = true}) ==
          "the list holds no usable record: line 3: not as many fields as columns");
}

TEST_CASE("a list that cannot be read is an error that names it") {
    CHECK_THROWS_WITH_AS(import_list("/no/such/list.txt", formats, {}),
                         "/no/such/list.txt: the list cannot be read: No such file or directory", Error);
    CHECK_THROWS_WITH_AS(import_list("/tmp", formats, {}), "/tmp: the list cannot be read: Is a directory", Error);
}

TEST_CASE("a list may come through a pipe") {
    const std::string path = "/tmp/triage-test-pipe-" + std::to_string(::getpid());
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += fmt::format("{:032x}\n", i + 1);
    std::thread writer([&] { std::ofstream(path) << text; });
    const LoadedSet imported = import_list(path, formats, {});
    writer.join();
    ::unlink(path.c_str());
    CHECK(imported.set.identity().records_accepted == 20'000);
    CHECK(imported.set.identity().source_sha256 == hash_of(as_bytes(text)).sha256->hex());
}

// ---- The shared samples: the same contents in every format ----

namespace {

struct Content {
    std::string name;
    std::uint64_t size = 0;
    Digests digests;
};

std::vector<Content> shared_contents() {
    std::vector<Content> contents;
    for (const std::vector<std::string>& fields : test::reference_key()) {
        Content content{fields.at(0), std::stoull(fields.at(1)), {}};
        for (const int column : {4, 5, 6}) content.digests.set(*Digest::parse(fields.at(column)));
        contents.push_back(content);
    }
    return contents;
}

}  // namespace

TEST_CASE("each shared sample list matches exactly the contents that it lists") {
    const auto contents = shared_contents();
    if (contents.empty()) {
        MESSAGE("SKIPPED: no shared samples at " << test::shared_path("reference/hashlists") << "; set TRIAGE_SHARED");
        return;
    }
    REQUIRE(contents.size() == 7);
    struct Sample {
        const char *file, *format;
        std::uint8_t algorithms;
        bool has_sizes;
    };
    for (const Sample& sample :
         {Sample{"md5sum.txt", "md5sum", 1, false}, Sample{"md5sum-bsd.txt", "md5sum", 1, false},
          Sample{"sha256sum.txt", "md5sum", 4, false}, Sample{"hashdeep.txt", "hashdeep", 5, true}}) {
        CAPTURE(sample.file);
        const LoadedSet imported =
            import_list(test::shared_path(std::string("reference/hashlists/") + sample.file), formats, {});
        CHECK(imported.set.identity().format == sample.format);
        CHECK(imported.set.identity().algorithms.bits() == sample.algorithms);
        CHECK(imported.set.identity().records_accepted == 4);
        CHECK(imported.set.identity().records_trivial == 3);
        for (const Content& content : contents) {
            const auto found = test::matches_in(imported.set, content.digests, content.size);
            const bool is_trivial = content.size == 0 || content.size >= 512;  // one byte repeated
            REQUIRE(found.size() == (is_trivial ? 0 : 1));
            if (found.empty()) continue;
            CHECK(found[0].label == "docs/" + content.name);
            CHECK(found[0].agrees.bits() == sample.algorithms);
            CHECK(found[0].differs.empty());
            CHECK(found[0].size_agrees == (sample.has_sizes ? std::optional(true) : std::nullopt));
        }
    }
}

TEST_CASE("shared lists of other formats are refused as no list") {
    if (!test::file_text(test::shared_path("reference/hashlists/content.tsv"))) {
        MESSAGE("SKIPPED: no shared samples; set TRIAGE_SHARED");
        return;
    }
    for (const char* file :
         {"NSRLFile.txt", "plain.csv", "rdsv3_minimal.db", "hashkeeper.hsh", "encase.hash", "tsk.kdb",
          "vics20_media.json", "vics20_media_bom_us.json", "caid12_media.json", "content.tsv"}) {
        CAPTURE(file);
        CHECK_THROWS_AS(import_list(test::shared_path(std::string("reference/hashlists/") + file), formats, {}), Error);
    }
}

TEST_CASE("the shared lists of one selection hold the same contents") {
    const std::string folder = test::shared_path("evidence/known/");
    if (!test::file_text(folder + "md5-plain.txt")) {
        MESSAGE("SKIPPED: no shared lists at " << folder << "; set TRIAGE_SHARED");
        return;
    }
    for (const char* file : {"md5-plain.txt", "md5sum.txt", "sha1sum.txt", "sha256sum.txt", "hashdeep.txt"}) {
        CAPTURE(file);
        const LoadedSet imported = import_list(folder + file, formats, {});
        CHECK(imported.set.identity().records_accepted == 35);
        CHECK(imported.warnings.empty());
    }
    CHECK(import_list(folder + "md5-plain-upper-crlf-bom.txt", formats, {}).set.identity().records_accepted == 21);
}

}  // namespace triage
