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
    Record& put(std::uint32_t type, std::size_t length, bool has_runs = false, std::uint64_t first_cluster = 0) {
        put_le(bytes, at, type, 4), put_le(bytes, at + 4, length, 4), put_le(bytes, at + 8, has_runs, 1);
        if (has_runs) put_le(bytes, at + 0x10, first_cluster, 8);
        at += length;
        return end();
    }
    Record& end() { return put_le(bytes, at, 0xFFFFFFFF, 4), *this; }
    std::optional<std::size_t> contents() const { return tsk::contents_in_record(bytes); }
};

}  // namespace

TEST_CASE("contents of a record are its data attributes, without later pieces of one") {
    CHECK(Record().contents() == 0);
    CHECK(Record().put(name, 0x68).put(data, 0x18).put(data, 0x48, true).put(data, 0x48, true, 7).contents() == 2);
}

TEST_CASE("the ends of the sectors of a record stand in its head") {
    Record record;
    record.put(name, 0x1FC - 0x38).put(data, 0x20);
    put_le(record.bytes, 0x32, 0, 2);        // what the two bytes at 0x1FE are: the upper half of the type
    put_le(record.bytes, 0x1FE, 0x4711, 2);  // and what stands there
    CHECK(record.contents() == 1);
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
    CHECK_FALSE(tsk::contents_in_record(Bytes(100)));
}
