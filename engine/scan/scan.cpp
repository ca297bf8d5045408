// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <future>
#include <map>
#include <set>

#include "engine/scan/lister.h"
#include "engine/scan/pipeline.h"
#include "engine/scan/run_stop.h"
#include "engine/scan/unread_ranges.h"
#include "engine/scan/verify_media.h"

namespace triage {
namespace {

// Of the details of problems that a later part of the scan does not undo; digests are computed again.
constexpr const char* changed_meanwhile = "integrity: * while it was examined*";

std::vector<Polarity> polarities_of(const KnownSets& sets) {
    std::vector<Polarity> polarities;
    for (const KnownSet& set : sets) polarities.push_back(set.identity().polarity);
    return polarities;
}

std::vector<SetFacts> facts_of(const KnownSets& sets) {
    std::vector<SetFacts> facts;
    for (const KnownSet& set : sets) facts.push_back({set.identity().name, set.identity().polarity});
    return facts;
}

// A volume of an evidence, with all file systems on it: they are walked together.
using Place = std::pair<std::uint32_t, std::uint32_t>;
Place place_of(const VolumeRecord& volume) { return {volume.evidence, volume.order >> 16}; }

// Where an interrupted scan goes on: finished volumes stay, unfinished ones are forgotten and walked again.
ResumePoint prepare_resume(Store& store) {
    ResumePoint point;
    std::vector<VolumeRecord> volumes = store.volumes();
    std::set<Place> unfinished;
    for (const VolumeRecord& volume : volumes)
        if (volume.state == VolumeState::pending) unfinished.insert(place_of(volume));
    std::vector<std::uint32_t> walked_again;
    for (const VolumeRecord& volume : volumes)
        if (unfinished.contains(place_of(volume))) walked_again.push_back(volume.id);
    point.contents = store.keep_contents(walked_again);
    RunRecord run = store.run();
    run.found_before = run.found_before || (!unfinished.empty() && store.has_notable_match());
    store.put_run(run);
    for (VolumeRecord& volume : volumes) {
        if (unfinished.contains(place_of(volume))) {
            store.forget_volume(volume.id);
            volume.state = VolumeState::pending;
        }
        point.next_volume_id = std::max(point.next_volume_id, volume.id + 1);
        point.volumes[{volume.evidence, volume.name}] = std::move(volume);
    }
    store.forget_unknown_volumes();
    store.forget_problems_of_evidence(changed_meanwhile);
    point.next_walk_order = store.next_walk_order();
    return point;
}

// What the gate leaves out, or why there is none, stands beside the verdict.
SizeGate gate_of(const ScanInput& input, Store& store, AuditLog& audit) {
    if (!input.options.size_gate) return {};
    SizeGate gate(input.known, [&] { return input.stop.load(std::memory_order_relaxed); });
    audit.record("size-gate", {{"holds", gate.holds()}, {"obstacle", gate.obstacle()}});
    if (gate.was_stopped()) return gate;  // nothing is read any more: nothing is to be said of what was left out
    std::string words = gate.holds() ? "contents of a size that no notable record has are left out"
                                     : "nothing is left out by its size: " + gate.obstacle();
    const auto is_undecided = [](const Rule& rule) { return rule.severity && needs_whole_content(rule.when); };
    if (gate.holds() && std::any_of(input.rules.begin(), input.rules.end(), is_undecided))
        words += "; rules that need whole contents were not decided for what is excluded by size";
    RunRecord run = store.run();
    if (run.exclusions.find(words) != std::string::npos) return gate;  // a run that goes on
    run.exclusions += (run.exclusions.empty() ? "" : "; ") + words;
    store.put_run(run);
    return gate;
}

// The one place that writes what a scan learns. Called by the pipeline's serial stage.
class Recorder {
  public:
    Recorder(Store& store, AuditLog& audit, const ScanInput& input, const RuleBook& rules, const VolumePlaces& places,
             RunStop& stop, Progress& progress)
        : store_(store),
          audit_(audit),
          polarities_(polarities_of(input.known)),
          rules_(rules),
          volume_places_(places),
          most_matches_(input.options.most_matches),
          stop_(stop),
          is_observed_(input.observer != nullptr),
          observer_(input.observer ? *input.observer : no_observer_),
          progress_(progress) {}

    void record(const Batch& batch) {
        for (const Item& item : batch.items) std::visit([this](const auto& one) { put(one); }, item);
        store_.commit_if_due();
        record_pauses();
    }
    void record_pauses() {
        for (const RunStop::Pause& pause : stop_.take_pauses())
            audit_.record("pause",
                          {{"until", format_utc(pause.end)}, {"seconds", static_cast<std::uint64_t>(pause.seconds)}});
    }
    void record_problem(const ProblemRecord& problem) { put(problem); }
    void record_evidence(const EvidenceRecord& evidence) { put(evidence); }
    void record_volume(const VolumeRecord& volume) { put(volume); }

  private:
    void put(const EvidenceRecord& evidence) {
        store_.put_evidence(evidence);
        observer_.evidence(evidence);
        audit_.record("evidence", {{"id", evidence.id},
                                   {"name", evidence.name},
                                   {"segments", std::uint64_t{evidence.segments.size()}},
                                   {"media_size", evidence.media_size},
                                   {"opened", evidence.is_opened}});
    }
    void put(VolumeRecord volume) {
        places_[volume.id] = place_of(volume);
        const auto is_here = [&](std::uint32_t id) { return places_[id] == place_of(volume); };
        if (std::any_of(cut_short_.begin(), cut_short_.end(), is_here)) volume.state = VolumeState::pending;
        store_.put_volume(volume);
        observer_.volume(volume);
    }
    void put(const ProblemRecord& problem) {
        progress_.problems.fetch_add(1, std::memory_order_relaxed);
        // It may be of the stop alone, such as a second reading that did not end: the volume is walked again.
        if (stop_.flag() && problem.volume) cut_short_.insert(*problem.volume);
        store_.put_problem(problem);
        observer_.problem(problem);
        audit_.record("problem",
                      {{"evidence", problem.evidence},
                       {"what", to_string(problem.problem.kind)},
                       {"address", problem.problem.address.value_or(0)},
                       {"detail", problem.problem.detail}},
                      Durability::buffered_by_system);
    }
    void put(const AuditEvent& event) { audit_.record(event.event, event.fields); }
    void put(const EntryWork& work) {
        const EntryRecord& r = work.record;
        progress_.entries_examined.fetch_add(1, std::memory_order_relaxed);
        // The listing was ahead of the stop, the reading was not: a resumed run walks this volume again.
        if (r.examined.reason == Reason::not_reached && stop_.flag()) cut_short_.insert(r.volume);
        if (work.shares_content) return store_.put_entry(r, std::nullopt);
        const bool is_notable = note_matches(r);
        if (is_observed_) tell_finding(r, is_notable);
        store_.put_entry(r, store_.put_content(r.volume, r.entry, r.examined));
        if (rules_.may_stop()) count_for_stop(r);
        tell_unread(work);
    }
    void tell_unread(const EntryWork& work) {
        if (work.record.examined.unread.empty()) return;
        for (Problem& problem : problems_of_unread(work.record, work.media->map().sector_size))
            put(ProblemRecord{work.evidence, work.record.volume, std::move(problem)});
    }
    // Findings as they are recorded, of contents: the further names of one do not count.
    void count_for_stop(const EntryRecord& r) {
        const std::optional<Finding> finding = rules_.judge(r.entry, volume_places_.at(r.volume), r.examined);
        if (!finding) return;
        for (const std::string& rule : finding->rules) {
            const std::uint64_t most = rules_.stops_after(rule);
            if (most > 0 && ++findings_[rule] >= most) end_run("stopped by rule " + rule);
        }
    }
    void end_run(const std::string& cause) {
        stop_.stop(cause);
        progress_.is_stopping = true;
    }
    void tell_finding(EntryRecord r, bool is_notable) {
        r.finding = rules_.judge(r.entry, volume_places_.at(r.volume), r.examined);
        if (r.finding || is_notable) observer_.finding(r);
    }
    // Is one of them in a notable list?
    bool note_matches(const EntryRecord& r) {
        std::set<std::pair<std::uint32_t, std::string_view>> counted;  // several records of one category count once
        for (const Match& match : r.examined.matches)
            if (polarities_[match.set] == Polarity::notable && counted.emplace(match.set, match.category).second)
                progress_.count_match(match.set, match.category);
        if (counted.empty()) return false;
        const std::uint64_t matches = progress_.matches.fetch_add(1) + 1;
        if (matches == 1) progress_.first_match_ms = static_cast<std::int64_t>(1000 * progress_.seconds());
        if (matches == most_matches_) end_run(fmt::format("stopped after {} matches, as asked for", matches));
        return true;
    }

    Store& store_;
    AuditLog& audit_;
    const std::vector<Polarity> polarities_;
    const RuleBook& rules_;
    const VolumePlaces& volume_places_;
    std::map<std::string, std::uint64_t> findings_;  // by rule, of rules that may stop the run
    const std::uint64_t most_matches_;               // then the run ends; 0: never
    RunStop& stop_;
    const bool is_observed_;
    Observer no_observer_;
    Observer& observer_;
    Progress& progress_;
    std::map<std::uint32_t, Place> places_;  // by VolumeRecord::id
    std::set<std::uint32_t> cut_short_;      // volumes with a content that the stop left unread
};

// A run whose digests cannot be trusted says so in its case before it ends.
[[noreturn]] void end_failed_run(const std::exception_ptr& failure, Store& store, AuditLog& audit) {
    try {
        std::rethrow_exception(failure);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::untrusted) throw;
        audit.record("digests-differ", {{"detail", error.what()}});
        RunRecord run = store.run();
        run.is_interrupted = true;
        run.interruption = untrusted_interruption;
        store.put_run(run);
        store.commit();
        throw;
    }
}

bool is_gone(const EvidenceSpec& spec, const Result<std::vector<Segment>>& now) {
    if (!spec.device) return false;
    const auto is_same_device = [](const Segment& a, const Segment& b) {
        return a.device == b.device && a.inode == b.inode && a.size == b.size;
    };
    return !now || !is_same_device(now->front(), spec.segments.front()) ||
           !gives_bytes(spec.segments.front().path, spec.segments.front().size);
}

// What a device gave before it was pulled out is kept; where it was pulled out in the middle is not known, so that all
// its volumes are walked again when the scan is resumed.
void put_back(std::uint32_t evidence, const Store& store, Recorder& recorder) {
    for (VolumeRecord& volume : store.volumes()) {
        if (volume.evidence != evidence) continue;
        volume.state = VolumeState::pending;
        volume.detail = "the device vanished";
        recorder.record_volume(volume);
    }
    Problem problem;
    problem.kind = ProblemKind::unreadable;
    problem.detail = "the device vanished while it was examined, or gives no bytes any more";
    problem.hides_entries = true;
    recorder.record_problem({evidence, std::nullopt, problem});
}

// A device that this system began to use in mid-scan, as automount does, may have changed under it.
void compare_uses(std::uint32_t id, const ScanInput& input, const Store& store, Recorder& recorder) {
    const EvidenceSpec& spec = input.evidence[id];
    if (!spec.device) return;
    const std::optional<BlockDevice> now = input.look_at_device(spec.segments.front().path);
    if (!now || now->use.empty() || now->use == spec.device->use) return;
    for (EvidenceRecord& record : store.evidences()) {
        if (record.id != id || !record.device) continue;
        record.device->use = with_earlier(*record.device, *now).use;
        recorder.record_evidence(record);
    }
    Problem problem;
    problem.kind = ProblemKind::damaged;
    problem.detail = "integrity: the device came into use while it was examined: " + now->use;
    recorder.record_problem({id, std::nullopt, problem});
}

std::vector<std::string> edges_of(const std::vector<EvidenceSpec>& evidence, AuditLog& audit) {
    std::vector<std::string> edges;
    for (std::uint32_t id = 0; id < evidence.size(); ++id) {
        edges.push_back(digest_of_edges(evidence[id].segments));
        std::uint64_t bytes = 0;
        for (const Segment& segment : evidence[id].segments) bytes += segment.size;
        audit.record("evidence-before", {{"id", id},
                                         {"edges_sha256", edges.back()},
                                         {"segments", std::uint64_t{evidence[id].segments.size()}},
                                         {"bytes", bytes}});
    }
    return edges;
}

void record_media_check(std::uint32_t id, const MediaCheck& check, Store& store, AuditLog& audit, Recorder& recorder,
                        const std::atomic<bool>& stop) {
    store.put_media_check(id, check);
    std::vector<AuditField> fields{{"id", id}, {"result", to_string(check.result)}, {"detail", check.detail}};
    for (const StoredDigest& digest : check.computed) fields.emplace_back(digest.algorithm, digest.hex);
    audit.record("evidence-verified", fields);
    const bool has_failed = check.result == MediaResult::not_verified && !stop;
    if (check.result != MediaResult::differs && !has_failed) return;
    Problem problem;
    problem.kind = has_failed ? ProblemKind::unreadable : ProblemKind::damaged;
    problem.detail = fmt::format("integrity: the evidence {}: {}", in_words(check.result), check.detail);
    recorder.record_problem({id, std::nullopt, problem});
}

// A pass of its own over the media, when the configuration asks for it.
void verify_evidence(const ScanInput& input, const Lister& lister, Store& store, AuditLog& audit, Recorder& recorder,
                     Progress& progress) {
    if (!input.options.verify_evidence) return;
    for (const OpenedEvidence& evidence : lister.opened())
        if (evidence.reader) progress.bytes_to_verify += evidence.reader->size();
    progress.phase = Phase::verifying;
    for (const OpenedEvidence& evidence : lister.opened()) {
        if (!evidence.reader) continue;  // a problem says why
        const MediaReading reading = check_media(*evidence.reader, evidence.record.digests, thread_count(input.options),
                                                 input.stop, progress.bytes_verified);
        recorder.record_pauses();
        record_media_check(evidence.record.id, reading.check, store, audit, recorder, input.stop);
        for (Problem& problem : problems_of_unread(reading.unread, reading.missing, evidence.record.sector_size))
            recorder.record_problem({evidence.record.id, std::nullopt, std::move(problem)});
    }
}

// Evidence must be after the run what it was before: size, time, first and last MiB. True when a device is gone.
bool compare_identities(const ScanInput& input, const std::vector<std::string>& edges, Store& store, AuditLog& audit,
                        Recorder& recorder) {
    const std::vector<EvidenceSpec>& evidence = input.evidence;
    bool is_one_gone = false;
    for (std::uint32_t id = 0; id < evidence.size(); ++id) {
        std::vector<std::string> paths;
        for (const Segment& segment : evidence[id].segments) paths.push_back(segment.path);
        const Result<std::vector<Segment>> now = SegmentFiles::identify(paths);
        const bool is_device_gone = is_gone(evidence[id], now);
        const std::string edges_now = is_device_gone ? "" : digest_of_edges(evidence[id].segments);
        const bool is_same = now && *now == evidence[id].segments && !is_device_gone && edges_now == edges[id];
        audit.record("evidence-after",
                     {{"id", id}, {"edges_sha256", edges_now}, {"unchanged", is_same}, {"vanished", is_device_gone}});
        if (is_device_gone) put_back(id, store, recorder);
        else compare_uses(id, input, store, recorder);
        is_one_gone |= is_device_gone;
        if (is_same || is_device_gone) continue;
        Problem problem;
        problem.kind = ProblemKind::damaged;
        problem.detail = "integrity: the evidence changed or vanished while it was examined";
        recorder.record_problem({id, std::nullopt, problem});
    }
    return is_one_gone;
}

bool has_spinning_disk(const std::vector<EvidenceSpec>& evidence) {
    for (const EvidenceSpec& spec : evidence)
        for (const Segment& segment : spec.segments)
            if (is_on_spinning_disk(segment.path)) return true;
    return false;
}

// Where a rule asks for types that only libmagic tells.
std::unique_ptr<TypeAsker> type_asker_of(const ScanInput& input, const RuleBook& rules, AuditLog& audit) {
    if (!rules.asks_libmagic()) return nullptr;
    const std::string database = input.registry.types->database();
    audit.record("types", {{"teller", input.registry.types->name()}, {"database", database}});
    WorkerOptions options = worker_options(input.options);
    options.stop = &input.stop;
    return std::make_unique<TypeAsker>(input.registry, options, database);
}

// Lists in a thread of its own; whatever happens, the plan hears of the end.
std::future<void> list_aside(Plan& plan, const std::function<void()>& list) {
    return std::async(std::launch::async, [&plan, list] {
        struct Finish {
            Plan& plan;
            ~Finish() { plan.finish(); }
        } const finish{plan};
        list();
    });
}

void note(EvidenceOverview& overview, Batch batch) {
    for (Item& item : batch.items) {
        if (auto* evidence = std::get_if<EvidenceRecord>(&item)) overview.evidence = std::move(*evidence);
        if (auto* problem = std::get_if<ProblemRecord>(&item)) overview.problems.push_back(std::move(*problem));
        auto* volume = std::get_if<VolumeRecord>(&item);
        if (!volume) continue;
        const auto same = std::find_if(overview.volumes.begin(), overview.volumes.end(),
                                       [&](const VolumeRecord& v) { return v.id == volume->id; });
        if (same == overview.volumes.end()) overview.volumes.push_back(std::move(*volume));
        else *same = std::move(*volume);
    }
}

}  // namespace

void scan(const ScanInput& given, Store& store, AuditLog& audit, Progress& progress) {
    const RuleBook rules(given.rules, facts_of(given.known), parse_time(store.run().started_utc).value_or(utc_now()));
    RunStop stop(given.stop, given.deadline);
    const ScanInput input{given.registry,     given.evidence, given.known,    given.rules,    given.options,
                          given.spool_folder, stop.flag(),    given.deadline, given.observer, given.look_at_device};
    const std::vector<std::string> edges = edges_of(input.evidence, audit);
    const SizeGate gate = gate_of(input, store, audit);
    VolumePlaces places;
    for (const VolumeRecord& volume : store.volumes()) places.put(volume);
    Rules speaking = input.rules;
    speaking.push_back(built_in_match());
    store.put_rules(speaking);
    constexpr std::string_view of_place[] = {"volume", "fs", "modified", "accessed", "changed", "created"};
    const bool asks_for_place = std::any_of(std::begin(of_place), std::end(of_place),
                                            [&](std::string_view condition) { return rules.asks_for(condition); });
    const auto judge_one = [&](const EntryRecord& r) {
        return rules.judge(r.entry, asks_for_place ? places.at(r.volume) : EntryPlace{}, r.examined);
    };
    const bool is_spinning = has_spinning_disk(input.evidence);
    const std::uint64_t plan_memory = (std::uint64_t{input.options.memory_mib} << 20) / 4;
    Plan plan({thread_count(input.options), plan_memory, input.spool_folder, is_spinning,
               input.options.hash_engine == HashEngine::automatic});
    Lister lister(input, rules, gate, places, plan, progress, prepare_resume(store));
    store.judge_as_they_come(judge_one);
    Recorder recorder(store, audit, input, rules, places, stop, progress);
    const std::unique_ptr<TypeAsker> types = type_asker_of(input, rules, audit);
    std::future<void> listing = list_aside(plan, [&] {
        for (std::uint32_t id = 0; id < input.evidence.size() && !lister.is_stopped(); ++id)
            lister.list(id, input.evidence[id]);
        progress.phase = Phase::reading;
    });
    std::exception_ptr recording_failure;
    try {
        run_pipeline({plan, input.options.algorithms, input.options.hash_engine, input.known,
                      thread_count(input.options), is_spinning, input.stop, progress, types.get()},
                     [&](const Batch& batch) { recorder.record(batch); });
    } catch (...) {
        recording_failure = std::current_exception();
    }
    const std::unique_ptr<Batch> rest = plan.close();
    listing.wait();
    if (recording_failure) end_failed_run(recording_failure, store, audit);
    look_up(*rest, input.known);  // contents that workers decoded, when the run was stopped
    recorder.record(*rest);
    listing.get();

    verify_evidence(input, lister, store, audit, recorder, progress);
    progress.phase = Phase::sealing;
    const bool is_device_gone = compare_identities(input, edges, store, audit, recorder);
    recorder.record_pauses();
    audit.record("sandbox", {{"layers", lister.sandbox()}});
    RunRecord run = store.run();
    run.sandbox = lister.sandbox();
    run.ended_utc = format_utc(utc_now());
    run.is_interrupted = input.stop.load() || is_device_gone;
    run.interruption = is_device_gone ? "a device vanished" : run.is_interrupted ? stop.cause() : "";
    run.found_before = run.found_before && run.is_interrupted;
    if (run.found_before) run.interruption += "; an earlier part had found a match in what is still to be walked again";
    store.put_run(run);
    store.seal(judge_one);
    if (!run.is_interrupted) store.drop_earlier_contents();
    forget_names(store, audit);
}

void forget_names(Store& store, AuditLog& audit) {
    const RunRecord run = store.run();
    if (!run.forgets_names || run.names_forgotten || run.is_interrupted) return;
    audit.record("names-forgotten", {{"entries", store.forget_names()}});
}

EvidenceOverview look_at(const ScanInput& input, const EvidenceSpec& spec) {
    Plan plan({});
    Progress progress;
    const RuleBook rules({}, {}, {});
    VolumePlaces places;
    const SizeGate gate;
    Lister lister(input, rules, gate, places, plan, progress, {}, true);
    std::future<void> listing = list_aside(plan, [&] { lister.list(0, spec); });
    EvidenceOverview overview;
    while (std::unique_ptr<Batch> batch = plan.take(input.stop)) {
        plan.recorded(*batch);
        note(overview, std::move(*batch));
    }
    note(overview, std::move(*plan.close()));
    listing.get();
    return overview;
}

}  // namespace triage
