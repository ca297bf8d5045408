// SPDX-License-Identifier: Apache-2.0
// Files that macOS stores compressed, on HFS+ and APFS: the attribute com.apple.decmpfs holds a record and, for small
// files, the content itself. libtsk 4.11.1 believes the size in the record: where it lies, libtsk gives bytes that were
// never stored. So what stands in the attribute is decoded here. Format: Apple's open source xnu, bsd/sys/decmpfs.h,
// and the copyfile and lzfse sources.
#pragma once

#include <optional>

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

// LZVN to its end mark. Nothing when the stream is broken or holds more or less than `size` bytes.
std::optional<Bytes> decode_lzvn(ByteView stream, std::size_t size);

}  // namespace triage::tsk
