// SPDX-License-Identifier: Apache-2.0
// A volume is a partition, the whole media when there is no volume system, or a stretch of the media that is accounted
// for without being walked. VolumeSystem is the interface of the readers of partition tables; it runs in a worker.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/evidence/problem.h"
#include "engine/media/media_reader.h"

namespace triage {

enum class VolumeRole : std::uint8_t {
    filesystem,  // to be walked
    swap,        // swap partition: counted and sized
    reserved,    // Microsoft reserved, BIOS boot: counted and sized
    gap,         // unpartitioned space: counted and sized
};
std::string_view to_string(VolumeRole role);

struct Volume {
    std::string name;  // "p0", "p1"... in on-disk order, "-" without a volume system; gaps have "gap0"...
    VolumeRole role = VolumeRole::filesystem;
    std::uint64_t start = 0;   // bytes on the media
    std::uint64_t length = 0;  // bytes
    std::string description;   // what the partition table says; hostile text
    friend bool operator==(const Volume&, const Volume&) = default;
};

struct VolumeList {
    std::string system;  // "dos", "gpt", "mac", "bsd", "sun", "-" for none
    std::vector<Volume> volumes;
    std::vector<Problem> problems;
};

class VolumeSystem {
  public:
    virtual ~VolumeSystem() = default;
    virtual std::string_view name() const = 0;
    virtual std::string_view describes() const = 0;
    // The volumes of a media. What lies in none of them becomes a gap.
    virtual VolumeList list(const MediaReader& media) const = 0;
};

}  // namespace triage
