// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/name_index.h"

#include <dlfcn.h>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <memory>
#include <random>
#include <string>
#include <unordered_map>

// Of libtsk; its public headers do not declare it.
extern "C" TSK_FS_DIR* tsk_fs_dir_alloc(TSK_FS_INFO*, TSK_INUM_T, size_t);

namespace triage::tsk {
namespace {

struct CloseListing {
    void operator()(TSK_FS_DIR* listing) const { tsk_fs_dir_close(listing); }
};
using Listing = std::unique_ptr<TSK_FS_DIR, CloseListing>;

// Adds the same names both ways; few of them are new.
struct BothWays {
    explicit BothWays(TSK_FS_TYPE_ENUM type) { fs.tag = TSK_FS_INFO_TAG, fs.ftype = type; }

    void add(std::uint64_t address, std::string text, TSK_FS_NAME_FLAG_ENUM flags) {
        TSK_FS_NAME name{};
        name.tag = TSK_FS_NAME_TAG;
        name.meta_addr = address, name.name = text.data(), name.name_size = text.size() + 1, name.flags = flags;
        CHECK(tsk_fs_dir_add(indexed.get(), &name) == 0);
        CHECK(add_comparing_all(compared.get(), &name) == 0);
    }
    void add_random(std::size_t count, unsigned seed, std::uint64_t addresses) {
        std::mt19937 random(seed);
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint64_t address = random() % addresses;
            add(address, fmt::format("f{}", random() % 4),
                random() % 2 ? TSK_FS_NAME_FLAG_ALLOC : TSK_FS_NAME_FLAG_UNALLOC);
        }
    }
    void ask_random(std::size_t count, unsigned seed, std::uint64_t addresses) const {
        std::mt19937 random(seed);
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint64_t address = random() % addresses;
            const std::uint32_t hash = tsk_fs_dir_hash(fmt::format("f{}", random() % 4).c_str());
            REQUIRE(tsk_fs_dir_contains(indexed.get(), address, hash) ==
                    contains_comparing_all(compared.get(), address, hash));
        }
    }
    static std::string text(const TSK_FS_DIR& listing) {
        std::string text;
        for (std::size_t i = 0; i < listing.names_used; ++i) {
            const TSK_FS_NAME& n = listing.names[i];
            text += fmt::format("{} {} {} {}\n", n.meta_addr, n.name, static_cast<int>(n.flags), n.par_addr);
        }
        return text;
    }

    TSK_FS_INFO fs{};
    Listing indexed{tsk_fs_dir_alloc(&fs, 5, 16)}, compared{tsk_fs_dir_alloc(&fs, 5, 16)};
};

}  // namespace

TEST_CASE("libtsk adds and finds names through the index") {
    CHECK(dlsym(RTLD_DEFAULT, "tsk_fs_dir_add") == reinterpret_cast<void*>(&tsk_fs_dir_add));
    CHECK(dlsym(RTLD_DEFAULT, "tsk_fs_dir_contains") == reinterpret_cast<void*>(&tsk_fs_dir_contains));
}

TEST_CASE("a listing with an index holds what libtsk alone would list") {
    for (const TSK_FS_TYPE_ENUM type : {TSK_FS_TYPE_EXT4, TSK_FS_TYPE_NTFS, TSK_FS_TYPE_FAT32}) {
        BothWays both(type);
        both.add_random(5000, 1, 700);
        CHECK(BothWays::text(*both.indexed) == BothWays::text(*both.compared));
        both.ask_random(2000, 2, 1000);
        CHECK((both.indexed->names_used == 5000) == (type == TSK_FS_TYPE_FAT32));
    }
}

TEST_CASE("the index does not survive its listing") {
    BothWays both(TSK_FS_TYPE_EXT4);
    for (const unsigned seed : {1, 2, 3}) {
        both.add_random(400, seed, 200);
        both.ask_random(400, seed, 200);
        CHECK(BothWays::text(*both.indexed) == BothWays::text(*both.compared));
        // Freed first: the next one is likely to stand at the same place.
        for (Listing* listing : {&both.indexed, &both.compared}) {
            listing->reset();
            listing->reset(tsk_fs_dir_alloc(&both.fs, 5, 16));
        }
    }
}

TEST_CASE("of names with one address and one hash, that in use is found") {
    BothWays both(TSK_FS_TYPE_NTFS);
    both.add_random(400, 1, 200);
    // Names of which the hashes are the same: found by trying.
    std::unordered_map<std::uint32_t, std::string> names;
    for (int i = 0; i < 1'000'000; ++i) {
        const std::string name = fmt::format("{:x}", i * 2654435761u);
        const auto [known, is_new] = names.emplace(tsk_fs_dir_hash(name.c_str()), name);
        if (is_new) continue;
        both.add(9, known->second, TSK_FS_NAME_FLAG_ALLOC);
        both.add(9, name, TSK_FS_NAME_FLAG_UNALLOC);
        CHECK(tsk_fs_dir_contains(both.indexed.get(), 9, known->first) == TSK_FS_NAME_FLAG_ALLOC);
        CHECK(contains_comparing_all(both.compared.get(), 9, known->first) == TSK_FS_NAME_FLAG_ALLOC);
        return;
    }
    FAIL("no two names have the same hash");
}

TEST_CASE("listings that grow by turns are kept apart") {
    BothWays one(TSK_FS_TYPE_EXT4), other(TSK_FS_TYPE_NTFS);
    for (unsigned turn = 0; turn < 20; ++turn) one.add_random(30, turn, 300), other.add_random(30, turn + 100, 300);
    CHECK(BothWays::text(*one.indexed) == BothWays::text(*one.compared));
    CHECK(BothWays::text(*other.indexed) == BothWays::text(*other.compared));
}

}  // namespace triage::tsk
