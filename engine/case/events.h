// SPDX-License-Identifier: Apache-2.0
// What can be heard of a run, in one set of calls for both feeds: a live one while it goes on (engine/scan/observer.h),
// and the replay of the sealed store in the total order (engine/report/reporter.h). One call at a time.
#pragma once

#include "engine/case/records.h"

namespace triage {

class Events {
  public:
    virtual ~Events() = default;
    virtual void evidence(const EvidenceRecord&) {}
    virtual void volume(const VolumeRecord&) {}
    virtual void finding(const EntryRecord&) {}  // with matches and, where a rule holds, its finding
    virtual void problem(const ProblemRecord&) {}
};

}  // namespace triage
