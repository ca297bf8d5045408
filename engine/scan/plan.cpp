// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/plan.h"

#include <algorithm>
#include <chrono>

#include "engine/hash/lane_kernels.h"

namespace triage {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_items = 4096;         // that wait to be recorded
constexpr std::uint64_t long_content = 8 << 20;  // a batch of its kind
constexpr std::size_t most_long = 1024;          // more of them are treated like the others
constexpr std::size_t batch_entries = 1024;
constexpr std::uint64_t batch_memory = 16 << 20;    // of its entries: a hostile one has a million extents
constexpr std::size_t most_extents_of_long = 4096;  // one with more waits among the short ones, which are spooled
constexpr std::uint64_t least_batch = 4 << 20, largest_batch = 128 << 20;  // bytes of content
constexpr std::uint64_t content_worth_taking = 64 << 20;                   // fewer would leave lanes empty
constexpr std::size_t most_beside_long = 8192;
constexpr auto patience = 5ms;  // then a few are better than none

std::uint64_t first_byte(const Entry& entry) {
    for (const Extent& extent : entry.extents)
        if (extent.media_offset != Extent::hole) return extent.media_offset;
    return 0;
}

std::uint64_t memory_of(const Entry& entry) {
    return sizeof(Spool::Entries::value_type) + 64 + entry.path.capacity() + entry.stream.capacity() +
           entry.resident.capacity() + entry.extents.capacity() * sizeof(Extent);
}

// A size is a lie until the content was read: sums of them must not wrap.
std::uint64_t content_of(const PlannedEntry& planned) {
    return std::min<std::uint64_t>(planned.work.record.entry.size, std::uint64_t{1} << 40);
}

bool is_long(const Entry& entry) { return entry.size >= long_content && entry.extents.size() <= most_extents_of_long; }

}  // namespace

Plan::Plan(PlanOptions options) : options_(std::move(options)), spool_(options_.spool_folder) {}

bool Plan::send(WalkId walk, Item item) {
    std::unique_lock lock(mutex_);
    const auto has_room = [&] { return items_.items.size() < most_items && items_memory_ < batch_memory; };
    changed_.wait(lock, [&] { return has_room() || is_closed_; });
    if (is_closed_) return false;
    if (walk != no_walk) ++walks_[walk].outstanding;
    auto* work = std::get_if<EntryWork>(&item);
    if (work && work->is_to_be_read()) {
        add(walk, std::move(*work));
    } else {
        if (work) items_memory_ += memory_of(work->record.entry);
        items_.items.push_back(std::move(item));
        items_.walks.push_back(walk);
    }
    if (is_worth_taking()) changed_.notify_all();
    return true;
}

void Plan::add(WalkId walk, EntryWork work) {
    const EntryRecord& record = work.record;
    const std::uint32_t priority = work.priority;
    if (is_long(record.entry) && long_.size() < most_long) {
        long_.emplace(LongKey{priority, ~record.entry.size}, PlannedEntry{walk, std::move(work)});
        return;
    }
    const std::uint64_t position = priority == 0 ? record.walk_order : first_byte(record.entry);
    const PlanKey key{priority, work.evidence, position};
    const PlannedEntry& planned = short_.emplace(key, PlannedEntry{walk, std::move(work)})->second;
    memory_ += memory_of(planned.work.record.entry);
    content_ += content_of(planned);
    if (memory_ > options_.memory_bytes && spool_.can_write()) spill();
}

// The half that is taken last.
void Plan::spill() {
    const auto middle = std::next(short_.begin(), static_cast<std::ptrdiff_t>(short_.size() / 2));
    spool_.write(middle, short_.end());
    for (auto one = middle; one != short_.end(); ++one) {
        memory_ -= memory_of(one->second.work.record.entry);
        content_ -= content_of(one->second);
    }
    short_.erase(middle, short_.end());
}

void Plan::end_walk(WalkId id, std::vector<VolumeRecord> states) {
    const std::lock_guard lock(mutex_);
    Walk& walk = walks_[id];
    walk.has_ended = true;
    walk.states = std::move(states);
    release_if_due(walk);
    changed_.notify_all();
}

void Plan::release_if_due(Walk& walk) {
    if (!walk.has_ended || walk.outstanding > 0) return;
    for (VolumeRecord& state : walk.states) {
        items_.items.emplace_back(std::move(state));
        items_.walks.push_back(no_walk);
    }
    walk.states.clear();
}

void Plan::finish() {
    const std::lock_guard lock(mutex_);
    is_finished_ = true;
    changed_.notify_all();
}

std::unique_ptr<Batch> Plan::take(const std::atomic<bool>& stop) {
    std::unique_lock lock(mutex_);
    bool is_impatient = false;
    while (!stop.load(std::memory_order_relaxed)) {
        if (is_impatient || is_worth_taking()) {
            if (!items_.items.empty()) return take_items();
            if (may_take()) return take_entries();
            if (is_finished_) return nullptr;
        }
        is_impatient = changed_.wait_for(lock, patience) == std::cv_status::timeout;
    }
    return nullptr;
}

bool Plan::is_worth_taking() const {
    return is_finished_ || items_.items.size() >= batch_entries || items_memory_ >= batch_memory ||
           short_.size() >= batch_entries || content_ >= content_worth_taking;
}

// On a disk whose head moves, the walk has it to itself, but for what is wanted most.
bool Plan::is_open(std::uint32_t priority) const { return !options_.is_spinning || is_finished_ || priority == 0; }

bool Plan::may_take_short() const { return has_short() && is_open(next_short().priority); }

bool Plan::may_take() const {
    return may_take_short() || !dealt_.empty() || (!long_.empty() && is_open(long_.begin()->first.first));
}

const PlanKey& Plan::next_short() const {
    if (spool_.is_empty()) return short_.begin()->first;
    return short_.empty() || spool_.head() < short_.begin()->first ? spool_.head() : short_.begin()->first;
}

PlannedEntry Plan::take_short() {
    if (short_.empty() || (!spool_.is_empty() && spool_.head() < short_.begin()->first)) return spool_.take();
    const auto first = short_.extract(short_.begin());
    memory_ -= memory_of(first.mapped().work.record.entry);
    content_ -= content_of(first.mapped());
    return std::move(first.mapped());
}

// A long content is begun as soon as all are known that it can share lanes with, so that it does not hold the end.
// Short ones of its class come before it where others are left to flow beside it: their matches are known sooner.
bool Plan::is_turn_of_long() const {
    if (!dealt_.empty()) return true;
    if (long_.empty() || !may_take_short()) return !long_.empty();
    const std::uint32_t priority = long_.begin()->first.first, other = next_short().priority;
    if (priority != other) return priority < other;
    const bool are_others_left = !spool_.is_empty() || short_.rbegin()->first.priority > priority;
    return is_finished_ ? !are_others_left : long_.size() >= lane_count * options_.threads;
}

std::unique_ptr<Batch> Plan::take_items() {
    auto batch = std::make_unique<Batch>(std::move(items_));
    items_ = {};
    items_memory_ = 0;
    changed_.notify_all();
    return batch;
}

std::unique_ptr<Batch> Plan::take_entries() {
    auto batch = std::make_unique<Batch>();
    if (is_turn_of_long()) {
        put_long(*batch);
    } else {
        // A thread's share of what waits: large at first, small at the end, where all threads should end together.
        const std::uint64_t share = content_ / (options_.threads * 2);
        put_short(*batch, batch_entries, std::clamp(share, least_batch, largest_batch));
    }
    return batch;
}

// The longest of one class, as many as there are lanes, so that all threads end together.
void Plan::deal_long() {
    const std::uint32_t priority = long_.begin()->first.first;
    dealt_.resize(options_.threads);
    std::vector<std::uint64_t> bytes(options_.threads);
    for (std::size_t left = lane_count * options_.threads;
         left > 0 && !long_.empty() && long_.begin()->first.first == priority; --left) {
        const auto least = std::min_element(bytes.begin(), bytes.end());
        PlannedEntry entry = std::move(long_.extract(long_.begin()).mapped());
        *least += content_of(entry);
        dealt_[static_cast<std::size_t>(least - bytes.begin())].push_back(std::move(entry));
    }
    std::erase_if(dealt_, [](const auto& hand) { return hand.empty(); });
    std::reverse(dealt_.begin(), dealt_.end());  // the one with the longest is taken first
}

// A thread's share of the long contents, and of the short ones what flows through the other lanes meanwhile.
void Plan::put_long(Batch& batch) {
    if (dealt_.empty()) deal_long();
    const std::uint64_t share = content_ / dealt_.size();
    std::vector<PlannedEntry> hand = std::move(dealt_.back());
    dealt_.pop_back();
    const std::uint64_t longest = std::min(content_of(hand.front()), largest_batch);
    const std::size_t free_lanes = lane_count - std::min(hand.size(), lane_count);
    for (PlannedEntry& entry : hand) put(batch, std::move(entry));
    put_short(batch, most_beside_long, std::min(free_lanes * longest, share));
}

void Plan::put_short(Batch& batch, std::size_t entries, std::uint64_t bytes) {
    std::uint64_t taken = 0, memory = 0;
    for (; may_take_short() && entries > 0 && taken < bytes && memory < batch_memory; --entries) {
        PlannedEntry entry = take_short();
        taken += content_of(entry);
        memory += memory_of(entry.work.record.entry);
        put(batch, std::move(entry));
    }
}

void Plan::put(Batch& batch, PlannedEntry entry) {
    batch.walks.push_back(entry.walk);
    batch.items.emplace_back(std::move(entry.work));
}

void Plan::recorded(const Batch& batch) {
    const std::lock_guard lock(mutex_);
    for (const WalkId id : batch.walks) {
        if (id == no_walk) continue;
        Walk& walk = walks_[id];
        --walk.outstanding;
        release_if_due(walk);
    }
}

std::unique_ptr<Batch> Plan::close() {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    return take_items();
}

}  // namespace triage
