// SPDX-License-Identifier: Apache-2.0
// A com.apple.decmpfs attribute of lies, its bytes as an LZVN stream, as a resource fork and as a compressed unit of
// NTFS: what is decoded has the size it was said to.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "plugins/tsk/decmpfs.h"
#include "plugins/tsk/lznt1.h"

using namespace triage;

namespace {

void decode_fork(std::uint32_t type, std::uint64_t content_size, ByteView fork) {
    std::uint64_t made = 0;
    const auto read = [&](std::uint64_t offset, MutableBytes out) {
        if (offset > fork.size() || out.size() > fork.size() - offset) return false;
        std::ranges::copy(fork.subspan(offset, out.size()), out.begin());
        return true;
    };
    const std::string why =
        tsk::decode_in_fork({type, content_size, {}}, content_size, read, [&](ByteView unit) { made += unit.size(); });
    if (why.empty() && made != content_size) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView bytes = std::as_bytes(std::span(data, size));
    if (const auto record = tsk::read_compression_record(bytes)) {
        const auto content = tsk::decode_in_record(*record);
        if (content && content->size() != record->size) std::abort();
    }
    const auto lzvn_size = load_le<std::uint16_t>(bytes, 0);
    if (!lzvn_size) return 0;
    for (const std::uint32_t type : {4u, 8u}) decode_fork(type, 3ull * *lzvn_size, bytes.subspan(2));
    constexpr std::size_t unit = 65536, chunk = 4096;
    if (const auto decoded = tsk::decode_lznt1(bytes, unit); decoded && decoded->size() >= unit + chunk) std::abort();
    const auto content = tsk::decode_lzvn(bytes.subspan(2), *lzvn_size);
    if (content && content->size() != *lzvn_size) std::abort();
    return 0;
}
