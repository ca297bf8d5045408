// SPDX-License-Identifier: Apache-2.0
// What the spool takes of the disk is what stat(2) says of its file. That entries come back whole and in order:
// plan_test.cpp.
#include "engine/scan/spool.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "engine/media/media_reader.h"
#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;

namespace {

constexpr std::uint64_t mebibyte = 1 << 20;

// Of the files without a name below `folder` that this process holds open.
std::uint64_t disk_bytes(const std::string& folder) {
    std::uint64_t bytes = 0;
    for (const auto& one : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        struct stat status {};
        if (!std::filesystem::read_symlink(one.path(), gone).native().starts_with(folder)) continue;
        if (::stat(one.path().c_str(), &status) == 0) bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
    }
    return bytes;
}

bool can_make_holes(const std::string& folder) {
    const int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    const bool can =
        ::ftruncate(file, 8192) == 0 && ::fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) == 0;
    ::close(file);
    return can;
}

// 1,000 entries of 4 KiB each; their positions are those of other runs, and one further.
void write_run(Spool& spool, const MediaReader& media, std::uint64_t shift) {
    Spool::Entries entries;
    for (std::uint64_t i = 0; i < 1000; ++i) {
        PlannedEntry planned;
        planned.work.media = &media;
        planned.work.record.entry.address = i * 10 + shift;
        planned.work.record.entry.source = Source::resident;
        planned.work.record.entry.resident = Bytes(4096);
        entries.emplace(PlanKey{0, 0, i * 10 + shift}, std::move(planned));
    }
    spool.write(entries.begin(), entries.end());
}

// All in the order of their positions?
bool take(Spool& spool, int count) {
    bool is_in_order = true;
    for (std::uint64_t last = 0; count > 0; --count) {
        const std::uint64_t address = spool.take().work.record.entry.address;
        is_in_order = is_in_order && address >= last;
        last = address;
    }
    return is_in_order;
}

}  // namespace

TEST_CASE("the disk holds what waits in the spool, not what was taken") {
    const ewf_test::Folder folder;
    const std::string path = std::filesystem::canonical(folder.path("")).native();
    const PlainMedia media(Bytes(512));
    Spool spool(path);
    for (int round = 0; round < 2; ++round) {
        for (std::uint64_t run = 0; run < 4; ++run) write_run(spool, media.reader(), run);
        const std::uint64_t written = disk_bytes(path);
        CHECK(written > 4'000 * 4096);
        CHECK(take(spool, 3000));
        if (can_make_holes(path)) CHECK(disk_bytes(path) < written / 4 + 4 * mebibyte + 4 * 8192);
        CHECK(take(spool, 1000));
        CHECK(spool.is_empty());
        CHECK(disk_bytes(path) == 0);
    }
}
