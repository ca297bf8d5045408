// SPDX-License-Identifier: Apache-2.0
// The parent's side of one worker: starts it, reads its records, watches its clock, and says how it ended.
// One thread uses a Worker. A worker may die or be killed at any time; every complete record is still delivered.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "engine/plugin.h"
#include "engine/worker/channel.h"
#include "engine/worker/job.h"
#include "engine/worker/wait.h"

namespace triage {

// Processes that have started and wait for their jobs, so that the next workers need not wait for the start, which
// takes longer than most jobs.
class SpareWorkers {
  public:
    SpareWorkers();
    ~SpareWorkers();  // ends them
    SpareWorkers(const SpareWorkers&) = delete;
    SpareWorkers& operator=(const SpareWorkers&) = delete;
    void prepare(std::size_t count);  // until so many wait; throws Error when no process can be started

  private:
    friend class Worker;
    std::deque<std::unique_ptr<struct WorkerProcess>> processes_;
};

struct WorkerOptions {
    std::uint64_t memory_bytes = 384ull << 20;       // address space of a worker
    std::uint64_t memory_max_bytes = 1024ull << 20;  // to which it grows with the number of entries recorded
    double progress_seconds = 5;                     // of its processor time without a sign of life: killed
    double asleep_seconds = 2;                       // asleep with no read in flight: a deadlock, killed
    double read_seconds = 120;                       // one read of evidence, or a machine that gives it no processor
    double silent_seconds = 20;                      // without progress in all, over a volume's workers
    const std::atomic<bool>* stop = nullptr;         // when set, the run ends: the worker too, within 0.1 s
    WorkerWait* wait = nullptr;                      // told of each wait for records
    SpareWorkers* spares = nullptr;                  // one is taken when one waits there
    bool in_process = false;  // unit tests, fuzzers, sanitizers: a thread instead of a process, no clock
};

enum class WorkerEnd : std::uint8_t {
    running,
    finished,    // did the job
    died,        // by a signal or an error of its own
    hung,        // killed by the clock
    livelocked,  // killed: read the volume several times over
    stopped,     // killed because the run ends
};
std::string_view to_string(WorkerEnd end);

class Worker {
  public:
    // Starts the job. Throws Error when no process can be started at all.
    Worker(const Registry& registry, const WorkerOptions& options, const WorkerJob& job);
    ~Worker();  // kills it when it still runs
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // Sends a request of a content job. False when the worker has gone.
    bool request(const ContentRequest& request);
    bool request(ByteView first_bytes);  // of a types job
    void close_requests();

    // The next record; nothing at the end, and then `end()` says which.
    // `read_limit` bytes of evidence end a livelock.
    std::optional<Record> next(std::uint64_t read_limit = ~0ull);

    WorkerEnd end() const { return end_; }
    const std::string& sandbox() const { return sandbox_; }  // layers, once the first record came
    bool ran_out_of_memory() const { return out_of_memory_; }
    std::string cause() const;                                 // "killed by signal 11", "no progress for 5 s"
    WorkerJob::Place stands_at() const;                        // where it was last
    double silent_seconds() const { return silent_seconds_; }  // time spent waiting without progress
    void allow_entries(std::uint64_t recorded);                // raises the memory limit with the number of entries
    void stop(std::string cause = "the run ends");             // ends it; the cause is what `cause` says then

  private:
    struct Clock;
    bool await_bytes(std::uint64_t read_limit);  // of the pipe, or its end; watches the clock meanwhile
    void note_wait(bool has_ended);
    bool fill(std::uint64_t read_limit);  // one batch; false at the end of the pipe
    std::optional<Record> parse();
    void drain_board();
    void check_clock(std::uint64_t read_limit);
    void kill(WorkerEnd why, std::string cause);
    void reap();

    const WorkerOptions options_;
    std::unique_ptr<WorkerProcess> process_;
    std::unique_ptr<Clock> clock_;
    Bytes buffer_;  // bytes of batches not yet parsed
    std::size_t parsed_ = 0;
    std::uint64_t last_batch_ = 0;
    bool has_started_ = false, is_drained_ = false, saw_end_ = false, out_of_memory_ = false;
    WorkerEnd end_ = WorkerEnd::running;
    std::string cause_, sandbox_;
    double silent_seconds_ = 0;
};

}  // namespace triage
