// SPDX-License-Identifier: Apache-2.0
// An extent tree of lies: the first 60 bytes are i_block, the rest a file system of 1 KiB blocks. What is accepted is
// in order and inside the file system.
#include "plugins/tsk/ext4.h"
#include "tests/fuzz/memory_media.h"

namespace {

using namespace triage;

constexpr std::uint32_t block_size = 1024;

void check(const std::vector<tsk::BlockExtent>& extents, std::uint64_t block_count) {
    std::uint64_t next = 0;
    for (const tsk::BlockExtent& extent : extents) {
        if (extent.count == 0 || extent.logical < next) std::abort();
        if (extent.physical >= block_count || extent.count > block_count - extent.physical) std::abort();
        next = extent.logical + extent.count;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView bytes = std::as_bytes(std::span(data, size));
    const std::size_t root = std::min<std::size_t>(size, 60);
    const ByteView blocks = bytes.subspan(root);
    if (blocks.empty()) return 0;
    const test::MemoryMedia media(blocks);
    tsk::Image image(media.reader(), 0, blocks.size());
    const std::uint64_t block_count = blocks.size() / block_size;
    std::string why;
    const auto extents = tsk::read_extent_tree(image, bytes.first(root), block_size, block_count, why);
    if (extents) check(*extents, block_count);
    else if (why.empty()) std::abort();
    tsk::Ext4Inodes(image).is_encrypted(size);
    return 0;
}
