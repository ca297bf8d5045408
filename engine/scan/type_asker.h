// SPDX-License-Identifier: Apache-2.0
// Types that the table of signatures does not have, asked of libmagic in a worker. One thread of its own talks to the
// worker, so that no TBB task waits for it: entries whose rules ask leave their batch before it is recorded, and join a
// later one with the answer. A worker that dies or hangs costs the type of the content it was looking at, which is a
// problem; after eight deaths the types of all others stay unknown, which is a problem of each volume. Nothing is
// started before the first question. Thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "engine/scan/plan.h"
#include "engine/worker/worker.h"

namespace triage {

class TypeAsker {
  public:
    // `database` is that of registry.types; `options.stop` ends the run.
    TypeAsker(const Registry& registry, const WorkerOptions& options, std::string database);
    ~TypeAsker();
    TypeAsker(const TypeAsker&) = delete;
    TypeAsker& operator=(const TypeAsker&) = delete;

    // Takes out of the batch what is to be asked, and puts into it what was answered.
    void exchange(Batch& batch);
    // Returns when a few MiB of first bytes wait at most, or the run stops.
    void await_room();
    // When nothing is asked any more: the rest of the answers. What a stop left unasked keeps its walk open, so that a
    // resumed run walks its volume again.
    Batch finish();

  private:
    struct Question {
        WalkId walk;
        EntryWork work;
    };
    void serve();
    void answer(Question question);
    bool tell(EntryWork& work, Batch& answers);
    std::optional<std::string> ask(ByteView first_bytes);
    void note_death(const EntryWork& work, Batch& answers);
    bool is_stopped() const { return options_.stop && options_.stop->load(std::memory_order_relaxed); }

    const Registry& registry_;
    const WorkerOptions options_;
    WorkerJob job_;
    // The asking thread's.
    std::unique_ptr<Worker> worker_;
    int deaths_ = 0;
    std::string last_cause_;
    std::set<std::uint32_t> given_up_;  // volumes of which that was said

    std::mutex mutex_;  // protects what follows
    std::condition_variable changed_;
    std::deque<Question> questions_;
    std::uint64_t waiting_bytes_ = 0;  // first bytes of questions, also of the one that is asked
    Batch answers_;
    bool is_ending_ = false;
    std::thread thread_;  // last: it uses the others
};

}  // namespace triage
