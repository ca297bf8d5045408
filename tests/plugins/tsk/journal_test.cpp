// SPDX-License-Identifier: Apache-2.0
// Laid out by hand after ntfs-3g logfile.h and TN1150; fixtures/ntfs.py and hfsplus.py have whole volumes.
#include "plugins/tsk/journal.h"

#include <doctest/doctest.h>

#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;

namespace {

constexpr std::size_t page_bytes = 512, area = 0x30;

Bytes restart_page(std::uint64_t number, unsigned client, unsigned flags) {
    Bytes page(page_bytes);
    put_text(page, 0, "RSTR");
    put_le(page, 24, area, 2);
    put_le(page, area, number, 8);
    put_le(page, area + 12, client, 2);
    put_le(page, area + 14, flags, 2);
    return page;
}

// A volume header, the info block in block 3 and the journal's header in block 5.
struct HfsVolume {
    static constexpr std::size_t block = 512, wrapper = 1024;
    Bytes media = Bytes(8192);

    explicit HfsVolume(std::uint32_t attributes) {
        put_be(media, wrapper + 1024 + 4, attributes, 4);
        put_be(media, wrapper + 1024 + 12, 3, 4), put_be(media, wrapper + 1024 + 40, block, 4);
        info(1, 5 * block);
        header(0x4A4E4C78, 512, 512);
    }
    void info(std::uint32_t flags, std::uint64_t offset) {
        put_be(media, wrapper + 3 * block, flags, 4), put_be(media, wrapper + 3 * block + 36, offset, 8);
    }
    void header(std::uint32_t magic, std::uint64_t start, std::uint64_t end) {
        const std::size_t at = wrapper + 5 * block;
        put_le(media, at, magic, 4), put_le(media, at + 8, start, 8), put_le(media, at + 16, end, 8);
    }
    std::string changes() const {
        const PlainMedia plain(media);
        tsk::Image image(plain.reader(), 0, media.size());
        TSK_FS_INFO fs{};
        fs.ftype = TSK_FS_TYPE_HFS, fs.offset = wrapper;
        tsk::OpenFilesystem open{&fs, image, std::nullopt, std::nullopt, std::nullopt, std::nullopt};
        return tsk::unapplied_changes(open);
    }
};
constexpr std::uint32_t unmounted = 1 << 8, journaled = 1 << 13;

}  // namespace

TEST_CASE("a log of NTFS is in use when its newer restart page has a client and is not clean") {
    const Bytes in_use = restart_page(7, 0, 0), clean = restart_page(6, 0, 2), unused = restart_page(8, 0xFFFF, 0);
    CHECK(tsk::is_log_in_use(in_use, clean));
    CHECK(tsk::is_log_in_use(clean, in_use));
    CHECK_FALSE(tsk::is_log_in_use(in_use, unused));
    CHECK_FALSE(tsk::is_log_in_use(unused, in_use));
    CHECK(tsk::is_log_in_use(in_use, Bytes(page_bytes)));
    CHECK_FALSE(tsk::is_log_in_use(Bytes(page_bytes, std::byte{0xFF}), Bytes(page_bytes, std::byte{0xFF})));
}

TEST_CASE("a restart page that is cut off, checked by chkdsk or lies about its area says nothing") {
    Bytes page = restart_page(7, 0, 0);
    CHECK_FALSE(tsk::is_log_in_use(ByteView(page).first(area + 15), {}));
    CHECK_FALSE(tsk::is_log_in_use({}, {}));
    put_le(page, 24, 0xFFFF, 2);
    CHECK_FALSE(tsk::is_log_in_use(page, page));
    page = restart_page(7, 0, 0);
    put_text(page, 0, "CHKD");
    CHECK_FALSE(tsk::is_log_in_use(page, page));
}

TEST_CASE("a journal of HFS+ holds changes when it ends elsewhere than it starts, whoever wrote it") {
    HfsVolume volume(journaled | unmounted);
    CHECK(volume.changes().empty());
    volume.header(0x784C4E4A, 512, 1024);
    CHECK(volume.changes() == "its journal holds changes that were not applied: files may be missing or old");
    CHECK(HfsVolume(0).changes().empty());
    volume.info(5, 0);  // not made yet
    CHECK(volume.changes().empty());
}

TEST_CASE("a journal of HFS+ that is not there matters when the volume was not unmounted") {
    for (const std::uint32_t flags : {1u, 2u})
        for (const std::uint32_t attributes : {journaled, journaled | unmounted}) {
            HfsVolume volume(attributes);
            volume.info(flags, ~0ull);
            CHECK(volume.changes().empty() == ((attributes & unmounted) != 0));
        }
    HfsVolume volume(journaled);
    volume.header(0, 0, 0);
    CHECK(volume.changes() ==
          "its journal, whose changes were to be applied, cannot be read: files may be missing or old");
    put_be(volume.media, HfsVolume::wrapper + 1024 + 12, 0xFFFFFFFF, 4);
    CHECK_FALSE(volume.changes().empty());
}

TEST_CASE("journals of random bytes crash nothing") {
    for (unsigned seed = 1; seed < 100; ++seed) {
        HfsVolume volume(journaled);
        volume.media = ewf_test::sample_media(8192, seed);
        volume.media[HfsVolume::wrapper + 1024 + 6] |= std::byte{0x20};
        volume.changes();
        const ByteView bytes = volume.media;
        tsk::is_log_in_use(bytes.first(512), bytes.last(512));
        tsk::holds_hfs_transactions(bytes);
    }
}
