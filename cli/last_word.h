// SPDX-License-Identifier: Apache-2.0
// What is said, and the exit code, where an exception leaves a place that must not throw: the C++ library's file system
// and nlohmann's destructors allocate in such places, and static objects before `main`. A case is then as after a kill.
#pragma once

namespace triage {

// From the first static object on. A worker's exit code says whether it ran out of memory (engine/worker/serve.h).
class LastWord {
  public:
    LastWord();
    static void become_worker();
};

}  // namespace triage
