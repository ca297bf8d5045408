// SPDX-License-Identifier: Apache-2.0
// Any bytes as the one segment file of an EWF image: it opens or is refused; what opens is a sound map, and every byte
// of it reads as data or as a flaw.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/media/container.h"

namespace triage {
const Container& ewf_container();
}

namespace {

using namespace triage;

class MemoryFile {
  public:
    explicit MemoryFile(ByteView bytes) : fd_(memfd_create("fuzz", MFD_CLOEXEC)) {
        if (fd_ < 0 || ::write(fd_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) std::abort();
    }
    ~MemoryFile() { ::close(fd_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

  private:
    int fd_;
};

void read_some(const MediaReader& reader, std::uint64_t offset, std::size_t length) {
    Bytes out(length);
    BlockWindow window;
    for (const BadRange& flaw : reader.read(offset, out, window))
        if (flaw.offset < offset || flaw.length == 0 || flaw.offset + flaw.length > offset + length) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const ByteView bytes = std::as_bytes(std::span(data, size));
    const Container& ewf = ewf_container();
    ewf.recognises("x.E01", bytes.first(std::min<std::size_t>(size, 4096)));
    const MemoryFile file(bytes);
    Result<std::vector<Segment>> segments = SegmentFiles::identify({file.path()});
    if (!segments) std::abort();
    const auto files = std::make_shared<SegmentFiles>(*segments);
    const Result<OpenedMedia> media = ewf.open(*files);
    if (!media) return 0;
    if (find_flaw(media->map, *segments)) std::abort();  // a worker's map that the parent would refuse
    if (media->map.block_size > 1u << 20) return 0;      // memory, not meaning
    const MediaReader reader(media->map, files);
    constexpr std::size_t piece = 64 << 10;
    const std::uint64_t end = reader.size();
    for (std::uint64_t at = 0; at < std::min<std::uint64_t>(end, 4 * piece); at += piece) read_some(reader, at, piece);
    for (const BlockRun& run : media->map.runs) read_some(reader, run.offset + run.length - 1, 2);
    if (end > piece) read_some(reader, end - piece, piece);
    return 0;
}
