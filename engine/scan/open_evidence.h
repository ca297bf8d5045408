// SPDX-License-Identifier: Apache-2.0
// The first two steps of a run, each through a worker of its own: segment files → media, media → volumes. What a worker
// returns is checked before it is believed; what cannot be opened is a Problem. Used by one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/scan/scan.h"
#include "engine/worker/worker.h"

namespace triage {

struct OpenedEvidence {
    EvidenceRecord record;
    std::unique_ptr<MediaReader> reader;  // null when the container could not be opened
    std::vector<Problem> problems;
    std::string sandbox;  // layers that were active in the worker
};
OpenedEvidence open_evidence(const Registry& registry, const WorkerOptions& options, std::uint32_t id,
                             const EvidenceSpec& spec);

// So many steps follow the one under way, each with a worker: to list volumes, to walk one.
void prepare_next(const WorkerOptions& options, std::size_t steps);

// Never empty of what can be looked at: when the tables' worker dies, the media as a whole remains. What no volume
// covers is a gap.
VolumeList list_volumes(const Registry& registry, const WorkerOptions& options, const OpenedEvidence& evidence);

}  // namespace triage
