// SPDX-License-Identifier: Apache-2.0
#include "engine/media/block_map.h"

#include <doctest/doctest.h>

#include <limits>

#include "engine/evidence/problem.h"

using namespace triage;

namespace {

const std::vector<Segment> two_files{{"a", 10'000, 1, 1, 0}, {"b", 5'000, 1, 2, 0}};

BlockRun plain(std::uint64_t offset, std::uint64_t length, std::uint32_t segment, std::uint64_t position) {
    BlockRun run;
    run.offset = offset;
    run.length = length;
    run.segment = segment;
    run.position = position;
    return run;
}

BlockRun table(std::uint64_t offset, std::uint64_t length, std::uint32_t entries) {
    BlockRun run = plain(offset, length, 0, 100);
    run.encoding = Encoding::ewf_table;
    run.entry_count = entries;
    run.data_end = 9'000;
    return run;
}

BlockMap map_of(std::uint64_t size, std::vector<BlockRun> runs) {
    BlockMap map;
    map.media_size = size;
    map.block_size = 1024;
    map.runs = std::move(runs);
    return map;
}

std::string flaw(const BlockMap& map) { return find_flaw(map, two_files).value_or("sound"); }

}  // namespace

TEST_CASE("a map whose runs cover the media exactly is sound") {
    CHECK(flaw(map_of(15'000, {plain(0, 10'000, 0, 0), plain(10'000, 5'000, 1, 0)})) == "sound");
    CHECK(flaw(map_of(2'500, {table(0, 2'500, 3)})) == "sound");
    CHECK(flaw(map_of(0, {})) == "sound");
}

TEST_CASE("gaps, overlaps, empty runs and runs past the end are flaws") {
    CHECK(flaw(map_of(300, {plain(0, 100, 0, 0), plain(200, 100, 0, 0)})) == "run 1 leaves a gap or overlaps");
    CHECK(flaw(map_of(300, {plain(0, 200, 0, 0), plain(100, 200, 0, 0)})) == "run 1 leaves a gap or overlaps");
    CHECK(flaw(map_of(100, {plain(0, 0, 0, 0), plain(0, 100, 0, 0)})) == "run 0 is empty");
    CHECK(flaw(map_of(50, {plain(0, 100, 0, 0)})) == "run 0 ends past the media");
    CHECK(flaw(map_of(150, {plain(0, 100, 0, 0)})) == "runs cover 100 of 150 bytes");
}

TEST_CASE("bytes and tables outside their segment are flaws, also where the sum overflows") {
    const std::uint64_t huge = std::numeric_limits<std::uint64_t>::max();
    CHECK(flaw(map_of(100, {plain(0, 100, 1, 4'901)})) == "run 0: bytes outside their segment");
    CHECK(flaw(map_of(100, {plain(0, 100, 1, huge - 50)})) == "run 0: bytes outside their segment");
    CHECK(flaw(map_of(100, {plain(0, 100, 2, 0)})) == "run 0: segment does not exist");
    BlockRun run = table(0, 2'500, 3);
    run.position = 9'990;
    CHECK(flaw(map_of(2'500, {run})) == "run 0: table outside its segment");
    run = table(0, 2'500, 3);
    run.twin_position = huge - 3;
    CHECK(flaw(map_of(2'500, {run})) == "run 0: second table outside its segment");
    run = table(0, 2'500, 3);
    run.data_end = 10'001;
    CHECK(flaw(map_of(2'500, {run})) == "run 0: table data outside its segment");
    CHECK(flaw(map_of(huge, {plain(0, huge, 0, 0)})) == "media size 18446744073709551615 is too large");
}

TEST_CASE("a table must have as many entries as its run has blocks, and blocks of a possible size") {
    CHECK(flaw(map_of(2'500, {table(0, 2'500, 2)})) == "run 0: table entries do not match the run's length");
    CHECK(flaw(map_of(2'600, {table(0, 2'500, 3), plain(2'500, 100, 0, 0)})) == "run 0: table run ends inside a block");
    CHECK(flaw(map_of(1'124, {plain(0, 100, 0, 0), table(100, 1'024, 1)})) == "run 1: table run begins inside a block");
    BlockMap map = map_of(2'500, {table(0, 2'500, 3)});
    map.block_size = 0;
    CHECK(flaw(map) == "run 0: block size out of range");
    map.block_size = largest_block_size + 1;
    CHECK(flaw(map) == "run 0: block size out of range");
}

TEST_CASE("each kind of problem is printed by the contract's word") {
    CHECK(to_string(ProblemKind::locked) == "locked");
    CHECK(to_string(ProblemKind::unreadable) == "unreadable");
    CHECK(to_string(ProblemKind::unrecognised) == "unrecognised");
    CHECK(to_string(ProblemKind::unsupported) == "unsupported");
    CHECK(to_string(ProblemKind::damaged) == "damaged");
    CHECK(to_string(ProblemKind::capped) == "capped");
    CHECK(to_string(ProblemKind::ambiguous) == "ambiguous");
    CHECK(to_string(ProblemKind::aborted) == "aborted");
}
