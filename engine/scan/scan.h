// SPDX-License-Identifier: Apache-2.0
// The run as a table of contents: EvidenceSpec → Media → Volume → Entry → Examined → Match → Finding → Case. The only
// part of the engine that knows the order of the steps, and the only one that uses TBB.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/case/audit.h"
#include "engine/case/store.h"
#include "engine/known/known_set.h"
#include "engine/plugin.h"
#include "engine/rules/rule.h"
#include "engine/scan/observer.h"
#include "engine/scan/options.h"
#include "engine/scan/progress.h"

namespace triage {

// One evidence, found and identified before anything is opened.
struct EvidenceSpec {
    std::string exhibit;  // reference in the case; may be empty
    std::string name;     // as reports call it
    const Container* container = nullptr;
    std::vector<Segment> segments;
    std::optional<BlockDevice> device;  // nothing of an image
    std::optional<BlockDevice> before;  // of a resumed case: the device as the earlier runs recorded it
};

// An evidence as the user gave it.
struct EvidenceArgument {
    std::string exhibit, path;
};

// Finds the segments of each argument and joins arguments that are segments of one set (said in `notices`). Throws
// Error: no such file, a directory, an empty file, the same evidence twice.
std::vector<EvidenceSpec> identify_evidence(const Registry& registry, const std::vector<EvidenceArgument>& arguments,
                                            std::vector<std::string>& notices);

// What is known of an evidence before it is opened. A new case records all of it at once, so that a run that ends
// before it reached an evidence does not forget it.
EvidenceRecord describe(std::uint32_t id, const EvidenceSpec& spec);

struct ScanInput {
    const Registry& registry;
    std::vector<EvidenceSpec> evidence;
    const KnownSets& known;
    const Rules& rules;
    const ScanOptions& options;
    std::string spool_folder;       // where entries wait that do not fit into memory: the case directory
    const std::atomic<bool>& stop;  // set by a signal: ends the run within about a second, resumable
    // When the run ends itself, resumably; a visit of several cases has one.
    std::optional<std::chrono::steady_clock::time_point> deadline = {};
    Observer* observer = nullptr;  // of the events of scan(), as they are recorded
    std::optional<BlockDevice> (*look_at_device)(const std::string& path) = block_device_at;  // again, at the end
};

// RunRecord::interruption of a run whose digests cannot be trusted (ErrorKind::untrusted): it is never resumed.
inline constexpr std::string_view untrusted_interruption = "two computations of one content differed";

// Examines everything into the store and judges it; the store is sealed when this returns. A failing store throws Error
// of kind interrupted. Volumes that an earlier run finished are left as they are (resume).
void scan(const ScanInput& input, Store& store, AuditLog& audit, Progress& progress);

// Of a sealed store, where its run asked for it (store.keep_names: findings); the last step of scan(), which may have
// died or failed before it. A run that was interrupted keeps all names: the one that goes on judges its entries again.
void forget_names(Store& store, AuditLog& audit);

// What `triage info` shows: opens and probes without listing entries.
struct EvidenceOverview {
    EvidenceRecord evidence;
    std::vector<VolumeRecord> volumes;
    std::vector<ProblemRecord> problems;
};
EvidenceOverview look_at(const ScanInput& input, const EvidenceSpec& spec);

}  // namespace triage
