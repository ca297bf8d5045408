// SPDX-License-Identifier: Apache-2.0
// A block device past the kernel's cache. That reads by pages of 4 KiB, so that a sector of 512 bytes that fails takes
// its seven neighbours with it; a read of one sector gives what that sector has. Immutable; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "engine/base/bytes.h"

namespace triage {

class DirectDevice {
  public:
    // Takes a descriptor that was opened with O_DIRECT. Nothing when it is no block device or tells no sector size.
    static std::unique_ptr<DirectDevice> of(int fd);
    ~DirectDevice();
    DirectDevice(const DirectDevice&) = delete;
    DirectDevice& operator=(const DirectDevice&) = delete;

    std::size_t sector_size() const { return sector_size_; }
    // As pread(2), at any place: the sectors around it are read.
    std::ptrdiff_t pread(std::uint64_t position, MutableBytes out) const;

  private:
    DirectDevice(int fd, std::size_t sector_size) : fd_(fd), sector_size_(sector_size) {}
    const int fd_;
    const std::size_t sector_size_;
};

}  // namespace triage
