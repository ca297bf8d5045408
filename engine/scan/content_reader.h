// SPDX-License-Identifier: Apache-2.0
// Contents that only a file system library can decode, read through content workers and hashed by the caller's thread,
// so that no TBB task ever waits for a worker. A worker that dies costs the content it was reading; after eight deaths
// the rest is not reached. One thread.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "engine/examine/examine.h"
#include "engine/worker/worker.h"

namespace triage {

class ContentReader {
  public:
    // `job` names the volume; `examiner` is borrowed.
    ContentReader(const Registry& registry, const WorkerOptions& options, WorkerJob job, ContentExaminer& examiner,
                  const std::atomic<bool>& stop);

    struct Answer {
        Examined examined;
        std::string detail;                   // why it could not be decoded; empty when it could
        std::unique_ptr<Worker> dead_worker;  // set when the worker ended over this content
    };
    Answer read(const ContentRequest& request);

  private:
    bool take_answer(const ContentRequest& request, Answer& answer);

    const Registry& registry_;
    const WorkerOptions& options_;
    WorkerJob job_;
    ContentExaminer& examiner_;
    const std::atomic<bool>& stop_;
    std::unique_ptr<Worker> worker_;
    int deaths_ = 0;
};

}  // namespace triage
