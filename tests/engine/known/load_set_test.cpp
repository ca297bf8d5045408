// SPDX-License-Identifier: Apache-2.0
// Lists and sets as a run uses them: the cache, and what is said of age and names.
#include "engine/known/load_set.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "engine/base/error.h"
#include "tests/engine/case/sample_case.h"

namespace triage {

const ListFormat& nsrl2_list();
const ListFormat& plain_list();

namespace {

namespace fs = std::filesystem;
const std::vector<const ListFormat*> formats{&nsrl2_list(), &plain_list()};
const std::string abc = "900150983cd24fb0d6963f7d28e17f72";
const std::string empty_md5 = "d41d8cd98f00b204e9800998ecf8427e";

// A folder with a list and a cache.
struct Bench {
    sample::Folder folder;
    LoadOptions options;
    Bench() { options.cache_folder = folder / "cache/sets"; }

    std::string write(const std::string& name, const std::string& text) const {
        sample::write_file(folder / name, text);
        return folder / name;
    }
    LoadedSet load(const std::string& path) const { return load_set(path, formats, options); }
    std::vector<fs::path> cached() const {
        std::vector<fs::path> sets;
        if (fs::exists(options.cache_folder))
            for (const auto& entry : fs::directory_iterator(options.cache_folder))
                if (entry.path().extension() == ".tks") sets.push_back(entry.path());
        return sets;
    }
};

// Reads a list to which somebody writes meanwhile.
class Overtaken : public ListFormat {
  public:
    std::string_view name() const override { return "overtaken"; }
    std::string_view describes() const override { return "a list that grows"; }
    bool recognises(ListSource&) const override { return true; }
    void read(ListSource& source, const ListOptions& options, const ImportSink& sink) const override {
        std::ofstream(source.path(), std::ios::app) << abc.substr(1) + "0\n";
        plain_list().read(source, options, sink);
    }
};

void date(const std::string& path, std::int64_t seconds) {
    const struct timespec times[2] = {{seconds, 0}, {seconds, 0}};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

constexpr std::int64_t in_2001 = 1'000'000'000;  // 2001-09-09

}  // namespace

TEST_CASE("a cached list says what its import said") {
    const Bench bench;
    const std::string path = bench.write("list.md5", abc + "\n" + empty_md5 + "\n");
    date(path, in_2001);
    const LoadedSet first = bench.load(path), again = bench.load(path);
    CHECK(bench.cached().size() == 1);
    REQUIRE(first.warnings.size() == 2);
    CHECK(again.warnings == first.warnings);
    CHECK(again.set.identity().source_sha256 == first.set.identity().source_sha256);
}

TEST_CASE("another build compiles a list again, and another name is the set's") {
    Bench bench;
    const std::string path = bench.write("list.md5", abc + "\n"), other = bench.write("other.md5", abc + "\n");
    bench.load(path);
    CHECK(bench.load(other).set.identity().name == "other.md5");
    CHECK(bench.cached().size() == 2);
    bench.options.build = "another";
    bench.load(path);
    CHECK(bench.cached().size() == 3);
}

TEST_CASE("a damaged set of the cache is replaced") {
    const Bench bench;
    const std::string path = bench.write("list.md5", abc + "\n");
    bench.load(path);
    const std::string kept = bench.cached().at(0).string();
    const std::string whole = sample::read_file(kept);
    std::string damaged = whole;
    damaged[5000] = static_cast<char>(damaged[5000] ^ 1);
    for (const std::string& bytes : {damaged, whole.substr(0, whole.size() / 2), std::string("no set")}) {
        sample::write_file(kept, bytes);
        CHECK(bench.load(path).set.identity().records_accepted == 1);
        CHECK(sample::read_file(kept) == whole);
    }
}

TEST_CASE("a set of another list in the place of the cached one is replaced") {
    const Bench bench;
    const std::string path = bench.write("list.md5", abc + "\n");
    bench.load(bench.write("other.md5", abc + "\n" + empty_md5 + "\n"));
    const std::string other = bench.cached().at(0).string();
    bench.load(path);
    std::vector<fs::path> both = bench.cached();
    std::erase(both, other);
    fs::copy_file(other, both.at(0), fs::copy_options::overwrite_existing);
    CHECK(bench.load(path).set.identity().records_accepted == 1);
}

TEST_CASE("a list with a file beside it is not cached: the other may change") {
    const Bench bench;
    const std::string list = bench.write(
        "NSRLFile.txt",
        "\"SHA-1\",\"MD5\",\"CRC32\",\"FileName\",\"FileSize\",\"ProductCode\",\"OpSystemCode\",\"SpecialCode\"\n"
        "\"A9993E364706816ABA3E25717850C26C9CD0D89D\",\"900150983CD24FB0D6963F7D28E17F72\",\"352441C2\",\"abc.txt\",3,"
        "7,"
        "\"362\",\"\"\n");
    bench.write("NSRLProd.txt", "\"ProductCode\",\"ProductName\"\n7,\"Editor\"\n");
    CHECK(bench.load(list).set.identity().sources.size() == 2);
    CHECK(bench.cached().empty());
}

TEST_CASE("a list that changes while it is read is not cached as what it was") {
    const Bench bench;
    const std::string path = bench.write("list.md5", abc + "\n");
    const Overtaken overtaken;
    CHECK_THROWS_WITH_AS(load_set(path, {&overtaken}, bench.options), (path + ": changed while it was read").c_str(),
                         Error);
    CHECK(bench.cached().empty());
}

TEST_CASE("a cache that cannot be written is an error that says so") {
    Bench bench;
    bench.write("file", "x");
    bench.options.cache_folder = bench.folder / "file/sets";
    const std::string path = bench.write("list.md5", abc + "\n");
    try {
        bench.load(path);
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(std::string(error.what()).find("the cache cannot be written") != std::string::npos);
    }
}

TEST_CASE("a compiled set that is old or has no name of its own says so when it is used") {
    const Bench bench;
    const std::string path = bench.write("list.md5", abc + "\n"), set = bench.folder / "set.tks";
    date(path, in_2001);
    const auto compile = [&](const std::string& name) {
        ImportOptions options;
        options.name = name;
        const int fd = ::open(set.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
        import_lists({path}, formats, options, fd);
        ::close(fd);
        return load_set(set, formats, {}).warnings;
    };
    CHECK(compile("named") == std::vector<std::string>{set + ": the list is of 2001-09-09: over a year old"});
    CHECK(compile("").size() == 2);
    date(path, std::time(nullptr));
    CHECK(compile("named").empty());
}

TEST_CASE("a list is as old as it says, or else as its file") {
    const auto date_with = [](const std::string& version) {
        SetSource source;
        source.version = version, source.modified = "2026-01-02T03:04:05Z";
        return date_of(source);
    };
    CHECK(date_with("2024-03-01") == "2024-03-01");
    CHECK(date_with("2024.03.1") == "2024-03-01");
    CHECK(date_with("2024-03-01T12:00:00Z") == "2024-03-01");
    for (const char* version : {"", "7", "2.84", "2024", "2024-13-01", "RDS 2024-03-01", "1024-03-01"})
        CHECK(date_with(version) == "2026-01-02");
}

}  // namespace triage
