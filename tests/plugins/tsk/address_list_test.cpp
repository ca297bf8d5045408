// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/address_list.h"

#include <dlfcn.h>
#include <doctest/doctest.h>

#include <memory>
#include <random>

namespace {

auto* const find_of_libtsk = reinterpret_cast<decltype(&tsk_list_find)>(dlsym(RTLD_NEXT, "tsk_list_find"));

// Asks for each address below `end`, ours and libtsk's.
void compare(TSK_LIST* list, std::uint64_t end) {
    for (std::uint64_t address = 0; address < end; ++address)
        REQUIRE((tsk_list_find(list, address) != 0) == (find_of_libtsk(list, address) != 0));
}

}  // namespace

TEST_CASE("libtsk's lists of addresses are searched by us") {
    for (const auto& [name, ours] : {std::pair{"tsk_list_find", reinterpret_cast<void*>(&tsk_list_find)},
                                     {"tsk_list_add", reinterpret_cast<void*>(&tsk_list_add)},
                                     {"tsk_list_free", reinterpret_cast<void*>(&tsk_list_free)}})
        CHECK(dlsym(RTLD_DEFAULT, name) == ours);
}

TEST_CASE("a list of addresses answers as libtsk does, while it grows and when another one takes its place") {
    std::mt19937 random(3);
    for (int round = 0; round < 5; ++round) {
        TSK_LIST* list = nullptr;
        compare(list, 10);
        for (int part = 0; part < 10; ++part) {
            for (int i = 0; i < 100; ++i) CHECK(tsk_list_add(&list, random() % 3000) == 0);
            compare(list, 3001);
        }
        tsk_list_free(list);
    }
}

TEST_CASE("two lists of addresses are kept apart") {
    TSK_LIST *even = nullptr, *third = nullptr;
    for (std::uint64_t i = 0; i < 1000; ++i) {
        CHECK(tsk_list_add(&even, i * 2) == 0);
        CHECK(tsk_list_add(&third, i * 3) == 0);
        if (i % 100 == 0)
            for (std::uint64_t address = 0; address < 300; ++address) {
                REQUIRE((tsk_list_find(even, address) != 0) == (address % 2 == 0 && address <= i * 2));
                REQUIRE((tsk_list_find(third, address) != 0) == (address % 3 == 0 && address <= i * 3));
            }
    }
    tsk_list_free(even);
    tsk_list_free(third);
}
