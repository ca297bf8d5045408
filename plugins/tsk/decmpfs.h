// SPDX-License-Identifier: Apache-2.0
// Files that macOS stores compressed, on HFS+ and APFS: the attribute com.apple.decmpfs holds a record and, for small
// files, the content itself; that of larger ones is in the resource fork, in units of 64 KiB. libtsk 4.11.1 believes
// the size in the record, and an LZVN match without a distance: then it gives bytes that were never stored. So both are
// decoded here. Format: Apple's open source xnu, bsd/sys/decmpfs.h, and the copyfile and lzfse sources.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "engine/base/bytes.h"

namespace triage::tsk {

enum class CompressionPlace { in_record, in_resource_fork, elsewhere, unknown };

struct CompressionRecord {
    std::uint32_t type = 0;
    std::uint64_t size = 0;  // of the content
    ByteView stored;         // what follows the record in the attribute
    CompressionPlace place() const;
};

// Nothing when the attribute is no such record.
std::optional<CompressionRecord> read_compression_record(ByteView attribute);

// The content of a record that holds it; nothing when it does not decode to just `size` bytes.
std::optional<Bytes> decode_in_record(const CompressionRecord& record);

// Calls `see` with the first `most` bytes of the content of a record that is in a resource fork, unit after unit.
// `read` gives bytes of the fork, or false. Returns why it came to no end, empty when it did.
std::string decode_in_fork(const CompressionRecord& record, std::uint64_t most,
                           const std::function<bool(std::uint64_t offset, MutableBytes out)>& read,
                           const std::function<void(ByteView unit)>& see);

// LZVN to its end mark. Nothing when the stream is broken or holds more or less than `size` bytes.
std::optional<Bytes> decode_lzvn(ByteView stream, std::size_t size);

}  // namespace triage::tsk
