// SPDX-License-Identifier: Apache-2.0
// Bytes from a worker that was taken over: every reader of records takes them or turns bad, and a job that is accepted
// writes back as it was.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "engine/worker/job.h"
#include "engine/worker/record.h"

namespace {

using namespace triage;

void read_one(std::uint8_t form, ByteView bytes) {
    RecordReader r(bytes);
    std::uint64_t extent_count = 0;
    std::vector<Extent> extents;
    switch (form) {
        case 0: read_media(r); break;
        case 1: read_run(r); break;
        case 2: read_problem(r); break;
        case 3: read_volume(r); break;
        case 4: read_filesystem(r); break;
        case 5: read_counts(r); break;
        case 6: read_request(r); break;
        case 7: read_extents(r, extents); break;
        case 8: read_map(r, true); break;
        default: read_entry(r, extent_count); break;
    }
    if (r.is_complete() && !r.is_good()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView bytes = std::as_bytes(std::span(data, size));
    if (bytes.empty()) return 0;
    read_one(data[0] % 10, bytes.subspan(1));
    if (const std::optional<WorkerJob> job = parse_job(bytes))
        if (parse_job(serialise(*job)) != job) std::abort();
    return 0;
}
