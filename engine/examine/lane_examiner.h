// SPDX-License-Identifier: Apache-2.0
// Many entries + their bytes → Examined: up to 16 contents at once, one a lane; a lane whose content ends takes the
// next. Where few contents are left, the digests and the reads of those run side by side. A long content is carried: it
// keeps its lane while others come and go beside it, and ends in some later call. Belongs to one thread at a time;
// memory is bounded by its buffers.
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
    // should be that of the media. `stop` ends a long read: unreadable, not_reached. `waiting` bytes are to be examined
    // by this thread afterwards: a carried content that would outlast them is hurried.
    void examine(std::span<ExamineJob> jobs, const std::atomic<bool>& stop, std::uint64_t waiting = ~std::uint64_t{0});

    // The job is borrowed until `carries` it no more; then its result is set. At most `lane_count` at a time.
    void carry(const ExamineJob& job);
    bool carries(const ExamineJob& job) const;
    std::size_t carried() const;
    // Goes on with what is carried alone: `bytes` of each, about, or until one ends.
    void go_on(std::uint64_t bytes, const std::atomic<bool>& stop);

  private:
    struct Lane {
        const ExamineJob* job = nullptr;
        bool is_carried = false;
        std::uint64_t hashed = 0;  // bytes so far
        ContentStream stream;
        ByteView ready;  // read and not hashed yet: in the lane's buffer, resident, or in a window
        std::shared_ptr<const Buffer> window;
        std::uint64_t examined = 0;  // contents so far
        ContentLook look;
    };

    void refill();
    bool is_stopped() const { return stop_->load(std::memory_order_relaxed); }
    void start(std::size_t lane);
    void begin(std::size_t lane, const ExamineJob& job);
    void consume(std::size_t lane, std::size_t bytes);
    void fill(std::size_t lane);
    void finish(std::size_t lane);
    void advance(std::span<const std::size_t> lanes);
    void hurry();
    void advance_together(std::span<const std::size_t> busy);
    void advance_in_pairs(std::span<const std::size_t> busy);
    void advance_pair(std::span<const std::size_t> lanes);
    void advance_one_by_one(std::span<const std::size_t> busy);
    void run(bool at_once, std::size_t tasks, const std::function<void(std::size_t)>& task) const;
    void find_busy();
    void give_up();

    LaneDigests digests_;
    SideBySide side_by_side_;
    Recheck recheck_;
    Buffer buffers_;  // of all lanes
    std::array<Lane, lane_count> lanes_;
    std::vector<std::size_t> busy_, passing_;  // lanes with a content, and those of them that are not carried
    Neighbours neighbours_;
    std::span<ExamineJob> jobs_;                       // not begun yet
    std::uint64_t hurried_above_ = ~std::uint64_t{0};  // a carried content with more left is hurried
    const std::atomic<bool>* stop_ = nullptr;
    std::size_t read_bytes_ = 0;  // a lane's share of a read
};

}  // namespace triage
