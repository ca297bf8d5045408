// SPDX-License-Identifier: Apache-2.0
// In which order contents are examined, and where the listing waits for it. The listing thread sends what it learns;
// the pipeline takes batches. Entries are taken by (class, physical order); their class is the priority that rules
// give. The first class, 0, is taken as it is listed, the others when nothing of a better class waits. Long contents
// are not in batches: threads that carry them beside batches take them one by one, the longest first, as soon as they
// are known, so that none of them is left for the end. Entries that do not fit into memory go to a spool in the case
// directory and come back in the same order. Thread-safe. Where too much waits to be recorded, the listing waits.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/scan/batch.h"
#include "engine/scan/spool.h"

namespace triage {

struct PlanOptions {
    std::uint32_t threads = 1;
    std::uint64_t memory_bytes = 128 << 20;  // of entries that wait
    std::string spool_folder;                // empty: everything stays in memory
    bool is_spinning = false;   // the evidence is on a disk whose head moves: only the first class while it is listed
    bool carries_long = false;  // take_long() is used; otherwise a long content is a batch by itself
};

class Plan {
  public:
    static constexpr WalkId no_walk = ~WalkId{0};

    explicit Plan(PlanOptions options);

    // The listing thread's. False when the pipeline takes no more.
    bool send(WalkId walk, Item item);
    // The states of a walk's volumes: they follow when all that was sent of the walk is recorded.
    void end_walk(WalkId walk, std::vector<VolumeRecord> states);
    void finish();  // everything was sent

    // The pipeline's. The next batch, an empty one where only long contents are to be gone on with for the moment;
    // nothing when there is no more to begin, or `stop` is set.
    std::unique_ptr<Batch> take(const std::atomic<bool>& stop);
    // A long content for a thread that carries so many: nothing where it should rather go on with those.
    std::optional<PlannedEntry> take_long(std::size_t carried);
    // Bytes of contents that wait, a thread's share; while entries are listed, more than any.
    std::uint64_t waiting_share() const;
    void recorded(const Batch& batch);
    // After the pipeline's end: takes no more, and gives what became due with the last batch.
    std::unique_ptr<Batch> close();

  private:
    struct Walk {
        std::uint64_t outstanding = 0;
        bool has_ended = false;
        std::vector<VolumeRecord> states;
    };
    using LongKey = std::pair<std::uint32_t, std::uint64_t>;  // class, and the complement of the size

    void add(WalkId walk, EntryWork work);
    void spill();
    bool has_short() const { return !short_.empty() || !spool_.is_empty(); }
    const PlanKey& next_short() const;
    PlannedEntry take_short();
    bool is_open(std::uint32_t priority) const;
    bool may_take_short() const;
    bool may_take() const;
    bool is_worth_taking() const;
    bool may_take_long() const;
    bool is_turn_of_long() const;
    PlannedEntry next_long();
    std::unique_ptr<Batch> take_items();
    std::unique_ptr<Batch> take_entries();
    void put_short(Batch& batch);
    void put(Batch& batch, PlannedEntry entry);
    void release_if_due(Walk& walk);

    const PlanOptions options_;
    mutable std::mutex mutex_;  // protects everything below
    std::condition_variable changed_;
    Batch items_;                                // to be recorded only
    std::uint64_t items_memory_ = 0;             // bytes that entries among them take, about
    Spool::Entries short_;                       // in the order in which they are taken
    Spool spool_;                                // more of them
    std::multimap<LongKey, PlannedEntry> long_;  // contents of several MiB, the longest of a class first
    std::uint64_t long_bytes_ = 0;
    std::uint64_t memory_ = 0;   // bytes that short_ takes, about
    std::uint64_t content_ = 0;  // bytes of the contents in short_
    std::map<WalkId, Walk> walks_;
    bool is_finished_ = false, is_closed_ = false;
};

}  // namespace triage
