// SPDX-License-Identifier: Apache-2.0
// Descriptors and directories laid out by hand after ECMA-119 8.4 and 9.1; a disc that a tool wrote to twice is made by
// fixtures/iso9660.py.
#include "plugins/tsk/iso_sessions.h"

#include <doctest/doctest.h>

#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;

namespace {

constexpr std::size_t sectors = 400;

// A disc in whole sectors of a CD where `before` and `behind` say so.
struct Disc {
    tsk::IsoSectors form;
    Bytes media = Bytes(sectors * form.stride());

    void session(std::size_t descriptors, std::size_t size, std::size_t root) {
        const std::size_t at = form.place_of(descriptors);
        put_le(media, at, 1, 1), put_text(media, at + 1, "CD001");
        put_le(media, at + 80, size, 4), put_le(media, at + 158, root, 4);
        put_le(media, form.place_of(descriptors + 1), 255, 1),
            put_text(media, form.place_of(descriptors + 1) + 1, "CD001");
        const std::size_t directory = form.place_of(root);
        put_le(media, directory, 34, 1), put_le(media, directory + 2, root, 4), put_le(media, directory + 32, 1, 1);
    }
    std::vector<std::uint64_t> later(std::set<std::uint64_t> bad_sectors = {}) const {
        const PlainMedia plain(media, std::move(bad_sectors));
        const tsk::Image image(plain.reader(), 0, media.size());
        return tsk::later_iso_sessions(image);
    }
};

}  // namespace

TEST_CASE("the later sessions of a disc are found in sectors of any form, behind what cannot be read") {
    for (const tsk::IsoSectors& form : {tsk::IsoSectors{}, {16, 288}, {24, 280}}) {
        Disc disc{form};
        disc.session(16, 100, 20);
        CHECK(disc.later().empty());
        disc.session(137, 50, 150), disc.session(311, 50, 320);
        CHECK(disc.later() == std::vector<std::uint64_t>{137, 311});
        CHECK(disc.later({form.place_of(120) / 512}) == std::vector<std::uint64_t>{137, 311});
        CHECK(disc.later({form.place_of(137) / 512}) == std::vector<std::uint64_t>{311});
    }
}

TEST_CASE("an image that is a file on the disc, or stands within its volume, is no session") {
    Disc disc;
    disc.session(16, 100, 20);
    disc.session(50, 40, 60);
    CHECK(disc.later().empty());
    disc.session(150, 100, 160);
    put_le(disc.media, 150 * 2048 + 158, 20, 4);  // counts from its own start
    CHECK(disc.later().empty());
}

TEST_CASE("media without a disc's descriptor has no sessions, whatever its size") {
    for (const std::size_t size : {0u, 1u, 32'768u, 32'775u, 34'816u, 100'000u}) {
        const PlainMedia plain(Bytes(size, std::byte{0xff}));
        const tsk::Image image(plain.reader(), 0, size);
        CHECK(tsk::later_iso_sessions(image).empty());
    }
}
