// SPDX-License-Identifier: Apache-2.0
// The content of a file that NTFS compressed. libtsk 4.11.1 fills with zeros what it cannot decode, and takes a chunk
// that comes short as if the next one went on in its place; what it gives then was never stored. So units are decoded
// here. Format: [MS-XCA] 2.5 "LZNT1"; compression units after ntfs-3g's libntfs-3g/compress.c.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "plugins/tsk/image.h"

namespace triage::tsk {

// What a stream of chunks holds, up to its end mark or, about, `most` bytes. Nothing when it is broken.
std::optional<Bytes> decode_lznt1(ByteView stream, std::size_t most);

// Calls `see` with the first `size` bytes of a compressed attribute with runs, unit after unit. Returns why it came to
// no end, empty when it did; what could not be read is also a flaw of the image.
std::string read_compressed(Image& image, const TSK_FS_ATTR& attribute, std::uint64_t size,
                            const std::function<void(ByteView piece)>& see);

}  // namespace triage::tsk
