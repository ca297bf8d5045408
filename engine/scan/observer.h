// SPDX-License-Identifier: Apache-2.0
// Hears what a scan learns as it is recorded, in no order that is promised: a live view. Reports are made from the
// sealed store instead. One call at a time, from the thread that records, which waits for it; it must not throw.
#pragma once

#include "engine/case/events.h"

namespace triage {

// A volume is told again with each change of its state. A finding is told once a content, with the first name that it
// was met under, and also where no rule holds of a content in a notable list.
class Observer : public Events {};

}  // namespace triage
