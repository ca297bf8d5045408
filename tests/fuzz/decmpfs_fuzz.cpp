// SPDX-License-Identifier: Apache-2.0
// A com.apple.decmpfs attribute of lies, and its bytes as an LZVN stream: what is decoded has the size it was said to.
#include <cstdint>
#include <cstdlib>

#include "plugins/tsk/decmpfs.h"

using namespace triage;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView bytes = std::as_bytes(std::span(data, size));
    if (const auto record = tsk::read_compression_record(bytes)) {
        const auto content = tsk::decode_in_record(*record);
        if (content && content->size() != record->size) std::abort();
    }
    const auto lzvn_size = load_le<std::uint16_t>(bytes, 0);
    if (!lzvn_size) return 0;
    const auto content = tsk::decode_lzvn(bytes.subspan(2), *lzvn_size);
    if (content && content->size() != *lzvn_size) std::abort();
    return 0;
}
