// SPDX-License-Identifier: Apache-2.0
// What libtsk 4.11.1 gets wrong in directories without a word: what it cannot interpret it leaves out, as if no names
// had been there, and words of an ext index block it may take for a name in use. The checks are those that a kernel
// makes before it believes a directory.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "plugins/tsk/ext4.h"

namespace triage::tsk {

// The directory entry sets of an exFAT directory, record after record. Format: Microsoft "exFAT file system
// specification", sections 6.2 to 6.4 (types, SetChecksum), 7.4 to 7.9.
class ExfatSets {
  public:
    void add(ByteView record);  // 32 bytes
    // Sets that break off or contradict their checksum, and records in use that belong to no set or have no type.
    std::size_t bad() const { return bad_ + (left_ > 0); }
    std::size_t sound() const { return sound_; }
    bool goes_on() const { return goes_on_; }  // a record in use stands behind the end

  private:
    void begin_set(ByteView record);
    void add_to_checksum(ByteView record, std::size_t skip_from, std::size_t skip_to);
    std::size_t bad_ = 0, sound_ = 0;
    unsigned left_ = 0;  // records that the set still needs
    bool has_stream_ = false, has_ended_ = false, goes_on_ = false;
    std::uint16_t checksum_ = 0, stored_checksum_ = 0;
};

// Adds the names in use of a block of a UFS directory, of 512 bytes. False when it is no chain of records from its
// first byte to its last. `has_types`: the length of a name is one byte. Format: FreeBSD sys/ufs/ufs/dir.h, "struct
// direct"; the checks are those of ufs_dirbadentry in sys/ufs/ufs/ufs_lookup.c.
bool read_ufs_block(ByteView block, bool is_big_endian, bool has_types, std::vector<DirectoryEntry>& entries);

// Made from the listing of a directory that is in use.
class DirectoryCheck {
  public:
    DirectoryCheck() = default;  // of a directory that nothing is known about
    explicit DirectoryCheck(const TSK_FS_DIR* listing);
    const std::string& flaw() const { return flaw_; }  // empty when it is sound, or of a kind that is not checked here
    // False when the directory's own records do not give this address this name, whatever libtsk says.
    bool names(std::uint64_t address, std::string_view name) const;

  private:
    // Adds the names in use of a block. False when it is no chain of entries.
    using ReadBlock = std::function<bool(ByteView block, std::vector<DirectoryEntry>& entries)>;
    void check_ext(const TSK_FS_DIR& listing);
    void check_ufs(const TSK_FS_DIR& listing);
    void check_blocks(const TSK_FS_DIR& listing, std::size_t block_bytes, const ReadBlock& read);
    void check_fat(const TSK_FS_DIR& listing);
    void check_exfat(const TSK_FS_DIR& listing);
    std::string flaw_;
    struct Named {
        std::uint32_t address, at, length;  // of its text in texts_
    };
    std::pair<std::uint64_t, std::string_view> key_of(const Named& name) const;
    bool has_names_ = false;
    std::string texts_;
    std::vector<Named> names_;  // sorted
};

struct ExtDirectory {
    std::vector<DirectoryEntry> entries;
    std::size_t bad_blocks = 0;  // could not be read, or are no chain of entries: their names are missing
};

// The names in use of an ext4 directory that libtsk does not open, because its extent tree has two or more leaves.
// Nothing for any other directory, and for one whose tree is damaged.
std::optional<ExtDirectory> read_ext_directory(TSK_FS_INFO* fs, Image& image, std::uint64_t address);

// The file of a name, as tsk_fs_dir_get gives it. Null when its inode cannot be read.
TSK_FS_FILE* open_named(TSK_FS_INFO* fs, const DirectoryEntry& entry);

}  // namespace triage::tsk
