// SPDX-License-Identifier: Apache-2.0
#include "engine/examine/lane_examiner.h"

#include <algorithm>

namespace triage {
namespace {

constexpr std::uint64_t long_content = 256 << 10;
constexpr std::size_t least_read = 64 << 10, largest_read = 256 << 10;
// The extra block sets the buffers off against each other: at the same place of a page they would share the few ways of
// one set of the first cache, and all lanes read at the same place.
constexpr std::size_t buffer_bytes = largest_read + block_bytes;
constexpr std::size_t few_lanes = 8;                  // so many or fewer: tasks are shared out
constexpr std::size_t least_shared_bytes = 64 << 10;  // less is done before another thread has woken up
constexpr std::uint64_t rechecked_each = 256;
// A carried content is hurried when it would take longer, as one of a pair, than the lanes take for all the rest: they
// are so many times as fast, about.
constexpr std::uint64_t hurried_rate = 6;

AlgorithmSet only(std::initializer_list<Algorithm> algorithms) {
    AlgorithmSet set;
    for (const Algorithm algorithm : algorithms) set.add(algorithm);
    return set;
}

}  // namespace

LaneExaminer::LaneExaminer(AlgorithmSet algorithms, SideBySide side_by_side, Recheck recheck)
    : digests_(algorithms),
      side_by_side_(std::move(side_by_side)),
      recheck_(std::move(recheck)),
      buffers_(lane_count * buffer_bytes) {}

void LaneExaminer::examine(std::span<ExamineJob> jobs, const std::atomic<bool>& stop, std::uint64_t waiting) {
    const auto others = std::stable_partition(jobs.begin(), jobs.end(),
                                              [](const ExamineJob& job) { return job.entry->size >= long_content; });
    std::stable_sort(jobs.begin(), others,
                     [](const ExamineJob& a, const ExamineJob& b) { return a.entry->size > b.entry->size; });
    jobs_ = jobs;
    stop_ = &stop;
    hurried_above_ = waiting / hurried_rate;
    for (;;) {
        refill();
        if (is_stopped()) return give_up();
        if (passing_.empty() && jobs_.empty()) return;
        const bool are_many = passing_.empty() || busy_.size() >= least_lanes(digests_.algorithms());
        advance(are_many ? busy_ : passing_);
        if (are_many) hurry();
    }
}

void LaneExaminer::carry(const ExamineJob& job) {
    const auto free = std::find_if(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return !lane.job; });
    const auto lane = static_cast<std::size_t>(free - lanes_.begin());
    begin(lane, job);
    free->is_carried = true;
}

bool LaneExaminer::carries(const ExamineJob& job) const {
    return std::any_of(lanes_.begin(), lanes_.end(), [&](const Lane& lane) { return lane.job == &job; });
}

std::size_t LaneExaminer::carried() const {
    return static_cast<std::size_t>(
        std::count_if(lanes_.begin(), lanes_.end(), [](const Lane& l) { return l.is_carried; }));
}

void LaneExaminer::go_on(std::uint64_t bytes, const std::atomic<bool>& stop) {
    stop_ = &stop;
    const std::size_t at_first = carried();
    for (std::uint64_t done = 0; done < bytes; done += largest_read) {
        refill();
        if (is_stopped()) return give_up();
        if (busy_.size() < at_first || busy_.empty()) return;
        advance(busy_);
    }
}

// Until every lane has a whole block, or there is no content left for it.
void LaneExaminer::refill() {
    const auto is_hungry = [&](std::size_t lane) { return lanes_[lane].ready.size() < block_bytes; };
    for (;;) {
        for (std::size_t lane = 0; lane < lane_count && !jobs_.empty(); ++lane)
            if (!lanes_[lane].job) start(lane);
        find_busy();
        if (std::none_of(busy_.begin(), busy_.end(), is_hungry)) return;
        // Few lanes are filled all together: steps are then long enough to be shared out.
        const bool are_few = busy_.size() <= few_lanes;
        read_bytes_ = are_few ? largest_read : least_read;
        run(are_few, busy_.size(), [&](std::size_t i) {
            if (are_few || is_hungry(busy_[i])) fill(busy_[i]);
        });
        if (is_stopped()) return;
        for (const std::size_t lane : busy_)
            if (is_hungry(lane)) finish(lane);
    }
}

void LaneExaminer::begin(std::size_t lane, const ExamineJob& job) {
    Lane& l = lanes_[lane];
    l.job = &job;
    l.hashed = 0;
    digests_.begin(lane);
    l.stream.begin(*job.media, *job.entry, job.bytes_read);
    l.look.begin(job.wants_entropy, job.first_bytes);
}

void LaneExaminer::start(std::size_t lane) {
    Lane& l = lanes_[lane];
    begin(lane, jobs_.front());
    Neighbours::Content content = neighbours_.take(jobs_);
    l.ready = content.bytes;
    l.window = std::move(content.window);
    l.look.add(l.ready);
    jobs_ = jobs_.subspan(1);
}

void LaneExaminer::consume(std::size_t lane, std::size_t bytes) {
    lanes_[lane].ready = lanes_[lane].ready.subspan(bytes);
    lanes_[lane].hashed += bytes;
}

// What is left in `ready`, less than a block, and what follows. A content with a flaw is read on, to count what is
// missing, and never hashed.
void LaneExaminer::fill(std::size_t lane) {
    Lane& l = lanes_[lane];
    if (l.window) return;
    const MutableBytes buffer = MutableBytes(buffers_).subspan(lane * buffer_bytes, buffer_bytes);
    const std::size_t rest = l.ready.size();
    std::copy(l.ready.begin(), l.ready.end(), buffer.begin());
    const std::size_t room = read_bytes_ - std::min(rest, read_bytes_);
    const std::size_t got = l.stream.read(buffer.subspan(rest, room));
    l.look.add(ByteView(buffer).subspan(rest, got));
    while (l.stream.has_flaw() && !is_stopped() && l.stream.read(buffer) > 0) continue;
    l.ready = buffer.first(l.stream.has_flaw() ? 0 : rest + got);
}

void LaneExaminer::finish(std::size_t lane) {
    Lane& l = lanes_[lane];
    const ExamineJob& job = *l.job;
    const std::uint64_t size = job.entry->size;
    if (l.window || l.stream.is_whole()) {
        *job.result = {Status::hashed, Reason::none, 0, digests_.finish(lane, l.ready, size), {}};
        l.look.tell(*job.result);
    } else {
        *job.result = l.stream.failure();
    }
    l.job = nullptr;
    l.is_carried = false;
    l.ready = {};
    l.window.reset();
    const bool is_due = l.examined++ % rechecked_each == (lane * lane_count + lane_count / 2) % rechecked_each;
    if (is_due && recheck_ && job.result->status == Status::hashed) recheck_(job);
}

void LaneExaminer::advance(std::span<const std::size_t> busy) {
    if (busy.size() >= least_lanes(digests_.algorithms())) advance_together(busy);
    else if (digests_.has_pairs()) advance_in_pairs(busy);
    else advance_one_by_one(busy);
}

void LaneExaminer::advance_together(std::span<const std::size_t> busy) {
    std::size_t blocks = ~std::size_t{0};
    LaneBlocks at;
    at.fill(lanes_[busy[0]].ready.data());
    for (const std::size_t lane : busy) {
        at[lane] = lanes_[lane].ready.data();
        blocks = std::min(blocks, lanes_[lane].ready.size() / block_bytes);
    }
    digests_.update(at, blocks, AlgorithmSet::all());
    for (const std::size_t lane : busy) consume(lane, blocks * block_bytes);
}

// A carried content that its lane's share of the work does not bring to its end goes on as a pair with the next such
// one, in little more time than alone.
void LaneExaminer::hurry() {
    if (!digests_.has_pairs() || passing_.size() == busy_.size() || busy_.size() < 2) return;
    const auto left = [&](std::size_t lane) {
        const Lane& l = lanes_[lane];
        return l.is_carried ? l.job->entry->size - std::min(l.hashed, l.job->entry->size) : 0;
    };
    std::vector<std::size_t> longest(busy_.begin(), busy_.end());
    std::sort(longest.begin(), longest.end(), [&](std::size_t a, std::size_t b) {
        return std::pair(left(a), lanes_[a].ready.size()) > std::pair(left(b), lanes_[b].ready.size());
    });
    longest.resize(2);
    if (left(longest[0]) > hurried_above_) advance_pair(longest);
}

void LaneExaminer::advance_in_pairs(std::span<const std::size_t> busy) {
    std::size_t bytes = 0;
    for (const std::size_t lane : busy) bytes += lanes_[lane].ready.size();
    run(bytes >= least_shared_bytes, (busy.size() + 1) / 2, [&](std::size_t i) {
        const std::span<const std::size_t> pair = busy.subspan(2 * i, std::min<std::size_t>(2, busy.size() - 2 * i));
        advance_pair(pair);                                                      // as far as the shorter one goes
        for (const std::size_t& lane : pair) advance_pair(std::span(&lane, 1));  // the rest of the longer one
    });
}

void LaneExaminer::advance_pair(std::span<const std::size_t> lanes) {
    std::size_t blocks = ~std::size_t{0};
    LaneBlocks at{};
    for (const std::size_t lane : lanes) {
        at[lane] = lanes_[lane].ready.data();
        blocks = std::min(blocks, lanes_[lane].ready.size() / block_bytes);
    }
    if (blocks == 0) return;
    digests_.update_pair(lanes, at, blocks);
    for (const std::size_t lane : lanes) consume(lane, blocks * block_bytes);
}

void LaneExaminer::advance_one_by_one(std::span<const std::size_t> busy) {
    const auto whole = [&](std::size_t lane) {
        const ByteView ready = lanes_[lane].ready;
        return ready.first(ready.size() / block_bytes * block_bytes);
    };
    std::size_t bytes = 0;
    for (const std::size_t lane : busy) bytes += whole(lane).size();
    run(bytes >= least_shared_bytes, all_algorithms.size(), [&](std::size_t i) {
        for (const std::size_t lane : busy) digests_.update_one(lane, whole(lane), only({all_algorithms[i]}));
    });
    for (const std::size_t lane : busy) consume(lane, whole(lane).size());
}

void LaneExaminer::run(bool at_once, std::size_t tasks, const std::function<void(std::size_t)>& task) const {
    if (at_once && tasks > 1 && side_by_side_) return side_by_side_(tasks, task);
    for (std::size_t i = 0; i < tasks; ++i) task(i);
}

void LaneExaminer::find_busy() {
    busy_.clear(), passing_.clear();
    for (std::size_t lane = 0; lane < lane_count; ++lane) {
        if (!lanes_[lane].job) continue;
        busy_.push_back(lane);
        if (!lanes_[lane].is_carried) passing_.push_back(lane);
    }
}

void LaneExaminer::give_up() {
    const auto not_reached = [](const ExamineJob& job) {
        *job.result = {Status::unreadable, Reason::not_reached, job.entry->size, {}, {}};
    };
    for (Lane& lane : lanes_) {
        if (lane.job) not_reached(*lane.job);
        lane.job = nullptr, lane.is_carried = false, lane.ready = {}, lane.window.reset();
    }
    for (const ExamineJob& job : jobs_) not_reached(job);
    jobs_ = {};
}

}  // namespace triage
