// SPDX-License-Identifier: Apache-2.0
// The names and file systems of the volumes whose entries are under way, by VolumeRecord::id: rules ask for them, and
// an entry may be recorded before its volume. Thread-safe: the listing thread writes, the recorder reads.
#pragma once

#include <map>
#include <shared_mutex>
#include <string>

#include "engine/rules/facts.h"

namespace triage {

class VolumePlaces {
  public:
    void put(std::uint32_t volume, const std::string& name, const std::string& fs) {
        const std::unique_lock lock(mutex_);
        places_.insert_or_assign(volume, std::pair(name, fs));
    }
    // Of a volume that nobody put: a place without names. Texts stay where they are until the volume is put again,
    // which is before its first entry is sent.
    EntryPlace at(std::uint32_t volume) const {
        const std::shared_lock lock(mutex_);
        const auto known = places_.find(volume);
        if (known == places_.end()) return {};
        return {known->second.first, known->second.second};
    }

  private:
    mutable std::shared_mutex mutex_;  // of places_
    std::map<std::uint32_t, std::pair<std::string, std::string>> places_;
};

}  // namespace triage
