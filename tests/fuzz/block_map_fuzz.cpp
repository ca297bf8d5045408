// SPDX-License-Identifier: Apache-2.0
// A block map from a worker that was taken over, over a file of noise: find_flaw refuses it, or every read through it
// gives data or flaws inside what was asked for.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

#include "engine/media/media_reader.h"
#include "engine/worker/record.h"

namespace {

using namespace triage;

constexpr std::size_t segment_bytes = 64 << 10;

// Made once: the same noise for each input.
const std::vector<Segment>& segments() {
    static const std::vector<Segment> identified = [] {
        std::mt19937 random(1);
        Bytes noise(segment_bytes);
        for (std::byte& byte : noise) byte = static_cast<std::byte>(random() % 4 == 0 ? random() : 0);
        const int fd = memfd_create("fuzz", MFD_CLOEXEC);
        if (::write(fd, noise.data(), noise.size()) != static_cast<ssize_t>(noise.size())) std::abort();
        const std::string path = "/proc/self/fd/" + std::to_string(fd);
        auto both = SegmentFiles::identify({path, path});
        if (!both) std::abort();
        return *both;
    }();
    return identified;
}

void read_some(const MediaReader& reader, std::uint64_t offset, std::size_t length, BlockWindow& window) {
    Bytes out(length);
    std::uint64_t end = offset;
    for (const BadRange& flaw : reader.read(offset, out, window)) {
        if (flaw.offset < end || flaw.length == 0 || flaw.length > offset + length - flaw.offset) std::abort();
        end = flaw.offset + flaw.length;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    RecordReader r(std::as_bytes(std::span(data, size)));
    const BlockMap map = read_map(r, true);
    if (!r.is_good() || find_flaw(map, segments())) return 0;
    if (map.block_size > 1u << 20) return 0;  // memory, not meaning
    const MediaReader reader(map, std::make_shared<SegmentFiles>(segments()));
    BlockWindow window;
    std::size_t runs = 0;
    for (const BlockRun& run : map.runs) {
        if (++runs > 64) break;
        read_some(reader, run.offset, 1000, window);
        read_some(reader, run.offset + run.length - 1, 1000, window);
        read_some(reader, run.offset + run.length / 2, 1, window);
    }
    read_some(reader, map.media_size, 10, window);
    return 0;
}
