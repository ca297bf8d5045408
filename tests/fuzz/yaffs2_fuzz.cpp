// SPDX-License-Identifier: Apache-2.0
// A dump of NAND flash that lies: what is listed stays inside the volume.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/evidence/filesystem.h"
#include "engine/media/media_reader.h"
#include "engine/scan/check.h"

namespace triage {
const FilesystemReader& yaffs2_filesystem();
}

namespace {

using namespace triage;

struct CheckingSink : WalkSink {
    explicit CheckingSink(const Volume& v) : volume(v) {}
    void filesystem(const Filesystem&) override {}
    void entry(const Entry& entry) override {
        if (find_flaw(entry, volume)) std::abort();
    }
    void problem(const Problem&) override {}
    void counts(const WalkCounts&) override {}
    bool may_enter(std::uint64_t, std::string_view) override { return true; }
    const Volume& volume;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (::write(fd, data, size) != static_cast<ssize_t>(size)) std::abort();
    const auto segments = SegmentFiles::identify({"/proc/self/fd/" + std::to_string(fd)});
    BlockMap map;
    map.media_size = size;
    map.runs.emplace_back().length = size;
    const MediaReader media(map, std::make_shared<SegmentFiles>(*segments));
    const Volume volume{"-", VolumeRole::filesystem, 0, size, {}};
    CheckingSink sink(volume);
    yaffs2_filesystem().walk(media, volume, {}, false, sink);
    ::close(fd);
    return 0;
}
