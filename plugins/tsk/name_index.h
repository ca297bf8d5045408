// SPDX-License-Identifier: Apache-2.0
// libtsk 4.11.1 compares each name that it adds to a listing with all before it, and so does NTFS with each deleted
// name: a directory of 300,000 names takes minutes, twice, since the search for orphans lists every directory again.
// The two functions are called through the dynamic linker, and are taken over here: an index finds the name, and libtsk
// then compares with that one or with none. What it lists stays the same; a libtsk that binds its calls otherwise is
// slow.
#pragma once

#include <tsk/libtsk.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace triage::tsk {

// Where in a listing a name of an address stands. Knows the listing that it was asked about last.
class NameIndex {
  public:
    std::optional<std::size_t> place_of(const TSK_FS_DIR& listing, const TSK_FS_NAME& name);
    // The flags of the one name with this address and hash, 0 when there is none. Nothing: there are several.
    std::optional<std::uint8_t> flags_of(const TSK_FS_DIR& listing, std::uint64_t address, std::uint32_t name_hash);
    // The listing begins anew, or is another one at the same place in memory.
    void forget(const TSK_FS_DIR& listing) {
        if (listing_ == &listing) listing_ = nullptr;
    }

  private:
    void follow(const TSK_FS_DIR& listing);
    void grow(const TSK_FS_DIR& listing);
    void insert(const TSK_FS_DIR& listing, std::size_t place);

    const TSK_FS_DIR* listing_ = nullptr;
    std::size_t known_ = 0;             // names of it that are in the table
    const char* last_ = nullptr;        // text of the last one
    std::vector<std::uint32_t> slots_;  // 0, or a place + 1; a power of 2, at most half full; linear probing
};

// libtsk's own functions, which compare with all names.
std::uint8_t add_comparing_all(TSK_FS_DIR* listing, const TSK_FS_NAME* name);
std::uint8_t contains_comparing_all(TSK_FS_DIR* listing, TSK_INUM_T address, std::uint32_t name_hash);

}  // namespace triage::tsk

// In place of libtsk's; its public headers do not declare them.
extern "C" std::uint8_t tsk_fs_dir_add(TSK_FS_DIR* listing, const TSK_FS_NAME* name);
// The flags of the name in the listing with this address and hash: one in use when there is any; 0: none.
extern "C" std::uint8_t tsk_fs_dir_contains(TSK_FS_DIR* listing, TSK_INUM_T address, std::uint32_t name_hash);
extern "C" std::uint32_t tsk_fs_dir_hash(const char* name);  // libtsk's own
