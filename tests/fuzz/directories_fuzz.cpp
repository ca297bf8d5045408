// SPDX-License-Identifier: Apache-2.0
// What is read here, and not by libtsk, of directories and tables of volumes: blocks of ext and UFS directories,
// records of ISO 9660 and exFAT, attribute lists and MFT records of NTFS, checkpoints of APFS, extended partitions.
#include "plugins/tsk/apfs.h"
#include "plugins/tsk/attribute_list.h"
#include "plugins/tsk/directory.h"
#include "plugins/tsk/extended_partitions.h"
#include "plugins/tsk/iso9660.h"
#include "plugins/tsk/mft_record.h"
#include "tests/fuzz/memory_media.h"

using namespace triage;

namespace {

void read_blocks(ByteView bytes) {
    std::vector<tsk::DirectoryEntry> entries;
    tsk::read_directory_block(bytes, entries);
    for (const tsk::DirectoryEntry& entry : entries)
        if (entry.inode == 0 || entry.name.size() > 255) std::abort();
    for (const unsigned form : {0, 1, 2, 3}) {
        entries.clear();
        if (tsk::read_ufs_block(bytes, form & 1, form & 2, entries) && entries.size() > bytes.size() / 12) std::abort();
    }
    tsk::ExfatSets sets;
    for (ByteView rest = bytes; rest.size() >= 32; rest = rest.subspan(32)) sets.add(rest.first(32));
    if (sets.bad() > bytes.size() / 32 + 1) std::abort();
    tsk::read_mapping_pairs(bytes);
    tsk::parse_attribute_list(bytes);
    const auto record = tsk::MftRecord::parse({bytes.begin(), bytes.end()});
    if (!record) return;
    record->contents();
    for (const std::uint64_t first_cluster : {0, 1, 100})
        if (const auto attribute = record->find(0x80, 0, "", first_cluster))
            if (attribute->value.size() > bytes.size() || attribute->runs.size() > bytes.size() / 2) std::abort();
}

void read_volume(ByteView bytes) {
    const test::MemoryMedia media(bytes);
    tsk::Image image(media.reader(), 0, bytes.size());
    tsk::IsoRecords records(image);
    records.open(bytes);
    if (records.left() > bytes.size() / 34) std::abort();
    tsk::apfs_container_flaws(image);
    for (const std::uint32_t sector_bytes : {512, 4096}) tsk::check_extended_partitions(image, sector_bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView bytes = std::as_bytes(std::span(data, size));
    if (bytes.empty()) return 0;
    read_blocks(bytes);
    read_volume(bytes);
    return 0;
}
