// SPDX-License-Identifier: Apache-2.0
#include "engine/worker/record.h"

#include <doctest/doctest.h>

#include <random>

#include "tests/support/scratch_file.h"

using namespace triage;

namespace {

Segment a_segment() { return {"/evidence/a \xff.E01", 1ull << 40, 64769, 77, -5}; }

BlockRun a_run() {
    BlockRun run;
    run.encoding = Encoding::ewf_table_wide;
    run.offset = 1, run.length = 2, run.segment = 3, run.position = 4, run.base = 5, run.data_end = 6;
    run.twin_position = 7, run.entry_count = 8, run.segment_number = 9, run.reason = "segment 2 is missing";
    return run;
}

BlockMap a_map() {
    BlockMap map;
    map.media_size = ~0ull, map.sector_size = 4096, map.block_size = 32768, map.has_checksums = true;
    map.runs = {a_run(), BlockRun{}};
    return map;
}

Problem a_problem() {
    Problem problem;
    problem.kind = ProblemKind::aborted;
    problem.path = std::string("/a\0b", 4), problem.address = 0, problem.detail = "why";
    problem.first_sector = 12, problem.sectors = ~0ull;
    problem.hides_entries = true, problem.is_lossless = true;
    return problem;
}

Volume a_volume() { return {"p1", VolumeRole::gap, 512, 1ull << 50, "<script>"}; }

Filesystem a_filesystem() {
    Filesystem fs;
    fs.inner = "vol0", fs.type = "apfs", fs.label = "\xe2\x80\xae", fs.is_readable = false, fs.block_size = 4096;
    fs.modified = {9, true, false}, fs.accessed = {0, false, true}, fs.changed = {7, true, true};
    fs.created = {2, false, false};
    return fs;
}

WalkLimits some_limits() {
    WalkLimits limits;
    limits.depth = 3, limits.entries = 4, limits.orphan_entries = 5, limits.orphan_volume_factor = 6;
    limits.orphans = false, limits.deleted = false;
    return limits;
}

Entry an_entry(std::size_t extents = 3) {
    Entry entry;
    entry.path = "/dir/\n\xc3\x28", entry.stream = "Zone.Identifier", entry.address = 1ull << 63;
    entry.attribute = 128u << 16 | 5, entry.kind = EntryKind::stream, entry.state = EntryState::orphan;
    entry.placement = Placement::reallocated, entry.size = extents;
    entry.times.modified = Timestamp{-62'135'596'800, 999'999'999}, entry.times.created = Timestamp{1, 0};
    entry.owner = "S-1-5-32-544", entry.is_metadata = true, entry.source = Source::none,
    entry.reason = Reason::not_reached;
    entry.resident = {std::byte{0}, std::byte{255}};
    for (std::size_t i = 0; i < extents; ++i) entry.extents.push_back({i % 2 == 0 ? i : Extent::hole, 1});
    return entry;
}

OpenedMedia a_media() {
    OpenedMedia media;
    media.format = "ewf", media.description = "EnCase 6, 2 segments", media.map = a_map();
    media.digests = {{"md5", "00"}, {"sha1", "11"}};
    media.header = {{"case_number", "AB/1"}, {"notes", ""}};
    return media;
}

// What comes back when `value` is written and read by `read`, which must take every byte.
template <class T, class Read>
T through_record(const T& value, Read read) {
    RecordWriter w;
    write(w, value);
    RecordReader r(w.bytes());
    T back = read(r);
    CHECK(r.is_complete());
    return back;
}

template <class Value>
Bytes bytes_of(const Value& value) {
    RecordWriter w;
    write(w, value);
    return {w.bytes().begin(), w.bytes().end()};
}

// Every record there is, and how it is read.
struct Form {
    const char* name;
    Bytes bytes;
    void (*read)(RecordReader&);
};
std::vector<Form> all_forms() {
    RecordWriter map;
    write(map, a_map(), true);
    return {
        {"segment", bytes_of(a_segment()), [](RecordReader& r) { read_segment(r); }},
        {"run", bytes_of(a_run()), [](RecordReader& r) { read_run(r); }},
        {"map", Bytes(map.bytes().begin(), map.bytes().end()), [](RecordReader& r) { read_map(r, true); }},
        {"problem", bytes_of(a_problem()), [](RecordReader& r) { read_problem(r); }},
        {"volume", bytes_of(a_volume()), [](RecordReader& r) { read_volume(r); }},
        {"filesystem", bytes_of(a_filesystem()), [](RecordReader& r) { read_filesystem(r); }},
        {"counts", bytes_of(WalkCounts{1, 2, 3}), [](RecordReader& r) { read_counts(r); }},
        {"limits", bytes_of(some_limits()), [](RecordReader& r) { read_limits(r); }},
        {"request", bytes_of(ContentRequest{"vol0", "apfs", 1, 2, 3, 4}), [](RecordReader& r) { read_request(r); }},
        {"media", bytes_of(a_media()), [](RecordReader& r) { read_media(r); }},
        {"entry", bytes_of(an_entry()),
         [](RecordReader& r) {
             std::uint64_t extents = 0;
             read_entry(r, extents);
         }},
    };
}

}  // namespace

TEST_CASE("every record comes back as it was sent") {
    CHECK(through_record(a_segment(), read_segment) == a_segment());
    CHECK(through_record(a_run(), read_run) == a_run());
    CHECK(through_record(a_problem(), read_problem) == a_problem());
    CHECK(through_record(Problem{}, read_problem) == Problem{});
    CHECK(through_record(a_volume(), read_volume) == a_volume());
    CHECK(through_record(a_filesystem(), read_filesystem) == a_filesystem());
    CHECK(through_record(WalkCounts{1, 2, ~0ull}, read_counts) == WalkCounts{1, 2, ~0ull});
    CHECK(through_record(some_limits(), read_limits) == some_limits());
    std::uint64_t extents = 0;
    CHECK(through_record(an_entry(), [&](RecordReader& r) { return read_entry(r, extents); }) == an_entry());
    CHECK(extents == 3);
}

TEST_CASE("a content request comes back as it was sent") {
    const ContentRequest back =
        through_record(ContentRequest{"vol1", "ntfs", 5, 128u << 16, 1ull << 40, 1 << 16}, read_request);
    CHECK(back.inner == "vol1");
    CHECK(back.fs_type == "ntfs");
    CHECK(back.address == 5);
    CHECK(back.attribute == 128u << 16);
    CHECK(back.size == 1ull << 40);
    CHECK(back.most == 1 << 16);
}

TEST_CASE("an opened media crosses without its runs, which follow one by one") {
    const OpenedMedia back = through_record(a_media(), read_media);
    BlockMap without_runs = a_map();
    without_runs.runs.clear();
    CHECK(back.map == without_runs);
    CHECK(back.format == "ewf");
    CHECK(back.description == "EnCase 6, 2 segments");
    CHECK(back.digests == a_media().digests);
    CHECK(back.header == a_media().header);
}

TEST_CASE("a map crosses with its runs when a job carries it") {
    RecordWriter w;
    write(w, a_map(), true);
    RecordReader r(w.bytes());
    CHECK(read_map(r, true) == a_map());
    CHECK(r.is_complete());
}

TEST_CASE("integers are little-endian and a text carries its length") {
    RecordWriter w;
    w.u32(0x01020304), w.text("ab"), w.i64(-2), w.flag(true);
    CHECK(to_hex(w.bytes()) ==
          "0403020102000000"
          "6162"
          "feffffffffffffff"
          "01");
}

TEST_CASE("an entry with more extents than one record holds goes on in further records") {
    const Entry sent = an_entry(2 * extents_per_record + 5);
    RecordWriter w;
    write(w, sent);
    RecordReader r(w.bytes());
    std::uint64_t announced = 0;
    Entry entry = read_entry(r, announced);
    CHECK(r.is_complete());
    CHECK(announced == sent.extents.size());
    CHECK(entry.extents.size() == extents_per_record);
    for (const std::size_t at : {extents_per_record, 2 * extents_per_record}) {
        RecordWriter more;
        write_extents(more,
                      std::span(sent.extents).subspan(at, std::min(extents_per_record, sent.extents.size() - at)));
        RecordReader rest(more.bytes());
        CHECK(read_extents(rest, entry.extents));
        CHECK(rest.is_complete());
    }
    CHECK(entry == sent);
}

TEST_CASE("a record that is cut anywhere turns bad and stays bad") {
    for (const Form& form : all_forms())
        for (std::size_t size = 0; size < form.bytes.size(); ++size) {
            RecordReader r(ByteView(form.bytes).first(size));
            form.read(r);
            CAPTURE(form.name);
            CAPTURE(size);
            CHECK_FALSE(r.is_good());
            CHECK(r.u64() == 0);
            CHECK(r.text().empty());
            CHECK_FALSE(r.is_good());
        }
}

TEST_CASE("a record with bytes left over is good but not complete") {
    for (Form& form : all_forms()) {
        form.bytes.push_back(std::byte{0});
        RecordReader r(form.bytes);
        form.read(r);
        CAPTURE(form.name);
        CHECK(r.is_good());
        CHECK_FALSE(r.is_complete());
    }
}

TEST_CASE("a text that claims more bytes than there are is no text") {
    RecordWriter w;
    w.u32(0xFFFFFFFF), w.u32(0);
    RecordReader r(w.bytes());
    CHECK(r.text().empty());
    CHECK_FALSE(r.is_good());
}

TEST_CASE("a list that claims more members than there are bytes ends at the last byte") {
    OpenedMedia media;
    media.map.runs.clear();
    Bytes bytes = bytes_of(media);
    // format, description (4 bytes each, empty), map (17 and its count), then the count of digests.
    bytes[4 + 4 + 17 + 4] = bytes[4 + 4 + 17 + 5] = bytes[4 + 4 + 17 + 6] = bytes[4 + 4 + 17 + 7] = std::byte{0xFF};
    RecordReader r(bytes);
    CHECK(read_media(r).digests.size() < 3);
    CHECK_FALSE(r.is_good());

    RecordWriter map;
    map.u64(1), map.u32(512), map.u32(0), map.flag(false), map.u32(0xFFFFFFFF);
    RecordReader m(map.bytes());
    CHECK(read_map(m, true).runs.size() < 2);
    CHECK_FALSE(m.is_good());
}

TEST_CASE("a record of extents that claims more than a record may hold is bad") {
    RecordWriter w;
    w.u32(static_cast<std::uint32_t>(extents_per_record + 1));
    for (std::size_t i = 0; i < extents_per_record + 1; ++i) w.u64(i), w.u64(1);
    RecordReader r(w.bytes());
    std::vector<Extent> extents;
    CHECK_FALSE(read_extents(r, extents));
    CHECK(extents.empty());
}

TEST_CASE("an enumerator that does not exist makes the record bad") {
    for (unsigned value = 0; value < 256; ++value) {
        RecordWriter w;
        w.u8(static_cast<std::uint8_t>(value));
        RecordReader r(w.bytes());
        const Reason reason = r.enumerator(Reason::not_reached);
        const bool exists = value <= static_cast<unsigned>(Reason::not_reached);
        CHECK(r.is_good() == exists);
        CHECK(reason == (exists ? static_cast<Reason>(value) : Reason{}));
    }
    Entry entry = an_entry();
    entry.state = static_cast<EntryState>(3);
    const Bytes bytes = bytes_of(entry);
    RecordReader r(bytes);
    std::uint64_t extents = 0;
    read_entry(r, extents);
    CHECK_FALSE(r.is_good());
}

TEST_CASE("a time form from a record prints at most nine digits") {
    Filesystem fs = a_filesystem();
    fs.modified.fraction_digits = 255;
    CHECK(through_record(fs, read_filesystem).modified.fraction_digits == 9);
}

TEST_CASE("random bytes are read as some record or none, never past their end") {
    for (unsigned seed = 0; seed < 200; ++seed) {
        const std::string noise = test::random_bytes(seed);
        for (const Form& form : all_forms()) {
            RecordReader r(as_bytes(noise));
            form.read(r);
        }
    }
}

TEST_CASE("a record with any one byte changed is read as some record or none") {
    for (const Form& form : all_forms())
        for (std::size_t at = 0; at < form.bytes.size(); ++at)
            for (const unsigned value : {0u, 1u, 0x7Fu, 0x80u, 0xFFu}) {
                Bytes changed = form.bytes;
                changed[at] = static_cast<std::byte>(value);
                RecordReader r(changed);
                form.read(r);
            }
}
