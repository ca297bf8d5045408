// SPDX-License-Identifier: Apache-2.0
// The worker's side of a job. Runs in the `triage worker` process, or on a thread of the parent for unit tests, fuzzers
// and sanitizers (then without sandbox).
#pragma once

#include "engine/plugin.h"
#include "engine/worker/channel.h"
#include "engine/worker/job.h"

namespace triage {

// The descriptors of a worker process, fixed by position.
inline constexpr int job_fd = 3, record_fd = 4, board_fd = 5;

// `triage worker`: reads the job from job_fd, enters the sandbox, does the job. Returns the exit code.
int serve_process(const Registry& registry);

// The job itself. Requests of a content or types job are read from `request_fd`.
void serve(const Registry& registry, const WorkerJob& job, bool with_sandbox, int request_fd, RecordSender& sender,
           int own_record_fd);

// Frames on the job pipe: u32 size, bytes. Nothing at the end of the pipe or when the size exceeds `limit`.
std::optional<Bytes> read_framed(int fd, std::size_t limit);
bool write_framed(int fd, ByteView bytes);

}  // namespace triage
