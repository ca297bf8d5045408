// SPDX-License-Identifier: Apache-2.0
// Attributes as libtsk would give them; fixtures/ntfs.py has whole ones.
#include "plugins/tsk/content.h"

#include <doctest/doctest.h>

#include <array>

#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;

namespace {

constexpr std::uint32_t cluster = 4096;
constexpr TSK_FS_ATTR_RUN_FLAG_ENUM stored = TSK_FS_ATTR_RUN_FLAG_NONE, hole = TSK_FS_ATTR_RUN_FLAG_SPARSE;

struct Run {
    std::uint64_t clusters;
    TSK_FS_ATTR_RUN_FLAG_ENUM flags;
};

// A compressed stream of NTFS with these runs.
Entry compressed(TSK_OFF_T size, const std::vector<Run>& runs, TSK_FS_TYPE_ENUM type = TSK_FS_TYPE_NTFS) {
    const PlainMedia plain(Bytes(64 << 10));
    tsk::Image image(plain.reader(), 0, 64 << 10);
    TSK_FS_INFO fs{};
    fs.ftype = type, fs.block_size = cluster;
    TSK_FS_META meta{};
    meta.type = TSK_FS_META_TYPE_REG, meta.flags = TSK_FS_META_FLAG_ALLOC;
    TSK_FS_FILE file{};
    file.fs_info = &fs, file.meta = &meta;
    std::array<std::uint8_t, 48> zeros{};
    TSK_FS_ATTR information{};
    information.type = TSK_FS_ATTR_TYPE_NTFS_SI, information.size = zeros.size(), information.rd.buf = zeros.data();
    information.flags = static_cast<TSK_FS_ATTR_FLAG_ENUM>(TSK_FS_ATTR_INUSE | TSK_FS_ATTR_RES);
    TSK_FS_ATTRLIST attributes{&information};
    meta.attr = &attributes;
    std::vector<TSK_FS_ATTR_RUN> list(runs.size());
    for (std::size_t i = 0; i < runs.size(); ++i) {
        list[i].len = runs[i].clusters, list[i].flags = runs[i].flags;
        if (i > 0) list[i - 1].next = &list[i], list[i].offset = list[i - 1].offset + list[i - 1].len;
    }
    TSK_FS_ATTR attribute{};
    attribute.type = TSK_FS_ATTR_TYPE_NTFS_DATA, attribute.size = size;
    attribute.flags = static_cast<TSK_FS_ATTR_FLAG_ENUM>(TSK_FS_ATTR_INUSE | TSK_FS_ATTR_NONRES | TSK_FS_ATTR_COMP);
    attribute.nrd.run = list.empty() ? nullptr : list.data();
    tsk::OpenFilesystem open{&fs, image, std::nullopt, std::nullopt, std::nullopt};
    Entry entry;
    CHECK(tsk::locate_content(open, &file, &attribute, nullptr, entry).empty());
    return entry;
}

}  // namespace

TEST_CASE("a compressed stream that is all hole is zeros, and nobody has to decode it") {
    const Entry entry = compressed(TSK_OFF_T{2} << 30, {{1 << 18, hole}, {1 << 18, hole}});
    CHECK(entry.source == Source::extents);
    CHECK(entry.extents == std::vector<Extent>{{Extent::hole, std::uint64_t{2} << 30}});
    CHECK(compressed(cluster + 1, {{16, hole}}).extents == std::vector<Extent>{{Extent::hole, cluster + 1}});
}

TEST_CASE("a compressed stream is decoded when a unit of it is stored, or may be") {
    CHECK(compressed(32 * cluster, {{16, hole}, {4, stored}, {12, hole}}).source == Source::worker);
    CHECK(compressed(32 * cluster, {{16, hole}}).source == Source::worker);
    CHECK(compressed(cluster, {}).source == Source::worker);
    CHECK(compressed(cluster, {{16, TSK_FS_ATTR_RUN_FLAG_FILLER}}).source == Source::worker);
    CHECK(compressed(cluster, {{~0ull, hole}, {16, hole}}).source == Source::worker);
    CHECK(compressed(cluster, {{16, hole}}, TSK_FS_TYPE_HFS).source == Source::worker);
}
