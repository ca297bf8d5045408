// SPDX-License-Identifier: Apache-2.0
// A dump of NAND flash that lies: what is listed stays inside the volume.
#include "engine/evidence/filesystem.h"
#include "engine/scan/check.h"
#include "tests/fuzz/memory_media.h"

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
    const test::MemoryMedia media(std::as_bytes(std::span(data, size)));
    const Volume volume{"-", VolumeRole::filesystem, 0, size, {}};
    CheckingSink sink(volume);
    yaffs2_filesystem().walk(media.reader(), volume, {}, false, sink);
    return 0;
}
