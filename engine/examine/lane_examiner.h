// SPDX-License-Identifier: Apache-2.0
// Many entries + their bytes → Examined: up to 16 contents at once, one a lane; a lane whose content ends takes the
// next. Where few contents are left, the digests and the reads of those run side by side. Belongs to one thread at a
// time; memory is bounded by its buffers.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "engine/examine/content_look.h"
#include "engine/examine/neighbours.h"
#include "engine/hash/lanes.h"

namespace triage {

class LaneExaminer {
  public:
    // Of a container: each lane keeps decoded blocks of its own, so media with larger ones are for ContentExaminer.
    static constexpr std::uint32_t largest_block = 256 << 10;

    // Runs task 0 to tasks - 1, perhaps at the same time, and returns when all have ended.
    using SideBySide = std::function<void(std::size_t tasks, const std::function<void(std::size_t)>& task)>;
    // Hears of a content that the reference is to compute again, whatever it is: each lane's turn comes once in 256 of
    // its contents.
    using Recheck = std::function<void(const ExamineJob&)>;

    LaneExaminer(AlgorithmSet algorithms, SideBySide side_by_side, Recheck recheck = {});

    // Sets the result of each job, without matches. Long contents are begun first, the others in the order given, which
    // should be that of the media. `stop` ends a long read: unreadable, not_reached.
    void examine(std::span<ExamineJob> jobs, const std::atomic<bool>& stop);

  private:
    struct Lane {
        const ExamineJob* job = nullptr;
        ContentStream stream;
        ByteView ready;  // read and not hashed yet: in the lane's buffer, resident, or in a window
        std::shared_ptr<const Bytes> window;
        std::uint64_t examined = 0;  // contents so far
        ContentLook look;
    };

    bool refill();
    bool is_stopped() const { return stop_->load(std::memory_order_relaxed); }
    void start(std::size_t lane);
    void fill(std::size_t lane);
    void finish(std::size_t lane);
    void advance();
    void advance_together(std::span<const std::size_t> busy);
    void advance_in_pairs(std::span<const std::size_t> busy);
    void advance_pair(std::span<const std::size_t> lanes);
    void advance_one_by_one(std::span<const std::size_t> busy);
    void run(bool at_once, std::size_t tasks, const std::function<void(std::size_t)>& task) const;
    std::vector<std::size_t> busy_lanes() const;
    void give_up();

    LaneDigests digests_;
    SideBySide side_by_side_;
    Recheck recheck_;
    Bytes buffers_;  // of all lanes
    std::array<Lane, lane_count> lanes_;
    Neighbours neighbours_;
    std::span<ExamineJob> jobs_;  // not begun yet
    const std::atomic<bool>* stop_ = nullptr;
    std::size_t read_bytes_ = 0;  // a lane's share of a read
};

}  // namespace triage
