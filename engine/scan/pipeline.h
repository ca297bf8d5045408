// SPDX-License-Identifier: Apache-2.0
// The only adaptor of oneTBB: batches through read, decode, hash and match in parallel, then to the recorder one by
// one. Contents stream through their thread's buffers. A long one is carried by its thread from batch to batch and
// recorded with the one beside which it ends, so that it holds nothing back; where few are left, their reads and
// digests run side by side. Batches are recorded as they end, not in the order of the plan.
#pragma once

#include <functional>

#include "engine/hash/lanes.h"
#include "engine/known/known_set.h"
#include "engine/scan/plan.h"
#include "engine/scan/progress.h"
#include "engine/scan/type_asker.h"

namespace triage {

struct PipelineInput {
    Plan& plan;
    AlgorithmSet algorithms;
    HashEngine engine = HashEngine::automatic;
    const KnownSets& known;
    std::uint32_t threads = 1;
    bool is_spinning = false;  // one reader keeps the disk's head moving forward
    const std::atomic<bool>& stop;
    Progress& progress;
    TypeAsker* types = nullptr;  // where a rule asks libmagic
};

// Compares what is hashed in a batch and was not compared yet; run_pipeline does so with every batch that it takes.
// Throws Error (interrupted) when a set turns out damaged.
void look_up(Batch& batch, const KnownSets& known);

// Returns when the plan has no more and everything taken was recorded. `record` is called for one batch at a time; what
// it throws ends the pipeline and is thrown here.
void run_pipeline(const PipelineInput& input, const std::function<void(const Batch&)>& record);

}  // namespace triage
