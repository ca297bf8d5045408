// SPDX-License-Identifier: Apache-2.0
// Entries that wait on disk: sorted runs in one unlinked file of the case directory, merged when they come back. What
// was taken goes back to the file system as the reading goes on, so that the disk holds what waits, and a MiB a run.
// One thread at a time. A disk that is full or gives back other bytes throws Error of kind interrupted.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/scan/batch.h"

namespace triage {

// What entries are ordered by.
struct PlanKey {
    std::uint32_t priority = 0;  // class
    std::uint32_t evidence = 0;  // media are read one after the other
    std::uint64_t position = 0;
    friend auto operator<=>(const PlanKey&, const PlanKey&) = default;
};

struct PlannedEntry {
    WalkId walk = 0;
    EntryWork work;
};

class Spool {
  public:
    explicit Spool(std::string folder) : folder_(std::move(folder)) {}
    ~Spool();
    Spool(const Spool&) = delete;
    Spool& operator=(const Spool&) = delete;

    bool can_write() const { return !folder_.empty(); }
    using Entries = std::multimap<PlanKey, PlannedEntry>;
    void write(Entries::const_iterator begin, Entries::const_iterator end);  // one run

    bool is_empty() const { return heads_.empty(); }
    const PlanKey& head() const { return heads_.front().key; }  // the least that waits here
    PlannedEntry take();                                        // that one

  private:
    struct Run {
        std::uint64_t next = 0, end = 0;  // its next record that is no head yet, in the file
        std::uint64_t released = 0;       // before it, the file holds nothing of the run
        std::string buffer;               // of the file, from `start`
        std::uint64_t start = 0;
    };
    struct Head {  // only the key: a record may have megabytes of extents
        PlanKey key;
        std::size_t run = 0;
        std::uint64_t at = 0;    // of the record in the file
        std::uint32_t size = 0;  // bytes
        bool operator<(const Head& other) const { return std::pair(other.key, other.run) < std::pair(key, run); }
    };
    void advance(std::size_t run);
    void release_taken(Run& run);
    void release_all();
    std::string bytes(Run& run, std::uint64_t at, std::size_t size) const;
    void read(std::uint64_t at, std::string& into) const;
    void open();

    std::string folder_;
    int descriptor_ = -1;
    std::uint64_t size_ = 0;
    std::vector<Run> runs_;
    std::vector<Head> heads_;                // a heap: the first of each run that has more
    std::vector<const MediaReader*> media_;  // the file holds their numbers
};

}  // namespace triage
