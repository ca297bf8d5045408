// SPDX-License-Identifier: Apache-2.0
// The second opinion on a digest: the content is read again and computed by OpenSSL alone.
#pragma once

#include "engine/examine/examine.h"
#include "engine/examine/neighbours.h"

namespace triage {

// Throws Error (untrusted) when the digests differ from the job's result: nothing that this run computed can be
// trusted. False when the second reading was not whole, or was stopped: that proves nothing, since the first one was
// whole.
bool confirm(ContentExaminer& reference, const ExamineJob& job, const std::atomic<bool>& stop);

}  // namespace triage
