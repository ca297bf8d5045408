// SPDX-License-Identifier: Apache-2.0
// A section in memory of its own, on pages of 2 MiB where the system gives them: in a map of 4 KiB pages, what a
// look-up in a large set costs is mostly the search for the page. Private to engine/known; immutable, any thread.
#pragma once

#include "engine/known/set_file.h"

namespace triage {

class ResidentCopy {
  public:
    // Reads the section once, its blocks checked. Throws Error as SetFile::at does.
    ResidentCopy(const SetFile& file, const tks::Section& section);
    ~ResidentCopy();
    ResidentCopy(ResidentCopy&& other) noexcept;
    ResidentCopy& operator=(ResidentCopy&&) = delete;

    // `offset` within the section; the caller has checked it.
    const std::byte* at(std::uint64_t offset) const { return bytes_ + offset; }
    [[gnu::always_inline]] void prefetch(std::uint64_t offset) const { __builtin_prefetch(bytes_ + offset); }

  private:
    std::byte* bytes_ = nullptr;
    std::size_t mapped_ = 0;
};

}  // namespace triage
