// SPDX-License-Identifier: Apache-2.0
// Hears what a scan learns as it is recorded, in no order that is promised: a live view. Reports are made from the
// sealed store instead. One call at a time, from the thread that records, which waits for it; it must not throw.
#pragma once

#include "engine/case/records.h"

namespace triage {

class Observer {
  public:
    virtual ~Observer() = default;
    virtual void evidence(const EvidenceRecord&) {}
    virtual void volume(const VolumeRecord&) {}  // again with each change of its state
    // A content in a notable list, with the first name that it was met under.
    virtual void match(const EntryRecord&) {}
    virtual void problem(const ProblemRecord&) {}
};

}  // namespace triage
