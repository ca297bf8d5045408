// SPDX-License-Identifier: Apache-2.0
// What is in use but has no name. libtsk 4.11.1 takes free metadata for orphans and no others, so that a file whose
// name was lost, or that was unlinked while it was open, is listed nowhere. One thread, one walk.
#pragma once

#include <string>
#include <vector>

#include "plugins/tsk/content.h"

namespace triage::tsk {

// A bit for each metadata address that a name in use leads to; of ext2/3/4, UFS and NTFS only.
class NamedAddresses {
  public:
    explicit NamedAddresses(OpenFilesystem& fs);
    // Not empty: the file system claims more addresses than its volume can hold, and none of them is noted.
    const std::string& flaw() const { return flaw_; }
    bool is_kept() const { return !bits_.empty(); }
    void add(std::uint64_t address) {
        if (address < bits_.size()) bits_[address] = true;
    }
    bool contains(std::uint64_t address) const { return address >= bits_.size() || bits_[address]; }

  private:
    std::vector<bool> bits_;
    std::string flaw_;
};

struct Unnamed {
    std::vector<std::uint64_t> addresses;  // directories first
    std::string error;                     // the search did not come to its end
};
Unnamed find_unnamed(OpenFilesystem& fs, const NamedAddresses& named, std::uint64_t limit);

}  // namespace triage::tsk
