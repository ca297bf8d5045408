// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/open_evidence.h"

#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/scan/check.h"

namespace triage {
namespace {

// Of what a worker may say of one evidence. 4 TiB in chunks of 32 KiB are 8,000 runs.
constexpr std::size_t most_runs = 1'000'000, most_volumes = 20'000, most_problems = 100'000;

// Bytes that opening may read: of what was made in good faith its headers and tables, a small part of it. Sections that
// share their bytes could be read for ever.
std::uint64_t read_limit_of(const std::vector<Segment>& segments) {
    std::uint64_t sum = 0;
    for (const Segment& segment : segments) sum = checked_add(sum, segment.size).value_or(~0ull);
    return std::max<std::uint64_t>(sum, 1ull << 30);
}

Problem problem_of(ProblemKind kind, std::string detail) {
    Problem problem;
    problem.kind = kind;
    problem.detail = std::move(detail);
    problem.hides_entries = true;
    return problem;
}

void take_media(OpenedEvidence& evidence, OpenedMedia media, const std::vector<Segment>& segments,
                const std::atomic<bool>* stop) {
    EvidenceRecord& record = evidence.record;
    record.is_opened = true;
    record.description = std::move(media.description);
    record.media_size = media.map.media_size;
    record.sector_size = media.map.sector_size;
    record.digests = std::move(media.digests);
    record.header = std::move(media.header);
    evidence.reader = std::make_unique<MediaReader>(std::move(media.map), std::make_shared<SegmentFiles>(segments));
    if (stop) evidence.reader->heed(*stop);
}

}  // namespace

void prepare_next(const WorkerOptions& options, std::size_t steps) {
    if (options.spares && !options.in_process) options.spares->prepare(steps);
}

EvidenceRecord describe(std::uint32_t id, const EvidenceSpec& spec) {
    EvidenceRecord record;
    record.id = id;
    record.name = spec.name;
    record.exhibit = spec.exhibit;
    record.segments = spec.segments;
    record.format = spec.container->name();
    record.device = spec.device;
    if (spec.device && spec.before) record.device = with_earlier(*spec.device, *spec.before);
    return record;
}

OpenedEvidence open_evidence(const Registry& registry, const WorkerOptions& options, std::uint32_t id,
                             const EvidenceSpec& spec) {
    OpenedEvidence evidence;
    evidence.record = describe(id, spec);
    WorkerJob job;
    job.kind = JobKind::open;
    job.segments = spec.segments;
    job.container = spec.container->name();
    Worker worker(registry, options, job);
    prepare_next(options, 2);
    std::optional<OpenedMedia> media;
    std::string failure;
    bool is_good = true;
    while (std::optional<Record> record = worker.next(read_limit_of(spec.segments))) {
        RecordReader r(record->payload);
        if (record->type == RecordType::failure) failure = r.text();
        if (record->type == RecordType::media) media = read_media(r);
        if (record->type == RecordType::run && media) media->map.runs.push_back(read_run(r));
        if (record->type == RecordType::problem) evidence.problems.push_back(read_problem(r));
        is_good &= r.is_good() && evidence.problems.size() <= most_problems;
        is_good &= !media || media->map.runs.size() <= most_runs;
        if (!is_good) break;
    }
    evidence.sandbox = worker.sandbox();
    if (!is_good) worker.stop();
    else if (worker.end() != WorkerEnd::finished) failure = "the worker that opened it ended: " + worker.cause();
    if (!is_good) failure = "the worker's records are inconsistent";
    if (media && failure.empty()) failure = find_flaw(media->map, spec.segments).value_or("");
    if (media && failure.empty()) take_media(evidence, std::move(*media), spec.segments, options.stop);
    else evidence.problems.push_back(problem_of(ProblemKind::unreadable, "container cannot be opened: " + failure));
    return evidence;
}

VolumeList list_volumes(const Registry& registry, const WorkerOptions& options, const OpenedEvidence& evidence) {
    WorkerJob job;
    job.kind = JobKind::volumes;
    job.segments = evidence.record.segments;
    job.map = evidence.reader->map();
    Worker worker(registry, options, job);
    prepare_next(options, 1);
    VolumeList list;
    bool is_good = true;
    while (std::optional<Record> record = worker.next()) {
        RecordReader r(record->payload);
        if (record->type == RecordType::volume_list) list.system = r.text();
        if (record->type == RecordType::problem) list.problems.push_back(read_problem(r));
        if (record->type == RecordType::volume) {
            Volume volume = read_volume(r);
            is_good &= is_sound(volume, evidence.reader->size(), list.volumes);
            if (r.is_complete() && is_good) list.volumes.push_back(std::move(volume));
        }
        is_good &= r.is_good() && list.problems.size() <= most_problems && list.volumes.size() <= most_volumes;
        if (!is_good) break;
    }
    if (!is_good) worker.stop();
    if (worker.end() != WorkerEnd::finished || !is_good) {
        const std::string cause = is_good ? worker.cause() : "its records are inconsistent";
        list.problems.push_back(
            problem_of(ProblemKind::aborted, "partition tables: the worker that read them ended: " + cause));
    }
    // What the tables say is unknown; what a file system at the start of the media says is not.
    if (list.volumes.empty()) list.volumes.push_back({"-", VolumeRole::filesystem, 0, evidence.reader->size(), {}});
    cover(list.volumes, evidence.reader->size());
    return list;
}

}  // namespace triage
