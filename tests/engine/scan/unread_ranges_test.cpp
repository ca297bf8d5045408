// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/unread_ranges.h"

#include <doctest/doctest.h>

using namespace triage;

namespace {

EntryRecord record_with(ReadFlaws unread, std::uint64_t missing) {
    EntryRecord record;
    record.entry.path = "/a", record.entry.address = 12;
    record.examined = {Status::partial, Reason::read_error, missing, {}, {}};
    record.examined.unread = std::move(unread);
    return record;
}

Problem problem(ProblemKind kind, std::string detail, std::optional<std::uint64_t> first = {},
                std::optional<std::uint64_t> sectors = {}) {
    Problem p;
    p.kind = kind, p.path = "/a", p.address = 12, p.detail = std::move(detail);
    p.first_sector = first, p.sectors = sectors;
    return p;
}

}  // namespace

TEST_CASE("each unread range of a content is a problem with its sectors and its bytes") {
    const EntryRecord record =
        record_with({{5120, 1024, BadRangeCause::read_error, "segment 1: Input/output error"},
                     {9000, 5000, BadRangeCause::checksum, "segment 1, chunk 2: Adler-32 differs"}},
                    6024);
    const std::vector<Problem> wanted{
        problem(ProblemKind::unreadable, "1,024 bytes of the content are missing: segment 1: Input/output error", 10,
                2),
        problem(ProblemKind::damaged, "5,000 bytes of the content are missing: segment 1, chunk 2: Adler-32 differs",
                17, 11)};
    CHECK(problems_of_unread(record, 512) == wanted);
    CHECK(problems_of_unread(record, 4096)[1].first_sector == 2);
    CHECK(problems_of_unread(record, 4096)[1].sectors == 2);
}

TEST_CASE("ranges that are not kept are a capped problem, and what the container does not hold is told elsewhere") {
    const EntryRecord record = record_with({{0, 10, BadRangeCause::missing, "segment 2 is missing"}}, 2010);
    CHECK(problems_of_unread(record, 512) ==
          std::vector<Problem>{
              problem(ProblemKind::capped, "2,000 more bytes of the content are missing, in further ranges")});
    CHECK(problems_of_unread(record_with({{0, 10, BadRangeCause::missing, "segment 2 is missing"}}, 10), 512).empty());
    CHECK(problems_of_unread(record_with({}, 10), 512).empty());
}

TEST_CASE("unread ranges of a media are problems of no entry") {
    const std::vector<Problem> problems =
        problems_of_unread({{512, 512, BadRangeCause::read_error, "segment 1: Input/output error"}}, 1000, 512);
    REQUIRE(problems.size() == 2);
    CHECK(problems[0].path.empty());
    CHECK(problems[0].detail == "512 bytes of the media are missing: segment 1: Input/output error");
    CHECK(problems[0].first_sector == 1);
    CHECK(problems[1].detail == "488 more bytes of the media are missing, in further ranges");
}
