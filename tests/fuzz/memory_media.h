// SPDX-License-Identifier: Apache-2.0
// A plain media over the bytes of an input, which are not empty.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "engine/media/media_reader.h"

namespace triage::test {

class MemoryMedia {
  public:
    explicit MemoryMedia(ByteView bytes) : fd_(memfd_create("fuzz", MFD_CLOEXEC)) {
        if (::write(fd_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) std::abort();
        const auto segments = SegmentFiles::identify({"/proc/self/fd/" + std::to_string(fd_)});
        BlockMap map;
        map.media_size = bytes.size();
        map.runs.emplace_back().length = bytes.size();
        reader_.emplace(map, std::make_shared<SegmentFiles>(*segments));
    }
    ~MemoryMedia() { ::close(fd_); }
    MemoryMedia(const MemoryMedia&) = delete;
    MemoryMedia& operator=(const MemoryMedia&) = delete;
    const MediaReader& reader() const { return *reader_; }

  private:
    int fd_;
    std::optional<MediaReader> reader_;
};

}  // namespace triage::test
