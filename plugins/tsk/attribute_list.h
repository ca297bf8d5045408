// SPDX-License-Identifier: Apache-2.0
// The list of an NTFS file whose attributes fill more than one MFT record. libtsk 4.11.1 passes over a further record
// that it cannot use, and with it over the contents that stand there, without a word; it reads 256 of them, and
// numbers 255 attributes.
// Format: linux fs/ntfs3/ntfs.h (struct ATTR_LIST_ENTRY), ntfs-3g layout.h (ATTR_LIST_ENTRY).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "plugins/tsk/image.h"
#include "plugins/tsk/mft_record.h"

namespace triage::tsk {

struct ListedAttribute {
    struct Piece {
        std::uint64_t first_cluster = 0, record = 0;  // of the attribute; a reference
        std::uint16_t number = 0;                     // in this record
        friend bool operator==(const Piece&, const Piece&) = default;
    };
    std::uint32_t type = 0;
    std::string name;  // as libtsk spells it
    std::vector<Piece> pieces;
    friend bool operator==(const ListedAttribute&, const ListedAttribute&) = default;
};

// Nothing when the bytes are no chain of items from first to last.
std::optional<std::vector<ListedAttribute>> parse_attribute_list(ByteView bytes);

// Of a file whose attributes libtsk has loaded.
struct AttributeList {
    bool is_readable = true;  // also of a file that has none
    std::vector<ListedAttribute> attributes;
    std::unordered_set<std::string> contents;             // names of the $DATA among them
    std::size_t contents_in(std::uint64_t record) const;  // that begin in the record with this address
    bool is_beyond_libtsk = false;  // more records than it reads: contents may have lost pieces, or have one number
};
// Where there is no list, and libtsk gave up loading the attributes, those of the contents in the file's own record: it
// takes a hole larger than the volume for damage.
AttributeList read_attribute_list(MftRecords& records, const TSK_FS_FILE* file);

bool is_loaded(const TSK_FS_FILE* file, const ListedAttribute& listed);

// An attribute in libtsk's form, put together here from its records. `attribute` points to the other members.
struct ListedContent {
    TSK_FS_ATTR attribute{};
    std::string name;
    Bytes value;
    std::vector<TSK_FS_ATTR_RUN> runs;
};

// Null where a record cannot be read or is another file's, a piece does not go on where the one before it ends, or
// there are fewer clusters than the size needs.
std::unique_ptr<ListedContent> read_listed_content(MftRecords& records, const TSK_FS_FILE* file,
                                                   const ListedAttribute& listed);

}  // namespace triage::tsk
