// SPDX-License-Identifier: Apache-2.0
// How far the run is: written by the scan's threads, read by whoever shows it, at any time. Counters are atomics that
// protect nothing; what comes seldom lies behind a mutex.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/worker/wait.h"

namespace triage {

enum class Phase : std::uint8_t { listing, reading, verifying, sealing, reporting };
std::string_view to_string(Phase phase);

// Matches in one category of one notable list. A content counts once, however many names it has.
struct MatchTally {
    std::uint32_t set = 0;  // index into the loaded sets
    std::string category;   // empty: the list has none
    std::uint64_t contents = 0;
    friend bool operator==(const MatchTally&, const MatchTally&) = default;
};

struct VolumePlace {
    std::uint32_t evidence = 0;
    std::string volume;
    friend bool operator==(const VolumePlace&, const VolumePlace&) = default;
};

// A place of the evidence that the run is busy with.
struct BusyWith {
    std::uint32_t evidence = 0;
    std::string volume;          // empty: the evidence is being opened
    std::uint64_t address = 0;   // of the content, of several the longest; or where the listing stands
    std::uint64_t bytes = 0;     // of the contents
    std::uint64_t contents = 0;  // 0: listing
    double seconds = 0;          // without a byte
};

struct Progress {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point started = Clock::now();

    std::atomic<Phase> phase{Phase::listing};
    std::atomic<bool> is_stopping{false};  // by the run itself: enough was found
    std::atomic<std::uint64_t> entries_listed{0}, entries_examined{0};
    // Of contents that are to be read; the first is whole when the listing has ended.
    std::atomic<std::uint64_t> bytes_listed{0}, bytes_examined{0};     // the latter without what is under way
    std::atomic<std::uint64_t> matches{0}, problems{0};                // contents in a notable list; problems recorded
    std::atomic<std::int64_t> first_match_ms{-1};                      // after `started`; -1: none yet
    std::atomic<std::uint64_t> bytes_to_verify{0}, bytes_verified{0};  // of the media, in the phase of that name
    std::atomic<std::uint32_t> volumes_total{0}, volumes_done{0};
    WorkerWait listing_wait;

    double seconds() const { return std::chrono::duration<double>(Clock::now() - started).count(); }

    // The recorder's.
    void count_match(std::uint32_t set, const std::string& category);
    std::vector<MatchTally> tallies() const;  // in order of set and category

    // The lister's: what it does now, and the volumes by VolumeRecord::id, each before its entries.
    void begin_listing(std::uint32_t evidence, const std::string& volume);
    void name_volume(std::uint32_t id, std::uint32_t evidence, const std::string& name);
    VolumePlace place_of(std::uint32_t volume_id) const;
    BusyWith listing() const;

    // The pipeline's: a batch whose contents are being examined, as long as this lives; then they are examined.
    class Examining {
      public:
        Examining(Progress& progress, std::uint32_t volume_id, BusyWith contents);
        ~Examining();
        Examining(const Examining&) = delete;
        Examining& operator=(const Examining&) = delete;
        std::atomic<std::uint64_t> bytes_read{0};  // of its long contents, so far

      private:
        friend struct Progress;
        struct Row {
            std::uint32_t volume_id;
            BusyWith contents;
            Clock::time_point last_progress;
            const std::atomic<std::uint64_t>* bytes_read;
            std::uint64_t bytes_seen;
        };
        Progress& progress_;
        std::list<Row>::iterator row_;
    };
    // The batch of which nothing was read for the longest time, as far as anybody looked: for one viewer, who does so
    // every second or so. And the first evidence that is being read, and the bytes of all that were read so far.
    struct UnderWay {
        std::optional<BusyWith> slowest;
        std::optional<std::uint32_t> evidence;
        std::uint64_t bytes = 0;
    };
    UnderWay look_under_way();

  private:
    mutable std::mutex mutex_;  // protects what follows
    std::map<std::pair<std::uint32_t, std::string>, std::uint64_t> tallies_;
    std::map<std::uint32_t, VolumePlace> places_;
    BusyWith listing_;
    std::list<Examining::Row> examining_;
};

}  // namespace triage
