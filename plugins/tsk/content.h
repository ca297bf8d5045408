// SPDX-License-Identifier: Apache-2.0
// Where the bytes of one attribute stand: libtsk's runs as extents on the media, or the reason why they cannot be had.
#pragma once

#include <optional>
#include <string>

#include "plugins/tsk/decmpfs.h"
#include "plugins/tsk/exfat.h"
#include "plugins/tsk/ext4.h"
#include "plugins/tsk/image.h"
#include "plugins/tsk/iso9660.h"

namespace triage::tsk {

// A file system that libtsk opened, with what our own parsers add.
struct OpenFilesystem {
    TSK_FS_INFO* fs = nullptr;
    Image& image;
    std::optional<Ext4Inodes> ext4;                  // of an ext file system
    std::optional<ExfatEntries> exfat;               // of an exFAT file system
    std::optional<IsoRecords> iso;                   // of an ISO 9660 file system
    std::optional<std::uint64_t> apfs_superblock{};  // where that of an APFS volume stands
};

// Fills size, source, extents, resident, reason and placement of `entry` for `attribute` of `file` (null: the file has
// no such attribute). Returns what should stand in a Problem's detail, empty when all is well or nothing is lost by it.
//
// A file of ext2/3/4 or UFS needs no attribute: its blocks are found here, and libtsk is not asked.
bool is_read_here(const TSK_FS_FILE* file);
// Nor does one that macOS compressed: its record says where the content is. Its attributes must have been loaded.
bool is_compressed(const TSK_FS_FILE* file);
// What is compressed in the resource fork of such a file: its record, and the fork; nothing when they are not there.
struct CompressedFork {
    CompressionRecord record;
    const TSK_FS_ATTR* fork;
};
std::optional<CompressedFork> compressed_fork(const TSK_FS_FILE* file);
// The resource fork of such a file, which holds its compressed content and which macOS does not show.
bool is_stored_form(const TSK_FS_FILE* file, const TSK_FS_ATTR& attribute);
std::string locate_content(OpenFilesystem& fs, TSK_FS_FILE* file, const TSK_FS_ATTR* attribute,
                           const TSK_FS_FILE* directory, Entry& entry);

// Leaves an entry without content. Returns what should stand in a Problem's detail: nothing for a deleted one that is
// damaged, since what it has lost is no damage of the evidence.
std::string refuse(Entry& entry, Reason reason, std::string detail = {});

// A directory whose entries a filter of Windows lists, not NTFS: of a cloud, a container, a projected file system; or
// one of APFS in a cloud. A junction or symbolic link is none: it hides nothing of this volume.
bool may_list_elsewhere(const TSK_FS_FILE* directory);

// The same for a file of ISO 9660 by its directory record.
std::string locate_sections(OpenFilesystem& fs, const IsoContent& content, Entry& entry);

}  // namespace triage::tsk
