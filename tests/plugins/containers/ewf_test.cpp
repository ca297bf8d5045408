// SPDX-License-Identifier: Apache-2.0
// What intact EWF images of each form give. Damage: ewf_damage_test.cpp; real images: ewf_oracle_test.cpp.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/support/ewf_writer.h"

namespace triage {
const Container& ewf_container();
}

using namespace triage;
using namespace triage::ewf_test;

namespace {

constexpr std::size_t chunk_size = 2048;

Opened opened(const std::vector<std::string>& paths, std::size_t capacity = 0) {
    auto image = open_files(ewf_container(), paths, capacity);
    REQUIRE_MESSAGE(image, (image ? "" : image.why()));
    return std::move(*image);
}

std::string why(const Result<Opened>& image) { return image ? "opened" : image.why(); }

std::vector<std::string> set_of(const std::string& given, const std::vector<std::string>& names) {
    const Folder folder;
    for (const std::string& name : names) folder.save(name, file_header(1));
    std::vector<std::string> set;
    for (const std::string& path : ewf_container().segment_paths(folder.path(given)))
        set.push_back(std::filesystem::path(path).filename().native());
    return set;
}

using Names = std::vector<std::string>;

Result<Opened> open_bytes(const Bytes& bytes) {
    const Folder folder;
    return open_files(ewf_container(), {folder.save("image.E01", bytes)});
}

}  // namespace

TEST_CASE("every form of EWF gives the bytes that went in") {
    const Bytes media = sample_media(37 * chunk_size + 1024);
    for (const bool is_smart : {false, true})
        for (const Packing packing : {Packing::plain, Packing::deflate, Packing::mixed})
            for (const std::uint32_t chunks_per_segment : {1u, 10u, 1000u})
                for (const bool has_base : {false, true}) {
                    EwfOptions options;
                    options.is_smart = is_smart;
                    options.packing = packing;
                    options.chunks_per_segment = chunks_per_segment;
                    options.has_table_base = has_base;
                    options.has_table2 = has_base;
                    const Folder folder;
                    const char family = is_smart ? 's' : 'E';
                    const Opened image = opened(save_set(folder, write_ewf(media, options), "image", family));
                    const WholeRead whole = read_all(*image.reader);
                    CHECK(whole.flaws.empty());
                    CHECK(whole.bytes == media);
                    CHECK(image.media.problems.empty());
                    CHECK(image.media.map.has_checksums);
                    CHECK(image.media.digests == std::vector<StoredDigest>{{"md5", md5_of(media)}});
                }
}

TEST_CASE("header values have stable names, and the description says what the image is") {
    const Folder folder;
    const Opened image = opened(save_set(folder, write_ewf(sample_media(4 * chunk_size))));
    CHECK(image.media.header == std::vector<HeaderValue>{{"case_number", "case-7"},
                                                         {"evidence_number", "ev-1"},
                                                         {"description", "a disk"},
                                                         {"examiner", "somebody"},
                                                         {"tool_version", "20140813"},
                                                         {"os_version", "Linux"},
                                                         {"acquired", "2014-04-20T07:56:50"},
                                                         {"media_type", "fixed"}});
    CHECK(image.media.format == "ewf");
    CHECK(image.media.description == "EWF-E01, 1 segment, 4 sectors a chunk");
}

TEST_CASE("errors met at acquisition are problems with their sectors") {
    const Folder folder;
    EwfOptions options;
    options.errors = {{3, 2}, {10, 1}};
    const Opened image = opened(save_set(folder, write_ewf(sample_media(8 * chunk_size), options)));
    REQUIRE(image.media.problems.size() == 2);
    CHECK(image.media.problems[0].kind == ProblemKind::unreadable);
    CHECK(image.media.problems[0].first_sector == 3);
    CHECK(image.media.problems[0].sectors == 2);
    CHECK_FALSE(image.media.problems[0].is_lossless);
    CHECK(image.media.problems[1].first_sector == 10);
}

TEST_CASE("more than a thousand acquisition errors are capped, and it is said") {
    const Folder folder;
    EwfOptions options;
    for (std::uint32_t i = 0; i < 1500; ++i) options.errors.emplace_back(i, 1);
    const Opened image = opened(save_set(folder, write_ewf(sample_media(8 * chunk_size), options)));
    const auto& problems = image.media.problems;
    CHECK(std::count_if(problems.begin(), problems.end(),
                        [](const Problem& p) { return p.kind == ProblemKind::unreadable; }) == 1000);
    CHECK(problems.back().kind == ProblemKind::capped);
}

TEST_CASE("any segment finds its set, in either case and past E99") {
    const Names set{"i.E01", "i.E02", "i.E03"};
    for (const std::string& given : set) CHECK(set_of(given, set) == set);
    CHECK(set_of("i.e02", {"i.e01", "i.e02"}) == Names{"i.e01", "i.e02"});
    CHECK(set_of("i.s02", {"i.s01", "i.s02", "i.saa"}) == Names{"i.s01", "i.s02", "i.saa"});
    CHECK(set_of("i.EAA", {"i.E01", "i.E99", "i.EAA", "i.EAB", "i.FAA"}) ==
          Names{"i.E01", "i.E99", "i.EAA", "i.EAB", "i.FAA"});
    CHECK(set_of("i.E01", {"i.E01", "j.E02", "i.E1", "i.s02"}) == Names{"i.E01"});
}

TEST_CASE("neighbours such as image.exe and image.txt are not segments") {
    const Folder folder;
    folder.save("i.E01", file_header(1));
    folder.save("i.exe", as_bytes("MZ"));
    folder.save("i.txt", as_bytes("notes"));
    CHECK(ewf_container().segment_paths(folder.path("i.E01")) == Names{folder.path("i.E01")});
}

TEST_CASE("thousands of segments are read through few descriptors") {
    const std::size_t count = 3000;
    EwfOptions options;
    options.sectors_per_chunk = 1;
    options.chunks_per_segment = 1;
    options.has_table2 = false;
    const Bytes media = sample_media(count * 512);
    const Folder folder;
    const auto paths = save_set(folder, write_ewf(media, options));
    CHECK(std::filesystem::path(paths.back()).extension() == ".IHO");
    const auto found = ewf_container().segment_paths(paths[1234]);
    CHECK(found == paths);
    const Opened image = opened(found, 2);
    const WholeRead whole = read_all(*image.reader);
    CHECK(whole.flaws.empty());
    CHECK(whole.bytes == media);
    CHECK(image.media.problems.empty());
}

// A sparse file: 5 TiB in 327,680 chunks of 16 MiB, of which only two are really there.
TEST_CASE("a media of more than 4 TiB is mapped and read at its far end") {
    EwfOptions options;
    options.sectors_per_chunk = 32768;
    const std::uint64_t chunks = 327'680;
    const std::uint64_t chunk = 32768 * 512;
    const Bytes last = sample_media(chunk, 9);
    const std::uint32_t stride = 64;
    Bytes file = file_header(1);
    const Bytes volume = volume_content(chunks * 32768, options);
    append(file, descriptor("volume", file.size() + 76 + volume.size(), 76 + volume.size()));
    append(file, volume);
    const std::uint64_t sectors_start = file.size();
    Bytes data(chunks * stride);
    append(data, plain_chunk(last));
    append(file, descriptor("sectors", file.size() + 76 + data.size(), 76 + data.size()));
    append(file, data);
    Bytes table = table_header(chunks, sectors_start);
    Bytes entries(chunks * 4 + 4);
    for (std::uint32_t i = 0; i < chunks; ++i)
        put_u32(entries, i * 4, 76 + i * stride + (i + 1 == chunks ? stride : 0));
    seal(entries);
    append(table, entries);
    append(file, descriptor("table", file.size() + 76 + table.size(), 76 + table.size()));
    append(file, table);
    append(file, descriptor("done", file.size(), 0));

    const Folder folder;
    const Opened image = opened({folder.save("image.E01", file)});
    CHECK(image.media.map.media_size == 5ull << 40);
    CHECK(image.media.map.runs.size() == 1);
    CHECK(image.media.problems.empty());
    BlockWindow window;
    Bytes out(chunk);
    CHECK(image.reader->read((5ull << 40) - chunk, out, window).empty());
    CHECK(out == last);
    Bytes few(1000);
    const ReadFlaws flaws = image.reader->read((4ull << 40) + 500, few, window);
    REQUIRE(flaws.size() == 1);
    CHECK(flaws[0].detail == "segment 1, chunk 262144: stored data too short");
}

// EnCase 6.7 went on with 32-bit offsets in one table (Metz, "Table entries offset overflow"). The file is sparse.
TEST_CASE("chunks past 2 GiB of one table are read by their 32-bit offsets") {
    const Bytes media = sample_media(5 * chunk_size);
    const std::uint64_t limit = 1ull << 31;
    const std::vector<std::uint64_t> offsets{1300, 1300 + 3000, limit - 1000, limit + 2000, limit + 5000};
    const Folder folder;
    const std::string path = folder.path("image.E01");
    std::ofstream file(path, std::ios::binary);
    const auto put = [&](std::uint64_t at, const Bytes& bytes) {
        file.seekp(static_cast<std::streamoff>(at));
        file.write(as_text(bytes).data(), static_cast<std::streamsize>(bytes.size()));
    };
    const Bytes volume = volume_content(media.size() / 512, {});
    const std::uint64_t table_start = limit + 10'000;
    put(0, file_header(1));
    put(13, descriptor("volume", 1141, 1128));
    put(89, volume);
    put(1141, descriptor("sectors", table_start, table_start - 1141));
    Bytes entries(4 * 5 + 4);
    for (std::size_t i = 0; i < 5; ++i) {
        put(offsets[i], plain_chunk(ByteView(media).subspan(i * chunk_size, chunk_size)));
        put_u32(entries, 4 * i, static_cast<std::uint32_t>(offsets[i]));
    }
    seal(entries);
    put(table_start, descriptor("table", table_start + 124, 124));
    put(table_start + 76, table_header(5, 0));
    put(table_start + 100, entries);
    put(table_start + 124, descriptor("done", table_start + 124, 0));
    file.close();
    const Opened image = opened({path});
    CHECK(image.media.problems.empty());
    REQUIRE(image.media.map.runs.size() == 2);
    CHECK(image.media.map.runs[1].encoding == Encoding::ewf_table_wide);
    const WholeRead whole = read_all(*image.reader);
    CHECK(whole.flaws.empty());
    CHECK(whole.bytes == media);
}

TEST_CASE("formats that are not supported are recognised and refused with the reason") {
    const auto file = [&](std::string_view signature) {
        Bytes bytes = file_header(1);
        std::copy(as_bytes(signature).begin(), as_bytes(signature).end(), bytes.begin());
        bytes.resize(2000);
        return bytes;
    };
    const Bytes l01 = file({"LVF\x09\x0d\x0a\xff\x00", 8});
    const Bytes ex01 = file({"EVF2\x0d\x0a\x81\x00", 8});
    const Bytes lx01 = file({"LEF2\x0d\x0a\x81\x00", 8});
    for (const Bytes& bytes : {l01, ex01, lx01}) CHECK(ewf_container().recognises("x", bytes));
    CHECK(why(open_bytes(l01)) == "logical evidence (L01) is not supported");
    CHECK(why(open_bytes(ex01)) == "Ex01 not supported");
    CHECK(why(open_bytes(lx01)) == "Lx01 not supported");
    CHECK_FALSE(ewf_container().recognises("image.E01", Bytes(100)));
    CHECK(why(open_bytes(Bytes(100))) == "not an EWF file: no segment has the signature");
    CHECK(why(open_bytes({})) == "not an EWF file: no segment has the signature");
}

TEST_CASE("impossible geometry is refused, not allocated") {
    const auto refusal = [&](EwfOptions options) {
        Bytes file = file_header(1);
        const Bytes volume = volume_content(options.claimed_sectors, options);
        append(file, descriptor("volume", file.size() + 76 + volume.size(), 76 + volume.size()));
        append(file, volume);
        append(file, descriptor("done", file.size(), 0));
        return why(open_bytes(file));
    };
    EwfOptions options;
    options.claimed_sectors = 100;
    options.sectors_per_chunk = 0;
    CHECK(refusal(options) == "0 sectors a chunk");
    options.sectors_per_chunk = 0xffffffff;
    CHECK(refusal(options) == "2199023255040 bytes a chunk is more than the limit of 134217728");
    options.sectors_per_chunk = 64;
    options.bytes_per_sector = 0;
    CHECK(refusal(options) == "0 bytes a sector is not supported");
    options.bytes_per_sector = 512;
    options.claimed_sectors = ~0ull;
    CHECK(refusal(options) == "18446744073709551615 sectors of 512 bytes cannot be addressed");
    options.claimed_sectors = (1ull << 63) / 512 - 1;  // 8 EiB that are not there: nothing is allocated for them
    CHECK(refusal(options) == "opened");
}
