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
    // `job` names the volume.
    ContentReader(const Registry& registry, const WorkerOptions& options, WorkerJob job, const std::atomic<bool>& stop);

    struct Answer {
        Examined examined;
        std::string detail;                   // why it could not be decoded; empty when it could
        std::unique_ptr<Worker> dead_worker;  // set when the worker ended over this content
    };
    // `first_bytes` as of ContentLook::begin.
    Answer read(const ContentRequest& request, ContentExaminer& examiner, bool wants_entropy,
                Bytes* first_bytes = nullptr);

  private:
    bool take_answer(const ContentRequest& request, ContentExaminer& examiner, Answer& answer);

    const Registry& registry_;
    const WorkerOptions& options_;
    WorkerJob job_;
    const std::atomic<bool>& stop_;
    std::unique_ptr<Worker> worker_;
    int deaths_ = 0;
};

}  // namespace triage
