// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/lister.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/examine/content_type.h"
#include "engine/examine/examine.h"
#include "engine/examine/first_bytes.h"
#include "engine/scan/check.h"

namespace triage {
namespace {

constexpr int most_hangs = 1, most_deaths = 8;
constexpr std::uint64_t least_read_limit = 1ull << 30;  // small volumes are read over and over by an honest libtsk
// Measured November 2026 on ext4 and NTFS images of 8,000 to 200,000 entries: 1 to 7 KiB, and 1 to 12 where the
// reader's cache (plugins/tsk/read_cache.h) is 64 times too small for the metadata. Four of its blocks.
constexpr std::uint64_t read_per_entry = 64 << 10;
constexpr std::size_t most_parts = 1000;            // file systems on one volume
constexpr std::size_t most_early_bytes = 4 << 20;   // problems before any file system take, about
constexpr std::size_t most_attributes = 1 << 16;    // contents of one address: NTFS numbers them in 16 bits
constexpr std::size_t contents_at_once = 4096;      // gathered before a content worker is asked...
constexpr std::uint64_t memory_at_once = 16 << 20;  // ...and bytes that they take, about

VolumeState state_without_filesystem(ProblemKind kind) {
    switch (kind) {
        case ProblemKind::locked: return VolumeState::locked;
        case ProblemKind::unrecognised: return VolumeState::unrecognised;
        case ProblemKind::unsupported: return VolumeState::unsupported;
        default: return VolumeState::unreadable;
    }
}

}  // namespace

// One volume under way: the worker may change, this stays.
struct Lister::VolumeWalk {
    VolumeWalk(const OpenedEvidence& of, const Volume& which, std::uint32_t position)
        : evidence(of), volume(which), order(position) {}

    const OpenedEvidence& evidence;
    const Volume& volume;
    std::uint32_t order;

    struct Part {  // one file system on it
        VolumeRecord record;
        bool is_readable = false, hides_entries = false;
        std::string reason;
        ContentSet contents;
        std::uint64_t last_address = ~0ull;
        std::size_t contents_of_last = 0;
        std::uint64_t entries = 0;

        bool is_new_content(std::uint64_t address, std::uint32_t attribute) {
            if (std::exchange(last_address, address) != address) contents_of_last = 0;
            const bool is_new = contents.insert(address, attribute);
            contents_of_last += is_new;
            return is_new;
        }
    };
    std::vector<std::unique_ptr<Part>> parts;
    Part* current = nullptr;
    std::vector<Problem> early_problems;  // before any file system
    std::size_t early_bytes = 0;          // that they take, about

    std::uint64_t records = 0;  // delivered by all workers so far
    std::uint64_t entries = 0;
    std::uint64_t stored_bytes = 0, unstored_bytes = 0;  // of contents that are to be hashed
    std::optional<Entry> pending;                        // its extents are still coming
    std::uint64_t pending_extents = 0;
    std::vector<EntryWork> for_worker;  // contents that need decoding
    std::uint64_t worker_memory = 0;    // bytes that they take, about
    std::vector<WorkerJob::Avoided> avoid;
    int hangs = 0, deaths = 0;
    double silent_seconds = 0;
    bool is_given_up = false, is_broken = false, has_more_memory = false, is_over_limit = false;
};

Lister::Lister(const ScanInput& input, const RuleBook& rules, const SizeGate& gate, VolumePlaces& places, Plan& plan,
               Progress& progress, ResumePoint resume, bool probe_only)
    : input_(input),
      rules_(rules),
      gate_(gate),
      places_(places),
      plan_(plan),
      progress_(progress),
      resume_(std::move(resume)),
      probe_only_(probe_only),
      worker_options_(worker_options(input.options)) {
    worker_options_.stop = &input.stop;
    worker_options_.wait = &progress.listing_wait;
    worker_options_.spares = &spares_;
}

Lister::~Lister() = default;

WorkerOptions worker_options(const ScanOptions& options) {
    WorkerOptions worker;
    worker.memory_bytes = std::uint64_t{options.worker_memory_mib} << 20;
    worker.memory_max_bytes = std::uint64_t{options.worker_memory_max_mib} << 20;
    worker.progress_seconds = options.worker_progress_seconds;
    worker.in_process = options.worker_in_process;
    return worker;
}

void Lister::list(std::uint32_t evidence_id, const EvidenceSpec& spec) {
    progress_.begin_listing(evidence_id, {});
    open_.push_back(open_evidence(input_.registry, worker_options_, evidence_id, spec));
    OpenedEvidence& evidence = open_.back();
    sandbox_ = evidence.sandbox;
    VolumeList list;
    if (evidence.reader) list = list_volumes(input_.registry, worker_options_, evidence);
    evidence.record.volume_system = list.system;
    send(evidence.record);
    for (std::vector<Problem>* problems : {&evidence.problems, &list.problems})
        for (Problem& problem : *problems) send_problem(evidence_id, std::nullopt, std::move(problem));
    progress_.volumes_total += static_cast<std::uint32_t>(list.volumes.size());
    for (std::uint32_t order = 0; order < list.volumes.size() && !is_stopped(); ++order) {
        has_next_ = std::any_of(list.volumes.begin() + order + 1, list.volumes.end(),
                                [](const Volume& v) { return v.role != VolumeRole::gap; });
        walk(evidence, list.volumes[order], order);
        walk_ = Plan::no_walk;
        ++progress_.volumes_done;
    }
}

std::uint32_t Lister::volume_id(std::uint32_t evidence, const std::string& name) {
    const auto known = resume_.volumes.find({evidence, name});
    return known != resume_.volumes.end() ? known->second.id : resume_.next_volume_id++;
}

void Lister::walk(const OpenedEvidence& evidence, const Volume& volume, std::uint32_t order) {
    const auto earlier = resume_.volumes.find({evidence.record.id, volume.name});
    if (earlier != resume_.volumes.end() && earlier->second.state != VolumeState::pending) return;

    VolumeWalk walk(evidence, volume, order);
    auto whole = std::make_unique<VolumeWalk::Part>();
    whole->record.id = volume_id(evidence.record.id, volume.name);
    whole->record.evidence = evidence.record.id;
    whole->record.order = order << 16;
    whole->record.name = volume.name;
    whole->record.start = volume.start;
    whole->record.length = volume.length;
    whole->record.description = volume.description;
    walk.parts.push_back(std::move(whole));
    progress_.name_volume(walk.parts[0]->record.id, evidence.record.id, volume.name);
    if (volume.role == VolumeRole::gap) {
        walk.parts[0]->record.state = VolumeState::gap;
        return send(walk.parts[0]->record);
    }
    walk_ = walks_++;
    progress_.begin_listing(evidence.record.id, volume.name);
    send(walk.parts[0]->record);

    WorkerJob job;
    job.kind = JobKind::walk;
    job.segments = evidence.record.segments;
    job.map = evidence.reader->map();
    job.volume = volume;
    job.limits = input_.options.walk;
    job.limits.owners = rules_.asks_for("owner");
    job.probe_only = probe_only_;
    while (!is_stopped() && !run_walk_worker(walk, job)) {
        job.skip_records = walk.records;
        job.avoid = walk.avoid;
    }
    if (is_stopped()) return;
    read_in_worker(walk);
    if (!is_stopped()) finish_walk(walk);
}

// True when the walk is over: done, or given up.
bool Lister::run_walk_worker(VolumeWalk& walk, WorkerJob& job) {
    const auto factor = checked_multiply(walk.volume.length, input_.options.walk.orphan_volume_factor);
    const std::uint64_t read_limit = std::max(least_read_limit, factor.value_or(~0ull));
    WorkerOptions options = worker_options_;
    if (walk.has_more_memory) options.memory_bytes = options.memory_max_bytes;
    Worker worker(input_.registry, options, job);
    if (has_next_) prepare_next(worker_options_, 1);
    // libtsk looks at the inode of each name twice (the walk, the search for orphans), in any order.
    const auto allowed = [&] { return checked_add(read_limit, walk.entries * read_per_entry).value_or(~0ull); };
    while (std::optional<Record> record = worker.next(allowed())) {
        if (is_stopped()) return worker.stop(), true;
        take_record(walk, *record);
        if (walk.is_broken) break;
        worker.allow_entries(walk.entries);
    }
    walk.pending.reset();
    if (!walk.is_broken && worker.end() == WorkerEnd::finished) return true;
    if (walk.is_broken) worker.stop();
    walk.silent_seconds += worker.silent_seconds();
    note_death(walk, worker, "walk");

    if (worker.ran_out_of_memory() && !std::exchange(walk.has_more_memory, true))
        return false;  // once more, with all it may have
    if (may_restart(walk, worker)) return false;
    give_up(walk, worker.stands_at(), walk.is_broken ? "its records are inconsistent" : worker.cause());
    return true;
}

// After a death or a hang: another worker goes on behind the place, unless it was tried often enough. Notes the place.
bool Lister::may_restart(VolumeWalk& walk, const Worker& worker) const {
    const WorkerJob::Place place = worker.stands_at();
    const bool is_new_place = std::none_of(walk.avoid.begin(), walk.avoid.end(),
                                           [&](const WorkerJob::Avoided& a) { return a.place == place; });
    walk.avoid.push_back({place, walk.records});
    if (walk.is_broken || !is_new_place || worker.end() == WorkerEnd::livelocked) return false;
    const bool was_hang = worker.end() == WorkerEnd::hung;
    return (was_hang ? ++walk.hangs <= most_hangs : ++walk.deaths <= most_deaths) &&
           walk.silent_seconds < worker_options_.silent_seconds;
}

void Lister::give_up(VolumeWalk& walk, const WorkerJob::Place& place, const std::string& cause) {
    walk.is_given_up = true;
    Problem problem;
    problem.kind = ProblemKind::aborted;
    problem.hides_entries = true;
    problem.address = place.address;
    problem.path = place.path;
    problem.detail = fmt::format(
        "volume partially examined: the walk ended at this place ({}); what comes after it was not listed", cause);
    take_problem(walk, std::move(problem));
}

void Lister::note_death(VolumeWalk& walk, const Worker& worker, std::string_view job) {
    send(AuditEvent{"worker-ended",
                    {{"job", job},
                     {"evidence", walk.evidence.record.id},
                     {"volume", walk.volume.name},
                     {"how", to_string(worker.end())},
                     {"cause", worker.cause()},
                     {"address", worker.stands_at().address}}});
}

void Lister::take_record(VolumeWalk& walk, const Record& record) {
    RecordReader r(record.payload);
    if (walk.pending && record.type != RecordType::extents) walk.is_broken = true;
    if (walk.is_broken) return;
    switch (record.type) {
        case RecordType::filesystem: {
            const Filesystem fs = read_filesystem(r);
            if (r.is_complete()) begin_filesystem(walk, fs);
            break;
        }
        case RecordType::entry:
            walk.pending = read_entry(r, walk.pending_extents);
            if (walk.pending_extents > most_extents) r.fail();
            break;
        case RecordType::extents:
            if (!walk.pending || walk.pending->extents.size() >= walk.pending_extents) r.fail();
            else read_extents(r, walk.pending->extents);
            break;
        case RecordType::problem: {
            Problem problem = read_problem(r);
            if (!walk.current) walk.early_bytes += sizeof problem + problem.path.size() + problem.detail.size();
            if (walk.early_bytes > most_early_bytes) r.fail();
            else take_problem(walk, std::move(problem));
            break;
        }
        case RecordType::counts:
            if (walk.current) walk.current->record.counts = read_counts(r);
            break;
        default: break;
    }
    if (!r.is_good()) walk.is_broken = true;
    if (walk.pending && !walk.is_broken) {
        if (walk.pending->extents.size() < walk.pending_extents) return;  // not counted: a new worker sends it again
        take_entry(walk, std::move(*walk.pending));
        walk.pending.reset();
    }
    if (record.type != RecordType::end) ++walk.records;
}

void Lister::take_problem(VolumeWalk& walk, Problem problem) {
    if (!walk.current) return walk.early_problems.push_back(std::move(problem));
    VolumeWalk::Part& part = *walk.current;
    part.hides_entries |= problem.hides_entries;
    if (part.reason.empty()) {
        part.reason = problem.detail;
        if (!part.is_readable) part.record.state = state_without_filesystem(problem.kind);
    }
    send_problem(walk.evidence.record.id, part.record.id, std::move(problem));
}

void Lister::begin_filesystem(VolumeWalk& walk, const Filesystem& fs) {
    if (fs.inner.empty()) {
        if (walk.current) return void(walk.is_broken = true);
    } else {
        const std::string name = walk.parts[0]->record.name + "/" + fs.inner;
        const bool is_repeated = std::any_of(walk.parts.begin(), walk.parts.end(),
                                             [&](const auto& part) { return part->record.name == name; });
        if (is_repeated || walk.parts.size() > most_parts) return void(walk.is_broken = true);
        const VolumeRecord& whole = walk.parts[0]->record;
        auto part = std::make_unique<VolumeWalk::Part>();
        part->record = whole;
        part->record.name = name;
        part->record.id = volume_id(whole.evidence, part->record.name);
        part->record.order = whole.order + static_cast<std::uint32_t>(walk.parts.size());
        progress_.name_volume(part->record.id, whole.evidence, name);
        walk.parts.push_back(std::move(part));
    }
    walk.current = fs.inner.empty() ? walk.parts[0].get() : walk.parts.back().get();
    VolumeRecord& record = walk.current->record;
    record.fs = fs.type;
    record.label = fs.label;
    record.modified = fs.modified, record.accessed = fs.accessed;
    record.changed = fs.changed, record.created = fs.created;
    walk.current->is_readable = fs.is_readable;
    if (fs.type == "swap" && !fs.is_readable) record.state = VolumeState::swap;
    places_.put(record);
    VolumeRecord pending = record;
    pending.state = VolumeState::pending;
    send(pending);
}

void Lister::take_entry(VolumeWalk& walk, Entry entry) {
    if (!walk.current || walk.current->contents_of_last > most_attributes) return void(walk.is_broken = true);
    VolumeWalk::Part& part = *walk.current;
    // An honest worker says that there are more, and sends none of them.
    if (++part.entries > input_.options.walk.entries) return void(walk.is_broken = true);
    refuse_flawed(walk, entry);
    ++walk.entries;
    progress_.entries_listed.fetch_add(1, std::memory_order_relaxed);

    EntryWork work;
    work.media = walk.evidence.reader.get();
    work.evidence = walk.evidence.record.id;
    work.record.walk_order = resume_.next_walk_order++;
    work.record.volume = part.record.id;
    const RuleBook::BeforeReading before = rules_.before_reading(entry, VolumePlaces::of(part.record));
    work.priority = static_cast<std::uint8_t>(before.priority);
    work.hash = before.hash;
    if (!work.hash.empty()) work.hash.add(algorithms_of(input_.known));  // what is not computed cannot match
    work.wants_entropy = before.wants_entropy;
    work.wants_libmagic = before.wants_libmagic;
    if (before.is_skipped) {
        // Another name of the same content, which no rule skips, is read all the same.
        work.is_examined = true;
        work.record.examined = {Status::skipped, Reason::rule, 0, {}, {}};
    } else if (entry.source == Source::none) {
        work.is_examined = true;
        work.record.examined = {Status::unreadable, entry.reason, entry.size, {}, {}};
    } else if (!gate_.may_match(entry.size)) {
        leave_out_by_size(work, rules_.is_decided_by_type(entry, VolumePlaces::of(part.record)));
        work.priority = Rule::last_priority;  // what may match comes first
    } else if (!input_.options.examine_sparse && is_nearly_all_hole(entry)) {
        work.is_examined = true;
        work.record.examined = {Status::skipped, Reason::sparse, stored_bytes(entry.extents), {}, {}};
    } else if (!part.is_new_content(entry.address, entry.attribute)) {
        work.shares_content = true;
    } else if (is_over_limit(walk, entry)) {
        work.is_examined = true;
        work.record.examined = {Status::skipped, Reason::limit, entry.size, {}, {}};
    } else if (was_hashed_earlier(work, entry)) {
        work.is_examined = true;
    }
    const bool needs_worker = entry.source == Source::worker && work.needs_media();
    if (!work.is_examined && !work.shares_content) count_to_be_read(entry.size);
    if (work.shares_content) entry.extents = {}, entry.resident = {};  // they stand with the first name
    if (entry.state == EntryState::allocated)
        part.record.held_bytes = checked_add(part.record.held_bytes, stored_bytes(entry.extents)).value_or(~0ull);
    work.record.entry = std::move(entry);
    if (!needs_worker) return send(std::move(work));
    walk.worker_memory += memory_of(work);
    walk.for_worker.push_back(std::move(work));
    if (walk.for_worker.size() >= contents_at_once || walk.worker_memory >= memory_at_once) read_in_worker(walk);
}

// What the volume does not store costs the evidence nothing and us a digest of every byte: holes, and blocks that more
// contents claim than there can be, which are those in use and as many orphans as their limit allows. It is bounded by
// the volume's own length, which $BadClus:$Bad takes, and a limit. The first content over it is a problem, each has its
// reason.
bool Lister::is_over_limit(VolumeWalk& walk, const Entry& entry) {
    const std::uint64_t length = walk.volume.length, unstored = unstored_bytes(entry, length);
    const std::uint64_t stored = entry.size - unstored;
    const std::uint64_t most_stored =
        checked_multiply(length, 1 + input_.options.walk.orphan_volume_factor).value_or(~0ull);
    const std::uint64_t repeated = stored - std::min(stored, most_stored - walk.stored_bytes);
    const std::uint64_t most = checked_add(length, input_.options.hole_bytes).value_or(~0ull);
    if (unstored + repeated <= most - walk.unstored_bytes) {
        walk.stored_bytes += stored - repeated;
        walk.unstored_bytes += unstored + repeated;
        return false;
    }
    if (std::exchange(walk.is_over_limit, true)) return true;
    Problem problem;
    problem.kind = ProblemKind::capped;
    problem.path = entry.path, problem.address = entry.address;
    problem.detail = fmt::format(
        "holes and blocks of other contents go beyond the limit of {} bytes a volume; it is not hashed, nor "
        "are others like it",
        input_.options.hole_bytes);
    send_problem(walk.evidence.record.id, walk.current->record.id, std::move(problem));
    return true;
}

// By an interrupted part of this run, with the digests that are wanted now.
bool Lister::was_hashed_earlier(EntryWork& work, const Entry& entry) {
    if (!resume_.contents || entry.source == Source::resident) return false;
    std::optional<Examined> earlier = resume_.contents->find(work.record.volume, entry);
    const AlgorithmSet wanted = work.hash.empty() ? input_.options.algorithms : work.hash;
    if (!earlier || earlier->digests.algorithms() != wanted || earlier->entropy.has_value() != work.wants_entropy)
        return false;
    const bool was_asked = !earlier->libmagic_type.empty() || is_told_alike(earlier->type);
    if (work.wants_libmagic && !was_asked) return false;
    work.wants_libmagic = false;
    work.record.examined = std::move(*earlier);
    return true;
}

// Sizes are lies until they are read: the sum stays at its end instead of wrapping. One thread adds.
void Lister::count_to_be_read(std::uint64_t bytes) {
    const std::uint64_t before = progress_.bytes_listed.load(std::memory_order_relaxed);
    progress_.bytes_listed.store(checked_add(before, bytes).value_or(~0ull), std::memory_order_relaxed);
}

// An entry that contradicts itself keeps its name and loses its content.
void Lister::refuse_flawed(VolumeWalk& walk, Entry& entry) {
    const std::optional<std::string> flaw = find_flaw(entry, walk.volume);
    if (!flaw) return;
    Problem problem;
    problem.kind = ProblemKind::damaged;
    problem.path = entry.path, problem.address = entry.address;
    problem.detail = "the listing contradicts itself: " + *flaw;
    send_problem(walk.evidence.record.id, walk.current->record.id, std::move(problem));
    entry.source = Source::none, entry.reason = Reason::damaged;
    entry.extents.clear(), entry.resident.clear();
}

void Lister::read_in_worker(VolumeWalk& walk) {
    std::vector<EntryWork> works = std::exchange(walk.for_worker, {});
    walk.worker_memory = 0;
    WorkerJob job;
    job.segments = walk.evidence.record.segments;
    job.map = walk.evidence.reader->map();
    job.volume = walk.volume;
    ContentReader reader(input_.registry, worker_options_, std::move(job), input_.stop);
    for (EntryWork& work : works) {
        ContentReader::Answer answer = reader.read(request_for(walk, work), examiner_for(work), work.wants_entropy,
                                                   work.wants_libmagic ? &work.first_bytes : nullptr);
        if (is_stopped()) return;
        if (work.wants_type) {
            take_type(work, answer);
        } else {
            work.is_examined = true;
            work.record.examined = answer.examined;
            progress_.bytes_examined.fetch_add(work.record.entry.size, std::memory_order_relaxed);
        }
        if (answer.dead_worker) note_death(walk, *answer.dead_worker, "content");
        if (!answer.detail.empty()) {
            Problem problem;
            problem.kind = answer.dead_worker ? ProblemKind::aborted : ProblemKind::damaged;
            problem.path = work.record.entry.path, problem.address = work.record.entry.address;
            problem.detail = answer.detail;
            send_problem(walk.evidence.record.id, work.record.volume, std::move(problem));
        }
        send(std::move(work));
    }
}

// Of its first bytes; it stays excluded by its size.
void Lister::take_type(EntryWork& work, ContentReader::Answer& answer) {
    work.wants_type = false;
    work.record.examined.is_typed = answer.examined.status == Status::hashed;
    if (work.record.examined.is_typed) work.record.examined.type = std::move(answer.examined.type);
    else answer.detail = untyped(work.record.entry).detail + (answer.detail.empty() ? "" : ": " + answer.detail);
}

ContentExaminer& Lister::examiner_for(const EntryWork& work) {
    const AlgorithmSet algorithms = work.hash.empty() ? input_.options.algorithms : work.hash;
    std::unique_ptr<ContentExaminer>& examiner = examiners_[algorithms.bits()];
    if (!examiner) examiner = std::make_unique<ContentExaminer>(algorithms);
    return *examiner;
}

ContentRequest Lister::request_for(const VolumeWalk& walk, const EntryWork& work) {
    const auto part = std::find_if(walk.parts.begin(), walk.parts.end(),
                                   [&](const auto& p) { return p->record.id == work.record.volume; });
    const std::string& name = (*part)->record.name;  // the volume's, or "volume/inner"
    const Entry& entry = work.record.entry;
    ContentRequest request;
    request.inner = name.size() > walk.volume.name.size() ? name.substr(walk.volume.name.size() + 1) : "";
    request.fs_type = (*part)->record.fs;
    request.address = entry.address, request.attribute = entry.attribute, request.size = entry.size;
    if (work.wants_type) request.most = FirstBytes::most;
    return request;
}

void Lister::finish_walk(VolumeWalk& walk) {
    VolumeWalk::Part& whole = *walk.parts[0];
    if (!walk.current) finish_without_filesystem(walk);
    for (Problem& problem : walk.early_problems) {
        whole.hides_entries |= problem.hides_entries;
        send_problem(whole.record.evidence, whole.record.id, std::move(problem));
    }
    const bool is_pool = walk.parts.size() > 1 && whole.record.fs.empty();
    if (is_pool) {
        whole.record.fs = walk.parts[1]->record.fs;
        whole.record.state = walk.is_given_up ? VolumeState::partial : VolumeState::walked;
    }
    std::vector<VolumeRecord> states;
    for (const auto& part : walk.parts) {
        VolumeRecord& record = part->record;
        if (part->is_readable) record.state = part->hides_entries ? VolumeState::partial : VolumeState::walked;
        if (!part->is_readable || part->hides_entries)
            if (!part->reason.empty()) record.detail = part->reason;
        if (record.state == VolumeState::pending) record.state = VolumeState::unreadable;
        states.push_back(record);
    }
    plan_.end_walk(walk_, std::move(states));
}

// Swap and reserved partitions are looked at too: a file system hidden there is found. Without one they are what the
// table says.
void Lister::finish_without_filesystem(VolumeWalk& walk) {
    VolumeRecord& record = walk.parts[0]->record;
    const bool is_swap = walk.volume.role == VolumeRole::swap;
    if (is_swap || walk.volume.role == VolumeRole::reserved) {
        std::erase_if(walk.early_problems, [](const Problem& p) { return p.kind == ProblemKind::unrecognised; });
        record.state = is_swap ? VolumeState::swap : VolumeState::reserved;
    }
    if (walk.early_problems.empty()) return;
    record.state = state_without_filesystem(walk.early_problems.back().kind);
    record.detail = walk.early_problems.back().detail;
}

void Lister::send(Item item) {
    if (!plan_.send(walk_, std::move(item))) has_no_receiver_ = true;
}

void Lister::send_problem(std::uint32_t evidence, std::optional<std::uint32_t> volume, Problem problem) {
    send(ProblemRecord{evidence, volume, std::move(problem)});
}

}  // namespace triage
