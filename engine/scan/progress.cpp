// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/progress.h"

#include <algorithm>
#include <utility>

namespace triage {

std::string_view to_string(Phase phase) {
    switch (phase) {
        case Phase::listing: return "listing";
        case Phase::reading: return "reading";
        case Phase::verifying: return "verifying";
        case Phase::sealing: return "sealing";
        case Phase::reporting: return "reporting";
    }
    return "";
}

void Progress::count_match(std::uint32_t set, const std::string& category) {
    const std::lock_guard lock(mutex_);
    ++tallies_[{set, category}];
}

std::vector<MatchTally> Progress::tallies() const {
    const std::lock_guard lock(mutex_);
    std::vector<MatchTally> all;
    for (const auto& [key, contents] : tallies_) all.push_back({key.first, key.second, contents});
    return all;
}

void Progress::begin_listing(std::uint32_t evidence, const std::string& volume) {
    listing_wait.milliseconds = 0, listing_wait.address = 0;
    const std::lock_guard lock(mutex_);
    listing_.evidence = evidence, listing_.volume = volume;
}

void Progress::name_volume(std::uint32_t id, std::uint32_t evidence, const std::string& name) {
    const std::lock_guard lock(mutex_);
    places_[id] = {evidence, name};
}

VolumePlace Progress::place_of(std::uint32_t volume_id) const {
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(volume_id);
    return found == places_.end() ? VolumePlace{} : found->second;
}

BusyWith Progress::listing() const {
    const std::lock_guard lock(mutex_);
    BusyWith busy = listing_;
    busy.address = listing_wait.address;
    busy.seconds = listing_wait.milliseconds / 1000.0;
    return busy;
}

Progress::Examining::Examining(Progress& progress, std::uint32_t volume_id, BusyWith contents) : progress_(progress) {
    const std::lock_guard lock(progress_.mutex_);
    row_ = progress_.examining_.insert(progress_.examining_.end(),
                                       {volume_id, std::move(contents), Clock::now(), &bytes_read, 0});
}

Progress::Examining::~Examining() {
    const std::lock_guard lock(progress_.mutex_);
    progress_.bytes_examined += row_->contents.bytes;
    progress_.examining_.erase(row_);
}

Progress::UnderWay Progress::look_under_way() {
    const std::lock_guard lock(mutex_);
    const Clock::time_point now = Clock::now();
    UnderWay under_way;
    Examining::Row* slowest = nullptr;
    for (Examining::Row& row : examining_) {
        const std::uint64_t read = row.bytes_read->load(std::memory_order_relaxed);
        if (std::exchange(row.bytes_seen, read) != read) row.last_progress = now;
        under_way.bytes += std::min(read, row.contents.bytes);
        const auto place = places_.find(row.volume_id);
        if (place != places_.end())
            under_way.evidence = std::min(place->second.evidence, under_way.evidence.value_or(~0u));
        if (!slowest || row.last_progress < slowest->last_progress) slowest = &row;
    }
    if (!slowest) return under_way;
    BusyWith& busy = under_way.slowest.emplace(slowest->contents);
    const auto place = places_.find(slowest->volume_id);
    if (place != places_.end()) busy.evidence = place->second.evidence, busy.volume = place->second.volume;
    busy.seconds = std::chrono::duration<double>(now - slowest->last_progress).count();
    return under_way;
}

}  // namespace triage
