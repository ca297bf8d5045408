// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/unnamed.h"

#include <doctest/doctest.h>

#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;

namespace {

tsk::NamedAddresses named(TSK_FS_TYPE_ENUM type, std::uint64_t last_address) {
    const PlainMedia plain(Bytes(64 << 10));
    tsk::Image image(plain.reader(), 0, 64 << 10);
    TSK_FS_INFO fs{};
    fs.ftype = type, fs.last_inum = last_address;
    tsk::OpenFilesystem open{&fs, image, std::nullopt, std::nullopt, std::nullopt, std::nullopt};
    return tsk::NamedAddresses(open);
}

}  // namespace

TEST_CASE("addresses are noted as named, and one that cannot exist counts as such") {
    tsk::NamedAddresses addresses = named(TSK_FS_TYPE_EXT4, 100);
    CHECK(addresses.flaw().empty());
    REQUIRE(addresses.is_kept());
    addresses.add(12), addresses.add(5000);
    CHECK(addresses.contains(12));
    CHECK_FALSE(addresses.contains(13));
    CHECK(addresses.contains(5000));
}

TEST_CASE("more addresses than a volume can hold are not noted, and it is said") {
    CHECK(named(TSK_FS_TYPE_EXT4, 513).is_kept());  // inodes of 128 bytes, and two to spare
    for (const std::uint64_t last : {514ull, 1ull << 40, ~0ull - 1}) {
        const tsk::NamedAddresses addresses = named(TSK_FS_TYPE_EXT4, last);
        CHECK_FALSE(addresses.is_kept());
        CHECK(addresses.flaw().find("more than its volume can hold") != std::string::npos);
    }
    CHECK(named(TSK_FS_TYPE_NTFS, 129).is_kept());
    CHECK_FALSE(named(TSK_FS_TYPE_NTFS, 130).is_kept());
}
