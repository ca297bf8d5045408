// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/pipeline.h"

#include <tbb/enumerable_thread_specific.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include "engine/base/error.h"
#include "engine/examine/examine.h"

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

// The digests of one slice of a large content, side by side. Isolated: a thread that waits here must not pick up
// another token, whose buffers would come on top of the ones it holds.
void update_side_by_side(Hasher& hasher, ByteView bytes) {
    tbb::this_task_arena::isolate([&] {
        HANDS_OVER(&hasher);
        tbb::parallel_for(std::size_t{0}, all_algorithms.size(), [&](std::size_t i) {
            HANDED_OVER(&hasher);
            if (hasher.algorithms().has(all_algorithms[i])) hasher.update(all_algorithms[i], bytes);
            HANDS_OVER(&hasher);
        });
        HANDED_OVER(&hasher);
    });
}

// Shared only because oneTBB copies tokens from stage to stage; one stage holds a batch at a time.
using Token = std::shared_ptr<Batch>;

// All contents of a batch at once: their look-ups then wait for memory together.
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

void examine_batch(Batch& batch, ContentExaminer& examiner, const PipelineInput& input) {
    for (Item& item : batch.items) {
        auto* work = std::get_if<EntryWork>(&item);
        if (!work) continue;
        EntryRecord& record = work->record;
        if (!work->is_examined && !work->shares_content) {
            record.examined = examiner.examine(*work->media, record.entry, input.stop);
            input.progress.bytes_examined.fetch_add(record.entry.size, std::memory_order_relaxed);
        }
    }
    look_up(batch, input.known);
}

}  // namespace

void run_pipeline(const PipelineInput& input, const std::function<void(const Batch&)>& record) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, input.threads);
    tbb::task_arena arena(static_cast<int>(input.threads));
    tbb::enumerable_thread_specific<ContentExaminer> examiners([&] {
        return ContentExaminer(input.algorithms,
                               input.threads > 1 ? update_side_by_side : ContentExaminer::UpdateAll{});
    });
    int input_stage = 0, serial_stage = 0;  // stand for the queue's and the recorder's state
    const auto take = [&](tbb::flow_control& flow) -> Token {
        HANDED_OVER(&input_stage);
        // The one wait inside a task: for our own queue, which the listing thread always ends. While it waits there is
        // nothing else to start, and tokens under way are on other threads.
        Token batch = input.queue.pop();
        if (!batch) flow.stop();
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
    const auto store = [&](Token batch) {
        HANDED_OVER(batch.get());
        HANDED_OVER(&serial_stage);
        record(*batch);
        HANDS_OVER(&serial_stage);
    };
    HANDS_OVER(&input_stage);
    HANDS_OVER(&serial_stage);
    arena.execute([&] {
        tbb::parallel_pipeline(input.threads * 2 + 1,
                               tbb::make_filter<void, Token>(tbb::filter_mode::serial_in_order, take) &
                                   tbb::make_filter<Token, Token>(tbb::filter_mode::parallel, examine) &
                                   tbb::make_filter<Token, void>(tbb::filter_mode::serial_in_order, store));
    });
    HANDED_OVER(&serial_stage);
}

}  // namespace triage
