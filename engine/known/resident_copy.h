// SPDX-License-Identifier: Apache-2.0
// A section in memory of its own, on pages of 2 MiB where the system gives them: in a map of 4 KiB pages, what a
// look-up in a large set costs is mostly the search for the page. Until it is made, and where it cannot be, the section
// is read in the map. Private to engine/known; any thread.
#pragma once

#include <atomic>

#include "engine/known/set_file.h"

namespace triage {

class ResidentCopy {
  public:
    ResidentCopy(const SetFile& file, const tks::Section& section) : file_(file), section_(section) {}
    ~ResidentCopy();
    ResidentCopy(const ResidentCopy&) = delete;
    ResidentCopy& operator=(const ResidentCopy&) = delete;

    // Once, by one thread, while others read. Checks the section's blocks; no copy is made of a damaged one: whoever
    // touches it is told.
    void make();

    // Bytes of the section. Throws Error as SetFile::at does.
    const std::byte* at(std::uint64_t offset, std::uint64_t length) const {
        const std::byte* copy = copy_.load(std::memory_order_acquire);
        return copy ? copy + offset : file_.at(section_.offset + offset, length);
    }
    [[gnu::always_inline]] void prefetch(std::uint64_t offset) const {
        if (const std::byte* copy = copy_.load(std::memory_order_acquire)) __builtin_prefetch(copy + offset);
        else file_.prefetch(section_.offset + offset);
    }

  private:
    const SetFile& file_;
    const tks::Section& section_;
    std::atomic<const std::byte*> copy_{nullptr};
    std::size_t mapped_ = 0;
};

}  // namespace triage
