// SPDX-License-Identifier: Apache-2.0
// The directory trees of an ISO 9660 volume, one for each primary and supplementary volume descriptor. libtsk 4.11.1
// lists one of them; of the others it knows what the path tables lead to, as orphans, each section of a file for
// itself. Here they are followed by their directory records. One thread, one walk.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <utility>

#include "plugins/tsk/content.h"

namespace triage::tsk {

class IsoTrees {
  public:
    using SeeFile = std::function<bool(const std::string& path, const IsoContent& content)>;  // false: no more
    using TellFlaw = std::function<void(const std::string& path, const std::string& flaw)>;

    // A file that was listed.
    void add(const IsoContent& content);
    // Calls `see` with each file whose content no listed file has; it is listed then. Flaws are told of the trees that
    // libtsk does not list.
    void list_others(OpenFilesystem& fs, const SeeFile& see, const TellFlaw& tell);
    // Is what libtsk found there a file that is listed, or a section of one? An empty one is nowhere.
    bool is_listed(const TSK_FS_META& meta) const;

  private:
    bool insert(const IsoContent& content);
    using Place = std::pair<std::uint64_t, std::uint64_t>;  // first block and bytes
    std::set<std::vector<Place>> files_;                    // by their sections
    std::set<Place> sections_;
};

}  // namespace triage::tsk
