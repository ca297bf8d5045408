// SPDX-License-Identifier: Apache-2.0
// What libtsk 4.11.1 does not read of ISO 9660 directory records: the sections of a file (it lists each as a file of
// its own), extended attribute records before the content, compression by zisofs, the names of Rock Ridge. Format:
// ECMA-119 8.4.18 and 8.5 (the root's record in volume descriptors), 9.1 (Directory Record), 6.5.1 (File Sections);
// IEEE P1281 (SUSP 1.12) 5.1 "CE", 5.3 "SP", 5.4 "ST"; IEEE P1282 (RRIP 1.12) 4.1.4 "NM"; zisofs: libisofs
// doc/zisofs_format.txt.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plugins/tsk/image.h"
#include "plugins/tsk/iso_sessions.h"

namespace triage::tsk {

struct IsoSection {
    std::uint64_t block = 0, size = 0;  // of the content: behind the extended attribute record
    bool is_interleaved = false;
};

// What the record of a name says about its content.
struct IsoContent {
    std::vector<IsoSection> sections;  // empty: the bytes belong to the name before it
    bool is_whole = true;              // false: a section that should follow does not
    bool is_contradictory = false;     // the two byte orders of a place or size differ: ECMA-119 7.3.3
    std::string name;                  // of Rock Ridge; empty where there is none
};

// A name of a directory, but for those of itself and its parent.
struct IsoName {
    std::string name;  // of Rock Ridge where there is one; without the version number
    bool is_directory = false;
    IsoContent content;
};

// Where a volume descriptor says that the root of its tree stands.
struct IsoRoot {
    std::uint64_t block = 0, size = 0;
    bool is_joliet = false;  // names in UTF-16
};

// The records of the directory that is being listed, each of which answers for one name.
class IsoRecords {
  public:
    // `descriptors`: the sector where those of the volume begin.
    explicit IsoRecords(Image& image, std::uint64_t descriptors = first_iso_descriptor, IsoSectors sectors = {})
        : image_(image), first_descriptor_(descriptors), sectors_(sectors) {}
    void open(TSK_FS_FILE* directory);
    void open(ByteView content);
    // Why names may be missing from the directory, in words; empty when it is sound. What libtsk cannot interpret it
    // leaves out.
    const std::string& flaw() const { return flaw_; }
    // Of a name that libtsk found at this place. Nothing when no record that is left says so.
    std::optional<IsoContent> take(const TSK_FS_META& meta);
    std::vector<IsoName> names(bool is_joliet) const;
    std::vector<IsoRoot> roots();  // of every tree of the volume
    // Names that libtsk did not list.
    std::size_t left() const;

  private:
    struct Record {
        std::uint64_t block = 0, size = 0;              // as stored little-endian, which Linux and Windows go by
        std::uint64_t other_block = 0, other_size = 0;  // as stored big-endian, which libtsk goes by
        unsigned attribute_blocks = 0;
        bool is_interleaved = false, is_directory = false, goes_on = false, is_taken = false;
        std::string name, long_name;
        bool is_at(std::uint64_t a_block, std::uint64_t a_size) const;  // by either byte order
        bool is_contradictory() const { return block != other_block || size != other_size; }
    };
    void clear();
    std::optional<Record> parse(ByteView record);
    bool is_named_root(const TSK_FS_META& meta);
    void find_rock_ridge(ByteView system_use);
    std::string rock_ridge_name(ByteView system_use);
    bool follows(std::size_t index) const;
    IsoContent content_of(std::size_t index) const;
    Image& image_;
    std::uint64_t first_descriptor_;
    IsoSectors sectors_;
    std::optional<std::size_t> skipped_;  // bytes before the system use entries of a record; nothing: there are none
    std::vector<Record> records_;
    std::string flaw_;
    std::size_t next_ = 0;  // the first record that is not taken
};

// True when the bytes at `offset` of the volume begin a zisofs file.
bool starts_zisofs(Image& image, std::uint64_t offset);

}  // namespace triage::tsk
