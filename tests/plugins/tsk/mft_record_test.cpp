// SPDX-License-Identifier: Apache-2.0
// Records laid out by hand after ntfs-3g layout.h (MFT_RECORD, ATTR_RECORD); fixtures/ntfs.py has whole ones.
#include "plugins/tsk/mft_record.h"

#include <doctest/doctest.h>

#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;

namespace {

constexpr std::uint32_t data = 0x80, name = 0x30;

struct Record {
    Bytes bytes = Bytes(1024);
    std::size_t at = 0x38;

    Record() {
        put_text(bytes, 0, "FILE");
        put_le(bytes, 4, 0x30, 2), put_le(bytes, 6, 3, 2);  // the array of fixups: its number and two ends of sectors
        put_le(bytes, 0x14, at, 2);
        end();
    }
    std::size_t last = 0;
    Record& put(std::uint32_t type, std::size_t length, bool has_runs = false, std::uint64_t first_cluster = 0) {
        put_le(bytes, at, type, 4), put_le(bytes, at + 4, length, 4), put_le(bytes, at + 8, has_runs, 1);
        if (has_runs) put_le(bytes, at + 0x10, first_cluster, 8);
        last = at;
        at += length;
        return end();
    }
    Record& end() { return put_le(bytes, at, 0xFFFFFFFF, 4), *this; }
    // What stands at `offset` of the attribute that was put last.
    Record& with(std::size_t offset, std::uint64_t value, std::size_t size) {
        return put_le(bytes, last + offset, value, size), *this;
    }
    std::optional<tsk::MftRecord> parse() const { return tsk::MftRecord::parse(bytes); }
    std::optional<std::size_t> contents() const {
        const auto record = parse();
        return record ? std::optional(record->contents().size()) : std::nullopt;
    }
    std::optional<tsk::MftAttribute> find(std::uint64_t first_cluster = 0, const std::string& called = "",
                                          std::uint16_t number = 0) const {
        const auto record = parse();
        REQUIRE(record);
        return record->find(data, number, called, first_cluster);
    }
};

// A record with one content: clusters 5 and 6, and a hole of one.
Record with_runs() {
    Record record;
    record.put(data, 0x48, true).with(0x18, 2, 8).with(0x20, 0x40, 2).with(0x30, 12000, 8).with(0x38, 11000, 8);
    return record.with(0x40, 0x01'01'05'02'11, 5);
}

std::optional<std::vector<tsk::ClusterRun>> runs_of(std::initializer_list<int> pairs) {
    Bytes bytes;
    for (const int byte : pairs) bytes.push_back(static_cast<std::byte>(byte));
    return tsk::read_mapping_pairs(bytes);
}

}  // namespace

TEST_CASE("contents of a record are its data attributes, without later pieces of one") {
    CHECK(Record().contents() == 0);
    CHECK(Record().put(name, 0x68).put(data, 0x18).put(data, 0x48, true).put(data, 0x48, true, 7).contents() == 2);
}

TEST_CASE("the ends of the sectors of a record stand in its head, and its number in their place") {
    Record record;
    record.put(name, 0x1FC - 0x38).put(data, 0x20);
    put_le(record.bytes, 0x32, 0, 2);  // what the two bytes at 0x1FE are: the upper half of the type
    for (const std::size_t at : {0x30, 0x1FE, 0x3FE}) put_le(record.bytes, at, 0x4711, 2);
    CHECK(record.contents() == 1);
    Record torn = record;
    put_le(torn.bytes, 0x3FE, 0x4710, 2);  // the second sector was written at another time
    CHECK_FALSE(torn.contents());
    put_le(record.bytes, 6, 4, 2);  // more sectors than there are
    CHECK_FALSE(record.contents());
}

TEST_CASE("what is no chain of attributes has no number of contents") {
    Record other;
    put_text(other.bytes, 0, "BAAD");
    CHECK_FALSE(other.contents());
    for (const std::size_t length : {0, 8, 0x17, 2000}) {
        Record record;
        record.put(data, 0x20);
        put_le(record.bytes, 0x38 + 4, length, 4);
        CHECK_FALSE(record.contents());
    }
    Record endless;
    put_le(endless.bytes, 0x14, 0xFFFF, 2);
    CHECK_FALSE(endless.contents());
    CHECK_FALSE(tsk::MftRecord::parse(Bytes(100)));
}

TEST_CASE("an attribute is found by type, number, name and first cluster") {
    Record record;
    record.put(name, 0x68).put(data, 0x28).with(0x10, 5, 4).with(0x14, 0x20, 2).with(0x0C, 0x4000, 2);
    put_text(record.bytes, record.last + 0x20, "value");
    record.put(data, 0x30).with(9, 2, 1).with(10, 0x18, 2).with(0x18, 'a', 2).with(0x1A, 0x263A, 2);
    record.with(0x10, 1, 4).with(0x14, 0x20, 2);
    const auto value = record.find();
    REQUIRE(value);
    CHECK(as_text(value->value) == "value");
    CHECK(value->size == 5);
    CHECK(value->flags == tsk::mft_encrypted);
    REQUIRE(record.find(0, "a\u263A"));
    CHECK(record.find(0, "a\u263A")->value.size() == 1);
    CHECK_FALSE(record.find(0, "b"));
    CHECK_FALSE(record.find(0, "", 1));
    record.put(data, 0x28).with(0x10, 7, 4).with(0x14, 0x20, 2).with(0x0E, 1, 2);
    CHECK(record.find(0, "", 1)->size == 7);  // of two with the same name
    CHECK_FALSE(record.find(1));
}

TEST_CASE("a value that ends behind its attribute is none") {
    for (const auto& [size, at] : {std::pair{9u, 0x20u}, {0xFFFFFFFFu, 0x18u}, {0u, 0x29u}}) {
        Record record;
        record.put(data, 0x28).with(0x10, size, 4).with(0x14, at, 2);
        CHECK_FALSE(record.find());
    }
}

TEST_CASE("the runs of an attribute are its clusters and holes, and as many as it says") {
    const auto content = with_runs().find();
    REQUIRE(content);
    CHECK_FALSE(content->is_resident);
    CHECK(content->runs == std::vector<tsk::ClusterRun>{{5, 2}, {std::nullopt, 1}});
    CHECK(content->size == 12000);
    CHECK(content->initialised_size == 11000);
    CHECK_FALSE(with_runs().with(0x18, 3, 8).find());     // a cluster more
    CHECK_FALSE(with_runs().with(0x20, 0x48, 2).find());  // runs behind the attribute
    const auto later = with_runs().with(0x10, 7, 8).with(0x18, 9, 8).find(7);
    REQUIRE(later);
    CHECK(later->size == 0);  // what stands there is not for a later piece
}

TEST_CASE("mapping pairs lead forward and back, and end") {
    CHECK(runs_of({0}) == std::vector<tsk::ClusterRun>{});
    CHECK(runs_of({0x21, 0x18, 0x34, 0x12, 0x11, 0x08, 0xF0, 0}) ==
          std::vector<tsk::ClusterRun>{{0x1234, 0x18}, {0x1224, 8}});
    CHECK(runs_of({0x31, 0x04, 0x00, 0x00, 0x01, 0x01, 0x02, 0x11, 0x01, 0x04, 0}) ==
          std::vector<tsk::ClusterRun>{{0x10000, 4}, {std::nullopt, 2}, {0x10004, 1}});
    CHECK_FALSE(runs_of({}));
    CHECK_FALSE(runs_of({0x11, 0x01, 0x05}));     // no end
    CHECK_FALSE(runs_of({0x21, 0x01, 0x05}));     // cut short
    CHECK_FALSE(runs_of({0x11, 0x01, 0xFF, 0}));  // before the volume
    CHECK_FALSE(runs_of({0x11, 0x00, 0x05, 0}));  // no clusters
    CHECK_FALSE(runs_of({0x11, 0x80, 0x05, 0}));  // fewer than none
    CHECK_FALSE(runs_of({0x10, 0x05, 0}));        // a length of no bytes
    CHECK_FALSE(runs_of({0x19, 1, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0}));
    CHECK_FALSE(runs_of({0x18, 0, 0, 0, 0, 0, 0, 0, 0x7F, 5, 0}));
    CHECK_FALSE(runs_of({0x81, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0}));
}
