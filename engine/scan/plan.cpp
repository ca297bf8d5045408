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
constexpr std::size_t most_beside_short = 2;  // long contents that a thread carries while others wait: a pair
constexpr auto patience = 5ms;                // then a few are better than none

std::uint64_t first_byte(const Entry& entry) {
    for (const Extent& extent : entry.extents)
        if (extent.media_offset != Extent::hole) return extent.media_offset;
    return 0;
}

// A size is a lie until the content was read: sums of them must not wrap.
std::uint64_t content_of(const PlannedEntry& planned) {
    if (planned.work.wants_type) return std::min<std::uint64_t>(planned.work.record.entry.size, 4096);
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
    if (work && work->needs_media()) {
        add(walk, std::move(*work));
    } else {
        if (work) items_memory_ += memory_of(*work);
        items_.items.push_back(std::move(item));
        items_.walks.push_back(walk);
    }
    if (is_worth_taking()) changed_.notify_all();
    return true;
}

void Plan::add(WalkId walk, EntryWork work) {
    const EntryRecord& record = work.record;
    const std::uint32_t priority = work.priority;
    if (!work.wants_type && is_long(record.entry) && long_.size() < most_long) {
        const LongKey key{priority, ~record.entry.size};
        long_bytes_ += content_of(long_.emplace(key, PlannedEntry{walk, std::move(work)})->second);
        return;
    }
    const std::uint64_t position = priority == 0 ? record.walk_order : first_byte(record.entry);
    const PlanKey key{priority, work.evidence, position};
    const PlannedEntry& planned = short_.emplace(key, PlannedEntry{walk, std::move(work)})->second;
    memory_ += memory_of(planned.work);
    content_ += content_of(planned);
    if (memory_ > options_.memory_bytes && spool_.can_write()) spill();
}

// The half that is taken last.
void Plan::spill() {
    const auto middle = std::next(short_.begin(), static_cast<std::ptrdiff_t>(short_.size() / 2));
    spool_.write(middle, short_.end());
    for (auto one = middle; one != short_.end(); ++one) {
        memory_ -= memory_of(one->second.work);
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
            if (options_.carries_long) return std::make_unique<Batch>();
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

bool Plan::may_take_long() const { return !long_.empty() && is_open(long_.begin()->first.first); }

bool Plan::may_take() const { return may_take_short() || may_take_long(); }

const PlanKey& Plan::next_short() const {
    if (spool_.is_empty()) return short_.begin()->first;
    return short_.empty() || spool_.head() < short_.begin()->first ? spool_.head() : short_.begin()->first;
}

PlannedEntry Plan::take_short() {
    if (short_.empty() || (!spool_.is_empty() && spool_.head() < short_.begin()->first)) return spool_.take();
    const auto first = short_.extract(short_.begin());
    memory_ -= memory_of(first.mapped().work);
    content_ -= content_of(first.mapped());
    return std::move(first.mapped());
}

// Where it is a batch: the others of its class come before it while more is left to do beside it, since their matches
// are known sooner; otherwise it must not hold the end.
bool Plan::is_turn_of_long() const {
    if (!may_take_long() || !may_take_short()) return may_take_long();
    const std::uint32_t priority = long_.begin()->first.first, other = next_short().priority;
    if (priority != other) return priority < other;
    const bool are_others_left = !spool_.is_empty() || short_.rbegin()->first.priority > priority;
    return is_finished_ && !are_others_left;
}

PlannedEntry Plan::next_long() {
    PlannedEntry entry = std::move(long_.extract(long_.begin()).mapped());
    long_bytes_ -= content_of(entry);
    return entry;
}

// Beside short contents of its class or a better one it has a few lanes only; those of worse classes wait for it. A
// disk's head goes to long contents when it has nothing else to do.
std::optional<PlannedEntry> Plan::take_long(std::size_t carried) {
    const std::lock_guard lock(mutex_);
    if (!options_.carries_long || !may_take_long() || (options_.is_spinning && (has_short() || !is_finished_)))
        return std::nullopt;
    const std::uint32_t priority = long_.begin()->first.first;
    const bool is_beside = has_short() && next_short().priority <= priority;
    if (has_short() && next_short().priority < priority) return std::nullopt;
    if (carried >= (is_beside ? most_beside_short : lane_count)) return std::nullopt;
    return next_long();
}

std::uint64_t Plan::waiting_share() const {
    const std::lock_guard lock(mutex_);
    if (!is_finished_ || !spool_.is_empty()) return ~std::uint64_t{0};
    return (content_ + long_bytes_) / options_.threads;
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
    if (!options_.carries_long && is_turn_of_long()) put(*batch, next_long());
    else put_short(*batch);
    return batch;
}

// A thread's share of what waits: large at first, small at the end, where all threads should end together.
void Plan::put_short(Batch& batch) {
    const std::uint64_t share = std::clamp(content_ / (options_.threads * 2), least_batch, largest_batch);
    std::uint64_t taken = 0, memory = 0;
    for (std::size_t entries = 0; may_take_short() && entries < batch_entries && taken < share && memory < batch_memory;
         ++entries) {
        PlannedEntry entry = take_short();
        taken += content_of(entry);
        memory += memory_of(entry.work);
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
