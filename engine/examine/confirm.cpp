// SPDX-License-Identifier: Apache-2.0
#include "engine/examine/confirm.h"

#include <fmt/format.h>

#include "engine/hash/lanes.h"

namespace triage {

bool confirm(ContentExaminer& reference, const ExamineJob& job, const std::atomic<bool>& stop) {
    const Examined again = reference.examine(*job.media, *job.entry, stop);
    if (again.status != Status::hashed) return false;
    if (again.digests == job.result->digests) return true;
    throw Error("digests",
                fmt::format("two computations of one content differ ({}): the evidence changes, or this machine errs",
                            engine_in_words(HashEngine::automatic)),
                "trust no digest of this case; start a new one with --hash-engine openssl, best on another machine",
                ErrorKind::untrusted);
}

}  // namespace triage
