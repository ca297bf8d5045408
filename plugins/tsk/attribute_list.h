// SPDX-License-Identifier: Apache-2.0
// The list of an NTFS file whose attributes fill more than one MFT record. libtsk 4.11.1 passes over a further record
// that it cannot use, and with it over the contents that stand there, without a word.
// Format: linux fs/ntfs3/ntfs.h (struct ATTR_LIST_ENTRY), ntfs-3g layout.h (ATTR_LIST_ENTRY).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plugins/tsk/image.h"

namespace triage::tsk {

struct ListedAttribute {
    std::uint32_t type = 0;
    std::string name;  // as libtsk spells it
    friend bool operator==(const ListedAttribute&, const ListedAttribute&) = default;
};

// Each attribute once, however many pieces it has. Nothing when the bytes are no chain of items from first to last.
std::optional<std::vector<ListedAttribute>> parse_attribute_list(ByteView bytes);

struct LostAttributes {
    bool is_list_readable = true;
    std::vector<std::string> contents;  // names of $DATA attributes that are listed, but were not loaded
    bool has_index = false;             // a directory's index is among what was not loaded
};

// Of a file whose attributes libtsk has loaded. All is well for a file without a list.
LostAttributes find_lost_attributes(const TSK_FS_FILE* file);

}  // namespace triage::tsk
