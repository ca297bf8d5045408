// SPDX-License-Identifier: Apache-2.0
// The only adaptor of oneTBB: batches through read, decode, hash and match in parallel, then to the recorder in order.
// A large content is one token and is streamed through its thread's buffer; its digests run side by side. (A token per
// slice would have to carry digest state from token to token and hold later slices back; one token per content keeps
// the stages pure and the memory as bounded.)
#pragma once

#include <functional>

#include "engine/known/known_set.h"
#include "engine/scan/batch.h"
#include "engine/scan/progress.h"

namespace triage {

struct PipelineInput {
    BatchQueue& queue;
    AlgorithmSet algorithms;
    const KnownSets& known;
    std::uint32_t threads = 1;
    const std::atomic<bool>& stop;
    Progress& progress;
};

// Returns when the queue is finished and everything was recorded. `record` is called for one batch at a time, in the
// order of the queue; what it throws ends the pipeline and is thrown here.
void run_pipeline(const PipelineInput& input, const std::function<void(const Batch&)>& record);

}  // namespace triage
