// SPDX-License-Identifier: Apache-2.0
// One moment of a scan under way, as a value: what the screen, the plain lines and the live stream show.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "engine/scan/scan.h"

namespace triage {

// "AB/1: disk.E01, 1.2 GiB in 3 files", "sdb, SanDisk Ultra, serial 4C53, 28.9 GiB". Not escaped.
std::string evidence_in_words(const EvidenceSpec& spec);

// What does not change during a run.
struct Watched {
    std::vector<std::string> evidences;                        // in words, of each evidence; not escaped
    std::vector<std::string> lists;                            // names, in the order of the loaded sets; not escaped
    bool is_resumed = false;                                   // counts are of this run, not of those before it
    bool is_discreet = false;                                  // progress only: no word of what was found
    std::optional<Progress::Clock::time_point> deadline = {};  // when the run ends itself
};

struct Snapshot {
    std::string evidence;  // that is listed; then the first of those that are read; not escaped
    std::size_t evidence_number = 1, evidences = 1;
    Phase phase = Phase::listing;
    bool is_stopping = false, is_resumed = false, is_discreet = false;
    double seconds = 0;                  // since the start
    std::optional<double> seconds_left;  // nothing while it is not known
    bool is_speed_known = true;          // false: the reading began too short a time ago
    std::optional<double> seconds_to_deadline;
    std::uint64_t entries_done = 0, entries_listed = 0, bytes_done = 0, bytes_listed = 0;
    std::uint64_t bytes_verified = 0, bytes_to_verify = 0;
    std::uint32_t volumes_done = 0, volumes_total = 0;
    struct Tally {
        std::string list, category;  // not escaped
        std::uint64_t contents = 0;
    };
    std::vector<Tally> tallies;
    std::uint64_t matches = 0, problems = 0;
    std::optional<double> first_match_seconds;
    std::optional<BusyWith> held_up_by;  // for longer than held_up_seconds
    std::string held_up_evidence;        // in words, where there are several; not escaped
};

inline constexpr double held_up_seconds = 30;

// Takes snapshots of a run, and remembers how fast it was lately. One thread.
class SnapshotTaker {
  public:
    SnapshotTaker(Progress& progress, Watched watched, const std::atomic<bool>& stop)
        : progress_(progress), watched_(std::move(watched)), stop_(stop) {}
    Snapshot take();

  private:
    std::uint32_t evidence_now(const Progress::UnderWay& under_way, Phase phase);
    Progress& progress_;
    const Watched watched_;
    const std::atomic<bool>& stop_;
    std::optional<std::uint32_t> read_last_;  // evidence; between two batches none is under way
    struct Sample {
        double seconds;
        std::uint64_t bytes;
    };
    std::deque<Sample> samples_;  // of the last minute of one phase
    Phase sampled_ = Phase::listing;
};

// The time that `bytes` take at the speed between two samples; nothing when nothing was read between them, or when they
// are too close for a speed.
std::optional<double> seconds_for(std::uint64_t bytes, double seconds_between, std::uint64_t bytes_between);

}  // namespace triage
