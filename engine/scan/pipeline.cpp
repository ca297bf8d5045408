// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/pipeline.h"

#include <tbb/enumerable_thread_specific.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <list>
#include <map>
#include <memory>
#include <new>

#include "engine/base/error.h"
#include "engine/examine/confirm.h"
#include "engine/examine/first_bytes.h"
#include "engine/examine/lane_examiner.h"

// ThreadSanitizer does not see the happens-before edges inside oneTBB's prebuilt library. CMakeLists.txt therefore
// leaves this file, and with it oneTBB's templates, uninstrumented; what is called from here is not. The edges that the
// adaptor rests on are told to it: a token's stages follow each other, so do the calls of the serial stage, and the
// digests of one slice begin after it was read and end before the next.
#if defined(TRIAGE_TSAN)
extern "C" void __tsan_acquire(void*);
extern "C" void __tsan_release(void*);
#define HANDED_OVER(what) __tsan_acquire(what)
#define HANDS_OVER(what) __tsan_release(what)
#else
#define HANDED_OVER(what) static_cast<void>(what)
#define HANDS_OVER(what) static_cast<void>(what)
#endif

namespace triage {
namespace {

constexpr std::uint64_t bytes_a_pause = 2 << 20;  // of each content that is carried, while nothing else is to be done

// Tasks of one token side by side. Isolated: a thread that waits here must not pick up another token, whose buffers
// would come on top of the ones it holds.
void run_side_by_side(std::size_t tasks, const std::function<void(std::size_t)>& task) {
    tbb::this_task_arena::isolate([&] {
        int edge = 0;
        HANDS_OVER(&edge);
        tbb::parallel_for(std::size_t{0}, tasks, [&](std::size_t i) {
            HANDED_OVER(&edge);
            task(i);
            HANDS_OVER(&edge);
        });
        HANDED_OVER(&edge);
    });
}

// The digests of one slice of a large content, by OpenSSL.
void update_side_by_side(Hasher& hasher, ByteView bytes) {
    run_side_by_side(all_algorithms.size(), [&](std::size_t i) { hasher.update(all_algorithms[i], bytes); });
}

ExamineJob job_of(EntryWork& work, AlgorithmSet algorithms, std::atomic<std::uint64_t>* bytes_read) {
    return {work.media,
            &work.record.entry,
            &work.record.examined,
            work.hash.empty() ? algorithms : work.hash,
            work.wants_entropy,
            bytes_read,
            work.wants_libmagic ? &work.first_bytes : nullptr};
}

// A long content under way, from batch to batch.
struct Carried {
    Carried(PlannedEntry taken, Progress& progress, AlgorithmSet algorithms)
        : planned(std::move(taken)),
          told(progress, planned.work.record.volume, busy_with(planned.work.record.entry)),
          job(job_of(planned.work, algorithms, &told.bytes_read)) {}
    static BusyWith busy_with(const Entry& entry) {
        BusyWith busy;
        busy.address = entry.address, busy.bytes = entry.size, busy.contents = 1;
        return busy;
    }

    PlannedEntry planned;
    Progress::Examining told;
    ExamineJob job;
};

// What one thread examines contents with, which get the same digests.
struct ThreadExaminer {
    ContentExaminer reference;  // OpenSSL
    std::optional<LaneExaminer> lanes;
    std::list<Carried> carried;
};

// One for each set of digests that contents get: the run's, and those that rules ask for.
using ThreadExaminers = std::map<std::uint8_t, std::unique_ptr<ThreadExaminer>>;

ThreadExaminer& examiner_for(AlgorithmSet algorithms, ThreadExaminers& examiners, const PipelineInput& input);

// Shared only because oneTBB copies tokens from stage to stage; one stage holds a batch at a time.
using Token = std::shared_ptr<Batch>;

}  // namespace

void look_up(Batch& batch, const KnownSets& known) {
    std::vector<Examined*> hashed;
    std::vector<KnownQuery> queries;
    for (Item& item : batch.items) {
        auto* work = std::get_if<EntryWork>(&item);
        if (!work || work->shares_content || work->record.examined.status != Status::hashed) continue;
        hashed.push_back(&work->record.examined);
        queries.push_back({&work->record.examined.digests, work->record.entry.size});
    }
    std::vector<std::vector<Match>> matches(queries.size());
    try {
        lookup(known, queries, matches);
    } catch (const Error& error) {
        // A set that turns out damaged now: what is recorded stays, and the case can go on with a sound one.
        throw Error("known set", error.what(), error.advice(), ErrorKind::interrupted);
    }
    for (std::size_t i = 0; i < hashed.size(); ++i) hashed[i]->matches = std::move(matches[i]);
}

namespace {

// In the order of the plan, so that a disk's head moves forward: the one thread of the input stage is the only one that
// has it fetch anything. Holes cost nothing, and of a long content only the beginning is asked for.
void fetch_ahead(const Batch& batch, BlockWindow& window) {
    constexpr std::uint64_t most_ahead = 8 << 20;
    constexpr std::size_t most_extents_ahead = 256;
    for (const Item& item : batch.items) {
        const auto* work = std::get_if<EntryWork>(&item);
        if (!work || !work->needs_media()) continue;
        const std::uint64_t most = work->wants_type ? FirstBytes::usual : most_ahead;
        std::uint64_t asked = 0;
        const std::vector<Extent>& extents = work->record.entry.extents;
        for (const Extent& extent : std::span(extents).first(std::min(extents.size(), most_extents_ahead))) {
            if (asked >= most) break;
            if (extent.media_offset == Extent::hole) continue;
            work->media->will_need(extent.media_offset, std::min(extent.length, most - asked), window);
            asked += extent.length;
        }
    }
}

// Those that get the same digests side by side.
std::vector<ExamineJob> jobs_of(Batch& batch, AlgorithmSet algorithms, std::atomic<std::uint64_t>* bytes_read) {
    std::vector<ExamineJob> jobs;
    for (Item& item : batch.items) {
        auto* work = std::get_if<EntryWork>(&item);
        if (work && work->is_to_be_read()) jobs.push_back(job_of(*work, algorithms, bytes_read));
    }
    const auto bits = [](const ExamineJob& a, const ExamineJob& b) {
        return a.algorithms.bits() < b.algorithms.bits();
    };
    if (!std::is_sorted(jobs.begin(), jobs.end(), bits)) std::stable_sort(jobs.begin(), jobs.end(), bits);
    return jobs;
}

void add_problems(Batch& batch, std::vector<ProblemRecord> problems) {
    for (ProblemRecord& problem : problems) {
        batch.items.emplace_back(std::move(problem));
        batch.walks.push_back(Plan::no_walk);
    }
}

// Of what a size gate leaves out. What cannot be read leaves the rules that ask open, and is a problem.
void read_types(Batch& batch, const PipelineInput& input) {
    std::unique_ptr<FirstBytes> first_bytes;
    std::vector<ProblemRecord> problems;
    for (Item& item : batch.items) {
        auto* work = std::get_if<EntryWork>(&item);
        if (!work || !work->wants_type) continue;
        EntryRecord& record = work->record;
        if (input.stop.load(std::memory_order_relaxed)) {
            record.examined = {Status::unreadable, Reason::not_reached, record.entry.size, {}, {}};
            continue;
        }
        if (!first_bytes) first_bytes = std::make_unique<FirstBytes>();
        if (first_bytes->tell_type(*work->media, record.entry, record.examined,
                                   work->wants_libmagic ? &work->first_bytes : nullptr))
            continue;
        problems.push_back({work->evidence, record.volume, untyped(record.entry)});
    }
    add_problems(batch, std::move(problems));
}

// Every notable match stands on two computations, or a problem says that it does not: a match is never lost to a disk
// that fails, or a run that is stopped, in between.
void confirm_matches(Batch& batch, ThreadExaminers& examiners, const PipelineInput& input) {
    const auto is_notable = [&](const Match& match) {
        return input.known[match.set].identity().polarity == Polarity::notable;
    };
    std::vector<ProblemRecord> problems;
    for (Item& item : batch.items) {
        auto* work = std::get_if<EntryWork>(&item);
        if (!work || !work->is_to_be_read()) continue;
        const std::vector<Match>& matches = work->record.examined.matches;
        if (std::none_of(matches.begin(), matches.end(), is_notable)) continue;
        const ExamineJob job = job_of(*work, input.algorithms, nullptr);
        if (confirm(examiner_for(job.algorithms, examiners, input).reference, job, input.stop)) continue;
        ProblemRecord& record = problems.emplace_back(ProblemRecord{work->evidence, work->record.volume, {}});
        record.problem.kind = ProblemKind::unreadable;
        record.problem.path = work->record.entry.path, record.problem.address = work->record.entry.address;
        record.problem.detail = "its match stands on one computation: a second reading failed or was stopped";
    }
    add_problems(batch, std::move(problems));
}

void conclude(Batch& batch, ThreadExaminers& examiners, const PipelineInput& input) {
    look_up(batch, input.known);
    if (input.engine == HashEngine::automatic) confirm_matches(batch, examiners, input);
}

// For whoever asks what holds the run up: nothing when no content is to be read.
void tell_progress(const Batch& batch, Progress& progress, std::optional<Progress::Examining>& told) {
    BusyWith busy;
    const EntryWork* longest = nullptr;
    for (const Item& item : batch.items) {
        const auto* work = std::get_if<EntryWork>(&item);
        if (!work || !work->is_to_be_read()) continue;
        ++busy.contents;
        busy.bytes = checked_add(busy.bytes, work->record.entry.size).value_or(~std::uint64_t{0});
        if (!longest || work->record.entry.size > longest->record.entry.size) longest = work;
    }
    if (!longest) return;
    busy.address = longest->record.entry.address;
    told.emplace(progress, longest->record.volume, std::move(busy));
}

bool fits_lanes(const ExamineJob& job) { return job.media->map().block_size <= LaneExaminer::largest_block; }

// Jobs that get the same digests.
void examine_jobs(std::span<ExamineJob> jobs, ThreadExaminer& examiner, const PipelineInput& input) {
    const auto for_reference = std::stable_partition(
        jobs.begin(), jobs.end(), [&](const ExamineJob& job) { return examiner.lanes && fits_lanes(job); });
    if (for_reference != jobs.begin())
        examiner.lanes->examine({jobs.begin(), for_reference}, input.stop, input.plan.waiting_share());
    for (auto job = for_reference; job != jobs.end(); ++job)
        *job->result = examiner.reference.examine(*job->media, *job->entry, input.stop, job->bytes_read,
                                                  job->wants_entropy, job->first_bytes);
}

// Long contents for this thread's lanes. One that lanes cannot hold becomes a part of the batch.
void carry_long(Batch& batch, ThreadExaminers& examiners, const PipelineInput& input) {
    std::size_t carried = 0;
    for (const auto& [bits, examiner] : examiners) carried += examiner->carried.size();
    while (std::optional<PlannedEntry> next = input.plan.take_long(carried)) {
        ++carried;
        const ExamineJob job = job_of(next->work, input.algorithms, nullptr);
        if (!fits_lanes(job)) {
            batch.walks.push_back(next->walk);
            batch.items.emplace_back(std::move(next->work));
            continue;
        }
        ThreadExaminer& examiner = examiner_for(job.algorithms, examiners, input);
        Carried& one = examiner.carried.emplace_back(std::move(*next), input.progress, input.algorithms);
        examiner.lanes->carry(one.job);
    }
}

// What has ended of what is carried joins the batch.
void take_ended(Batch& batch, ThreadExaminers& examiners) {
    for (const auto& [bits, examiner] : examiners)
        for (auto one = examiner->carried.begin(); one != examiner->carried.end();) {
            if (examiner->lanes->carries(one->job)) {
                ++one;
                continue;
            }
            batch.walks.push_back(one->planned.walk);
            batch.items.emplace_back(std::move(one->planned.work));
            one = examiner->carried.erase(one);
        }
}

void go_on(ThreadExaminers& examiners, std::uint64_t bytes, const PipelineInput& input) {
    for (const auto& [bits, examiner] : examiners)
        if (!examiner->carried.empty()) examiner->lanes->go_on(bytes, input.stop);
}

void examine_batch(Batch& batch, ThreadExaminers& examiners, const PipelineInput& input) {
    if (input.engine == HashEngine::automatic) carry_long(batch, examiners, input);
    std::optional<Progress::Examining> told;
    tell_progress(batch, input.progress, told);
    std::vector<ExamineJob> jobs = jobs_of(batch, input.algorithms, told ? &told->bytes_read : nullptr);
    if (jobs.empty()) go_on(examiners, bytes_a_pause, input);
    for (auto first = jobs.begin(); first != jobs.end();) {
        const auto last =
            std::find_if(first, jobs.end(), [&](const ExamineJob& job) { return job.algorithms != first->algorithms; });
        examine_jobs({first, last}, examiner_for(first->algorithms, examiners, input), input);
        first = last;
    }
    told.reset();
    take_ended(batch, examiners);
    read_types(batch, input);
    conclude(batch, examiners, input);
}

ThreadExaminer& examiner_for(AlgorithmSet algorithms, ThreadExaminers& examiners, const PipelineInput& input) {
    std::unique_ptr<ThreadExaminer>& examiner = examiners[algorithms.bits()];
    if (examiner) return *examiner;
    const bool shares_work = input.threads > 1;
    examiner = std::make_unique<ThreadExaminer>(ThreadExaminer{
        ContentExaminer(algorithms, shares_work ? update_side_by_side : ContentExaminer::UpdateAll{}), {}, {}});
    if (input.engine == HashEngine::automatic)
        examiner->lanes.emplace(
            algorithms, shares_work ? run_side_by_side : LaneExaminer::SideBySide{},
            [&input, e = examiner.get()](const ExamineJob& job) { confirm(e->reference, job, input.stop); });
    return *examiner;
}

// What threads carry when the plan has no more: each thread's goes to its end, all at once.
std::vector<Batch> finish_carried(std::span<ThreadExaminers* const> all, const PipelineInput& input) {
    std::vector<Batch> batches(all.size());
    run_side_by_side(all.size(), [&](std::size_t i) {
        for (const auto& [bits, examiner] : *all[i])
            while (!examiner->carried.empty() && examiner->lanes->carried() > 0)
                examiner->lanes->go_on(~std::uint64_t{0}, input.stop);
        take_ended(batches[i], *all[i]);
        conclude(batches[i], *all[i], input);
    });
    return batches;
}

}  // namespace

void run_pipeline(const PipelineInput& input, const std::function<void(const Batch&)>& record) {
    using Limit = tbb::global_control;
    auto limit = std::make_unique<Limit>(Limit::max_allowed_parallelism, input.threads);
    tbb::task_arena arena(static_cast<int>(input.threads));
    try {
        arena.initialize();
    } catch (const std::bad_alloc&) {
        static_cast<void>(limit.release());  // its end would wait for ever for what TBB could not set up
        throw;
    }
    tbb::enumerable_thread_specific<ThreadExaminers> examiners;
    BlockWindow ahead;                      // of the input stage
    int input_stage = 0, serial_stage = 0;  // stand for the plan's and the recorder's state
    const auto take = [&](tbb::flow_control& flow) -> Token {
        HANDED_OVER(&input_stage);
        // The one wait inside a task: for our own plan, which the listing thread always ends, and for our own thread
        // that asks for types, which always goes on. While it waits there is nothing else to start, and tokens under
        // way are on other threads.
        if (input.types) input.types->await_room();
        Token batch = input.plan.take(input.stop);
        if (!batch) flow.stop();
        else if (input.is_spinning) fetch_ahead(*batch, ahead);
        HANDS_OVER(batch.get());
        HANDS_OVER(&input_stage);
        return batch;
    };
    const auto examine = [&](Token batch) {
        HANDED_OVER(batch.get());
        examine_batch(*batch, examiners.local(), input);
        HANDS_OVER(batch.get());
        return batch;
    };
    const auto keep = [&](Batch& batch) {
        if (input.types) input.types->exchange(batch);
        record(batch);
        input.plan.recorded(batch);
    };
    const auto store = [&](Token batch) {
        HANDED_OVER(batch.get());
        HANDED_OVER(&serial_stage);
        keep(*batch);
        HANDS_OVER(&serial_stage);
    };
    HANDS_OVER(&input_stage);
    HANDS_OVER(&serial_stage);
    arena.execute([&] {
        tbb::parallel_pipeline(input.threads * 2 + 1,
                               tbb::make_filter<void, Token>(tbb::filter_mode::serial_in_order, take) &
                                   tbb::make_filter<Token, Token>(tbb::filter_mode::parallel, examine) &
                                   tbb::make_filter<Token, void>(tbb::filter_mode::serial_out_of_order, store));
        std::vector<ThreadExaminers*> all;
        for (ThreadExaminers& one : examiners) all.push_back(&one);
        HANDED_OVER(&serial_stage);
        for (Batch& batch : finish_carried(all, input)) keep(batch);
        if (!input.types) return;
        const Batch rest = input.types->finish();
        record(rest);
        input.plan.recorded(rest);
    });
}

}  // namespace triage
