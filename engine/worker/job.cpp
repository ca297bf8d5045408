// SPDX-License-Identifier: Apache-2.0
#include "engine/worker/job.h"

#include "engine/worker/record.h"

namespace triage {

Bytes serialise(const WorkerJob& job) {
    RecordWriter w;
    w.u8(static_cast<std::uint8_t>(job.kind));
    w.u32(static_cast<std::uint32_t>(job.segments.size()));
    for (const Segment& segment : job.segments) write(w, segment);
    w.text(job.container);
    write(w, job.map, true);
    write(w, job.volume);
    write(w, job.limits);
    w.text(job.type_database);
    w.flag(job.probe_only), w.u64(job.skip_records);
    w.u32(static_cast<std::uint32_t>(job.avoid.size()));
    for (const auto& [place, delivered] : job.avoid)
        w.u64(place.address), w.text(place.path), w.u64(place.records), w.u64(delivered);
    w.u64(job.memory_bytes), w.u64(job.memory_max_bytes);
    return Bytes(w.bytes().begin(), w.bytes().end());
}

std::optional<WorkerJob> parse_job(ByteView bytes) {
    RecordReader r(bytes);
    WorkerJob job;
    job.kind = r.enumerator(JobKind::types);
    for (std::uint32_t n = r.u32(); n > 0 && r.is_good(); --n) job.segments.push_back(read_segment(r));
    job.container = r.text();
    job.map = read_map(r, true);
    job.volume = read_volume(r);
    job.limits = read_limits(r);
    job.type_database = r.text();
    job.probe_only = r.flag(), job.skip_records = r.u64();
    for (std::uint32_t n = r.u32(); n > 0 && r.is_good(); --n) {
        WorkerJob::Avoided avoided;
        avoided.place.address = r.u64(), avoided.place.path = r.text(), avoided.place.records = r.u64();
        avoided.delivered = r.u64();
        job.avoid.push_back(std::move(avoided));
    }
    job.memory_bytes = r.u64(), job.memory_max_bytes = r.u64();
    return r.is_complete() ? std::optional(std::move(job)) : std::nullopt;
}

}  // namespace triage
