// SPDX-License-Identifier: Apache-2.0
// libtsk 4.11.1 keeps the addresses that deleted names lead to as a list of runs, and goes through it from its start
// for each address that its search for orphans meets: where many deleted files lie scattered, time grows with their
// square. Its functions on such lists are called through the dynamic linker, and are taken over here: a list that is
// asked again before it grows is copied into an array, which is searched by halves. The answers stay the same.
#pragma once

#include <tsk/libtsk.h>

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace triage::tsk {

class AddressLists {
  public:
    bool contains(const TSK_LIST* list, std::uint64_t address);
    void forget(const TSK_LIST* list) { known_.erase(list); }  // it changes or goes

  private:
    struct Run {
        std::uint64_t first, last;
    };
    struct Known {
        bool was_asked = false;
        std::vector<Run> runs;  // falling; empty until the list is asked again
    };
    std::unordered_map<const TSK_LIST*, Known> known_;
};

}  // namespace triage::tsk
