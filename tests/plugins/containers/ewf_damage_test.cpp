// SPDX-License-Identifier: Apache-2.0
// Damaged, incomplete and hostile EWF sets: never a wrong byte without a reported range, never a crash, and what is
// still there is used.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "tests/support/ewf_writer.h"

namespace triage {
const Container& ewf_container();
}

using namespace triage;
using namespace triage::ewf_test;

namespace {

constexpr std::size_t chunk_size = 2048;

// Five segments of four chunks; the last chunk is short.
struct Set {
    Bytes media = sample_media(19 * chunk_size + 1024);
    std::vector<EwfSegment> segments;
    explicit Set(EwfOptions options = {}) {
        options.chunks_per_segment = 4;
        options.chunks_per_table = 2;
        segments = write_ewf(media, options);
    }
};

std::string why(const Result<Opened>& image) { return image ? "opened" : image.why(); }

bool has_problem(const Opened& image, std::string_view words) {
    const auto& problems = image.media.problems;
    return std::any_of(problems.begin(), problems.end(),
                       [&](const Problem& p) { return p.detail.find(words) != std::string::npos; });
}

std::string details(const Opened& image) {
    std::string all;
    for (const Problem& p : image.media.problems) all += p.detail + "\n";
    return all;
}

std::uint64_t bytes_lost(const ReadFlaws& flaws) {
    std::uint64_t lost = 0;
    for (const BadRange& flaw : flaws) lost += flaw.length;
    return lost;
}

Result<Opened> open_bytes(const Folder& folder, const Bytes& bytes) {
    return open_files(ewf_container(), {folder.save("image.E01", bytes)});
}

}  // namespace

TEST_CASE("of a set without its second segment the others are read and the lost sectors named") {
    const Set set;
    const Folder folder;
    auto paths = save_set(folder, set.segments);
    paths.erase(paths.begin() + 1);
    const auto image = open_files(ewf_container(), paths);
    REQUIRE(image);
    const WholeRead whole = read_all(*image->reader);
    CHECK(whole.flaws == ReadFlaws{{4 * chunk_size, 4 * chunk_size, BadRangeCause::missing, "segment 2 is missing"}});
    CHECK(is_honest(whole, set.media));
    REQUIRE(image->media.problems.size() == 1);
    CHECK(image->media.problems[0].detail == "segment 2 is missing: chunks 4 to 7 are not available");
    CHECK(image->media.problems[0].first_sector == 16);
    CHECK(image->media.problems[0].sectors == 16);
}

TEST_CASE("each segment may be missing: the rest is read, and chunks name their true segment") {
    const Set set;
    for (std::size_t missing = 0; missing < 5; ++missing) {
        const Folder folder;
        auto paths = save_set(folder, set.segments);
        paths.erase(paths.begin() + static_cast<std::ptrdiff_t>(missing));
        const auto image = open_files(ewf_container(), paths);
        REQUIRE(image);
        const WholeRead whole = read_all(*image->reader);
        CHECK(is_honest(whole, set.media));
        CHECK(bytes_lost(whole.flaws) == (missing == 4 ? 3 * chunk_size + 1024 : 4 * chunk_size));
        const std::string words =
            "segment " + std::to_string(missing + 1) + (missing == 4 ? " and any after it are" : " is");
        CHECK_MESSAGE(has_problem(*image, words + " missing"), details(*image));
    }
    const Folder folder;
    auto paths = save_set(folder, set.segments);
    paths.erase(paths.begin() + 1);
    Bytes changed = set.segments[2].bytes;
    for (const EwfSection& s : set.segments[2].sections)
        if (s.type == "sectors") changed[s.start + 80] ^= std::byte{1};
    folder.save("image.E03", changed);
    const auto image = open_files(ewf_container(), paths);
    REQUIRE(image);
    const WholeRead whole = read_all(*image->reader);
    CHECK(whole.flaws.size() == 3);
    CHECK(whole.flaws[1].detail.starts_with("segment 3, chunk 8: "));
}

TEST_CASE("with two gaps what follows the first has no certain place and is not used") {
    const Set set;
    const Folder folder;
    auto paths = save_set(folder, set.segments);
    const auto image = open_files(ewf_container(), {paths[0], paths[2], paths[4]});
    REQUIRE(image);
    const WholeRead whole = read_all(*image->reader);
    CHECK(is_honest(whole, set.media));
    CHECK(bytes_lost(whole.flaws) == set.media.size() - 4 * chunk_size);
    CHECK_MESSAGE(has_problem(*image, "8 chunks that are there have no certain place and are not used"),
                  details(*image));
}

TEST_CASE("a segment of another acquisition is not used") {
    const Set set;
    EwfOptions other;
    other.set_identifier = 9;
    const Set foreign(other);
    const Folder folder;
    const auto paths = save_set(folder, set.segments);
    folder.save("image.E03", foreign.segments[2].bytes);
    const auto image = open_files(ewf_container(), paths);
    REQUIRE(image);
    const WholeRead whole = read_all(*image->reader);
    CHECK(is_honest(whole, set.media));
    CHECK(bytes_lost(whole.flaws) == 4 * chunk_size);
    CHECK(has_problem(*image, "segment 3: it belongs to another acquisition and is not used"));
    CHECK(has_problem(*image, "segment 3 is missing"));
}

TEST_CASE("segments under each other's names are put in order, and copies are not used twice") {
    const Set set;
    const Folder folder;
    auto paths = save_set(folder, set.segments);
    folder.save("image.E02", set.segments[2].bytes);
    folder.save("image.E03", set.segments[1].bytes);
    const auto swapped = open_files(ewf_container(), paths);
    REQUIRE(swapped);
    const WholeRead whole = read_all(*swapped->reader);
    CHECK(whole.flaws.empty());
    CHECK(whole.bytes == set.media);
    CHECK(has_problem(*swapped, "segment 2: its header says that it is segment 3; it is used as segment 3"));

    folder.save("image.E02", set.segments[1].bytes);
    const auto doubled = open_files(ewf_container(), paths);  // E03 is a copy of E02
    REQUIRE(doubled);
    CHECK(is_honest(read_all(*doubled->reader), set.media));
    CHECK(has_problem(*doubled, "segment 3: its header says that it is segment 2, which another file is"));
    CHECK(has_problem(*doubled, "segment 3 is missing"));
}

TEST_CASE("segments after the end of the set are not used") {
    const Set set;
    const Folder folder;
    auto paths = save_set(folder, set.segments);
    Bytes extra = set.segments[2].bytes;
    extra[9] = std::byte{6};
    paths.push_back(folder.save("image.E06", extra));
    const auto image = open_files(ewf_container(), paths);
    REQUIRE(image);
    CHECK(read_all(*image->reader).bytes == set.media);
    CHECK(has_problem(*image, "segment 6: the set ends before it; it is not used"));
}

TEST_CASE("a segment cut at any section boundary or near it is never read wrongly") {
    const Set set;
    const Folder folder;
    const auto paths = save_set(folder, set.segments);
    for (const std::size_t which : {std::size_t{0}, std::size_t{2}, std::size_t{4}}) {
        const EwfSegment& segment = set.segments[which];
        for (const EwfSection& section : segment.sections)
            for (const std::size_t cut : {section.start, section.start + 40, section.start + 80, section.end - 1}) {
                Bytes bytes(segment.bytes.begin(),
                            segment.bytes.begin() + static_cast<std::ptrdiff_t>(std::min(cut, segment.bytes.size())));
                if (bytes.size() == segment.bytes.size()) continue;
                folder.save(std::filesystem::path(paths[which]).filename(), bytes);
                const auto image = open_files(ewf_container(), paths);
                REQUIRE_MESSAGE(image, why(image));
                const WholeRead whole = read_all(*image->reader);
                CHECK_MESSAGE(is_honest(whole, set.media), section.type << " cut at " << cut);
                CHECK(bytes_lost(whole.flaws) <= 4 * chunk_size);
                CHECK(image->media.problems.size() >= 1);
            }
        folder.save(std::filesystem::path(paths[which]).filename(), segment.bytes);
    }
}

TEST_CASE("no flipped bit gives a wrong byte that is not reported") {
    for (const bool is_smart : {false, true}) {
        EwfOptions options;
        options.is_smart = is_smart;
        options.chunks_per_table = 3;
        options.packing = is_smart ? Packing::deflate : Packing::mixed;
        const Bytes media = sample_media(6 * chunk_size - 512);
        const EwfSegment segment = write_ewf(media, options)[0];
        const Folder folder;
        const std::string path = folder.path(is_smart ? "image.s01" : "image.E01");
        std::size_t unopened = 0;
        for (const EwfSection& section : segment.sections) {
            // Of chunk data a few bytes suffice: each is under a checksum.
            const std::size_t step = section.type == "sectors" ? 397 : 1;
            for (std::size_t at = section.start; at < section.end; at += at < section.start + 76 ? 1 : step) {
                Bytes bytes = segment.bytes;
                bytes[at] ^= static_cast<std::byte>(1 << at % 8);
                folder.save(std::filesystem::path(path).filename(), bytes);
                const auto image = open_files(ewf_container(), {path});
                if (!image) {
                    ++unopened;
                    CHECK_MESSAGE((section.type == "volume" && is_smart), why(image));
                    continue;
                }
                const WholeRead whole = read_all(*image->reader);
                CHECK_MESSAGE(is_honest(whole, media), section.type << " + " << at - section.start);
                const bool is_said = !whole.flaws.empty() || !image->media.problems.empty();
                // Written by no one, read by no one: the bytes after the digest in "hash" are under its checksum too.
                if (whole.bytes != media) CHECK(is_said);
            }
        }
        for (std::size_t at = 0; at < 13; ++at)
            for (int bit = 0; bit < 8; ++bit) {
                Bytes bytes = segment.bytes;
                bytes[at] ^= static_cast<std::byte>(1 << bit);
                folder.save(std::filesystem::path(path).filename(), bytes);
                const auto image = open_files(ewf_container(), {path});
                if (image) CHECK(read_all(*image->reader).bytes == media);
                else CHECK(why(image) == "logical evidence (L01) is not supported");
            }
        CHECK(unopened < 400);
    }
}

TEST_CASE("no flipped bit in a middle segment moves the chunks of the others") {
    const Set set;
    const Folder folder;
    const auto paths = save_set(folder, set.segments);
    const EwfSegment& segment = set.segments[2];
    for (const EwfSection& section : segment.sections)
        for (std::size_t at = section.start; at < std::min(section.end, section.start + 110); ++at) {
            Bytes bytes = segment.bytes;
            bytes[at] ^= static_cast<std::byte>(1 << at % 8);
            folder.save("image.E03", bytes);
            const auto image = open_files(ewf_container(), paths);
            REQUIRE_MESSAGE(image, why(image));
            const WholeRead whole = read_all(*image->reader);
            CHECK_MESSAGE(is_honest(whole, set.media), section.type << " + " << at - section.start);
            CHECK_MESSAGE(bytes_lost(whole.flaws) <= 4 * chunk_size, section.type << " + " << at - section.start);
        }
}

TEST_CASE("one damaged copy of a table costs nothing and is said to be lossless") {
    const Bytes media = sample_media(8 * chunk_size);
    const EwfSegment segment = write_ewf(media)[0];
    const Folder folder;
    for (const EwfSection& section : segment.sections) {
        if (section.type != "table") continue;
        for (std::size_t at = section.start + 76; at < section.end; ++at) {
            Bytes bytes = segment.bytes;
            bytes[at] ^= std::byte{0x21};
            const auto image = open_bytes(folder, bytes);
            REQUIRE(image);
            const WholeRead whole = read_all(*image->reader);
            CHECK(whole.flaws.empty());
            CHECK(whole.bytes == media);
            REQUIRE(image->media.problems.size() == 1);
            CHECK(image->media.problems[0].is_lossless);
        }
    }
}

TEST_CASE("when both headers of a table are damaged its chunks are lost and the others keep their places") {
    const Bytes media = sample_media(12 * chunk_size);
    EwfSegment segment = write_ewf(media)[0];
    int tables = 0;
    for (const EwfSection& section : segment.sections)
        if ((section.type == "table" && tables++ == 1) || (section.type == "table2" && tables == 2))
            segment.bytes[section.start + 76] ^= std::byte{0x10};
    const Folder folder;
    const auto image = open_bytes(folder, segment.bytes);
    REQUIRE(image);
    const WholeRead whole = read_all(*image->reader);
    CHECK(is_honest(whole, media));
    CHECK(bytes_lost(whole.flaws) == 4 * chunk_size);
}

TEST_CASE("the volume section may be had from the data section of any segment") {
    const Set set;
    const Folder folder;
    auto paths = save_set(folder, set.segments);
    Bytes first = set.segments[0].bytes;
    for (const EwfSection& s : set.segments[0].sections)
        if (s.type == "volume") first[s.start + 100] ^= std::byte{1};
    folder.save("image.E01", first);
    const auto image = open_files(ewf_container(), paths);
    REQUIRE(image);
    CHECK(read_all(*image->reader).bytes == set.media);
    CHECK(has_problem(*image, "segment 1: its volume section is damaged"));
    CHECK(why(open_files(ewf_container(), {paths[0]})) ==
          "no sound volume section: the geometry of the media is unknown");
}

TEST_CASE("section chains that loop or point outside end in a problem") {
    const Bytes media = sample_media(8 * chunk_size);
    const EwfSegment segment = write_ewf(media)[0];
    const Folder folder;
    const EwfSection& table = *std::find_if(segment.sections.begin(), segment.sections.end(),
                                            [](const EwfSection& s) { return s.type == "table"; });
    const std::vector<std::pair<std::uint64_t, std::string>> lies{{table.start, "its section chain loops"},
                                                                  {13, "its section chain loops"},
                                                                  {table.start - 100, "loops"},
                                                                  {segment.bytes.size() + 1, "points outside the file"},
                                                                  {~0ull, "points outside the file"}};
    for (const auto& [next, words] : lies)
        for (const std::uint64_t size : {std::uint64_t{0}, ~std::uint64_t{0}}) {
            Bytes bytes = segment.bytes;
            const Bytes lie = descriptor("table", next, size);
            std::copy(lie.begin(), lie.end(), bytes.begin() + static_cast<std::ptrdiff_t>(table.start));
            const auto image = open_bytes(folder, bytes);
            REQUIRE(image);
            CHECK(is_honest(read_all(*image->reader), media));
            const std::string expected = words;
            CHECK_MESSAGE(!image->media.problems.empty(), expected);
        }
}

TEST_CASE("a table that claims more entries than its section holds is not believed") {
    const Bytes media = sample_media(4 * chunk_size);
    EwfSegment segment = write_ewf(media)[0];
    for (const EwfSection& s : segment.sections)
        if (s.type.starts_with("table")) {
            const Bytes lie = table_header(0xffffffff, 0);
            std::copy(lie.begin(), lie.end(), segment.bytes.begin() + static_cast<std::ptrdiff_t>(s.start + 76));
        }
    const Folder folder;
    const auto image = open_bytes(folder, segment.bytes);
    REQUIRE(image);
    CHECK(has_problem(*image, "4294967295 entries do not fit the section"));
    CHECK(bytes_lost(read_all(*image->reader).flaws) == media.size());
}

TEST_CASE("a volume that claims 8 EiB costs no memory and says what is missing") {
    EwfOptions options;
    options.claimed_sectors = (1ull << 63) / 512 - 1;
    const Folder folder;
    const Bytes media = sample_media(4 * chunk_size);
    const auto image = open_bytes(folder, write_ewf(media, options)[0].bytes);
    REQUIRE(image);
    CHECK(image->media.map.runs.size() == 2);
    CHECK(has_problem(*image, "the acquisition was not completed"));
    BlockWindow window;
    Bytes out(media.size() + 1);
    const ReadFlaws flaws = image->reader->read(0, out, window);
    REQUIRE(flaws.size() == 1);
    CHECK(flaws[0].offset == media.size());
}

TEST_CASE("random bytes and randomly damaged images do not crash, and no byte is wrong unreported") {
    const Folder folder;
    std::mt19937 random(7);
    const Bytes media = sample_media(6 * chunk_size);
    const Bytes whole = write_ewf(media)[0].bytes;
    for (int round = 0; round < 2000; ++round) {
        Bytes bytes;
        if (round % 4 == 0) {
            bytes = round % 8 == 0 ? Bytes() : file_header(1);
            const std::size_t size = random() % 3000;
            while (bytes.size() < size) bytes.push_back(static_cast<std::byte>(random()));
        } else {
            bytes = whole;
            for (auto changes = random() % 5 + 1; changes != 0; --changes) {
                const std::size_t at = random() % bytes.size();
                const std::size_t length = std::min<std::size_t>(random() % 12 + 1, bytes.size() - at);
                for (std::size_t i = 0; i < length; ++i) bytes[at + i] = static_cast<std::byte>(random());
            }
            if (round % 4 == 3) bytes.resize(random() % bytes.size());
        }
        const auto image = open_bytes(folder, bytes);
        if (!image || image->media.map.media_size > (1u << 20)) continue;
        CHECK(is_honest(read_all(*image->reader), media));
    }
}

// Sums are made right again after the lie, so that every later check is reached.
TEST_CASE("sealed lies in descriptors, volumes and tables do not crash") {
    const Folder folder;
    std::mt19937_64 random(11);
    const Bytes media = sample_media(6 * chunk_size);
    const EwfSegment segment = write_ewf(media)[0];
    const std::vector<std::uint64_t> values{0, 1, 76, 0x7fffffff, 0x80000000, 0xffffffff, ~0ull, 1ull << 63};
    for (int round = 0; round < 1500; ++round) {
        Bytes bytes = segment.bytes;
        const EwfSection& section = segment.sections[random() % segment.sections.size()];
        const MutableBytes all(bytes);
        const std::uint64_t value = round % 2 == 0 ? values[random() % values.size()] : random() % bytes.size();
        if (round % 3 == 0 || section.end - section.start < 200) {
            put_u64(all, section.start + (random() % 2 == 0 ? 16 : 24), value);
            seal(all.subspan(section.start, 76));
        } else if (section.type.starts_with("table")) {
            put_u32(all, section.start + 76 + 4 * (random() % 3), static_cast<std::uint32_t>(value));
            seal(all.subspan(section.start + 76, 24));
            put_u32(all, section.start + 100 + 4 * (random() % 2), static_cast<std::uint32_t>(value));
            seal(all.subspan(section.start + 100, section.end - section.start - 100));
        } else if (section.type == "volume") {
            put_u32(all, section.start + 76 + 4 * (random() % 6), static_cast<std::uint32_t>(value));
            seal(all.subspan(section.start + 76, 1052));
        }
        const auto image = open_bytes(folder, bytes);
        if (!image) continue;
        BlockWindow window;
        Bytes out(64 << 10);
        image->reader->read(0, out, window);
        image->reader->read(image->reader->size() / 2, out, window);
    }
}
