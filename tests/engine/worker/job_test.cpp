// SPDX-License-Identifier: Apache-2.0
#include "engine/worker/job.h"

#include <doctest/doctest.h>

#include "tests/support/scratch_file.h"

using namespace triage;

namespace {

WorkerJob a_job() {
    WorkerJob job;
    job.kind = JobKind::content;
    job.segments = {{"/a", 1, 2, 3, 4}, {"/b", 5, 6, 7, -8}};
    job.container = "ewf";
    job.map.media_size = 1ull << 42, job.map.block_size = 32768, job.map.has_checksums = true;
    job.map.runs.resize(2);
    job.map.runs[1].offset = 7, job.map.runs[1].reason = "gone";
    job.volume = {"p0", VolumeRole::swap, 512, 1024, "Linux"};
    job.limits.depth = 9, job.limits.orphans = false;
    job.type_database = "/share/magic.mgc";
    job.probe_only = true, job.skip_records = 12345;
    job.avoid = {{{5, "/dir", 6}, 7}, {{0, std::string("/x\0y", 4), 1}, ~0ull}};
    job.memory_bytes = 1, job.memory_max_bytes = ~0ull;
    return job;
}

}  // namespace

TEST_CASE("a job crosses the pipe whole") {
    CHECK(parse_job(serialise(a_job())) == a_job());
    CHECK(parse_job(serialise(WorkerJob{})) == WorkerJob{});
}

TEST_CASE("a job that is cut anywhere, or goes on after its end, is no job") {
    Bytes bytes = serialise(a_job());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        CAPTURE(size);
        CHECK_FALSE(parse_job(ByteView(bytes).first(size)));
    }
    bytes.push_back(std::byte{0});
    CHECK_FALSE(parse_job(bytes));
}

TEST_CASE("a job that claims four billion segments is refused without making them") {
    Bytes bytes = serialise(a_job());
    for (std::size_t at = 1; at < 5; ++at) bytes[at] = std::byte{0xFF};  // after the kind
    CHECK_FALSE(parse_job(bytes));
}

TEST_CASE("random bytes are no job") {
    for (unsigned seed = 0; seed < 500; ++seed) CHECK_FALSE(parse_job(as_bytes(test::random_bytes(seed))));
}
