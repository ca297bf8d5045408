// SPDX-License-Identifier: Apache-2.0
// What rules may ask of the volumes whose entries are under way, by VolumeRecord::id: an
// entry may be recorded before its volume. Thread-safe: the listing thread writes, the recorder reads.
#pragma once

#include <map>
#include <shared_mutex>
#include <string>

#include "engine/case/records.h"
#include "engine/rules/facts.h"

namespace triage {

class VolumePlaces {
  public:
    void put(const VolumeRecord& volume) {
        const std::unique_lock lock(mutex_);
        volumes_.insert_or_assign(volume.id, volume);
    }
    // The record stays where it is as long as the place is asked.
    static EntryPlace of(const VolumeRecord& volume) {
        return {volume.name, volume.fs, volume.modified, volume.accessed, volume.changed, volume.created};
    }
    // Of a volume that nobody put: a place without names. Texts stay where they are until the volume is put again,
    // which is before its first entry is sent.
    EntryPlace at(std::uint32_t volume) const {
        const std::shared_lock lock(mutex_);
        const auto known = volumes_.find(volume);
        return known == volumes_.end() ? EntryPlace{} : of(known->second);
    }

  private:
    mutable std::shared_mutex mutex_;  // of volumes_
    std::map<std::uint32_t, VolumeRecord> volumes_;
};

}  // namespace triage
