// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "engine/case/earlier_contents.h"
#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;

namespace {

// A run that died in volume 0, and volume 1, which it finished.
Store died(const std::string& path) {
    Store store = start(path);
    store.put_volume(volume(0, 0, 0, "p0"));
    store.put_volume(volume(1, 0, 1, "p1"));
    Examined whole = hashed(0x22);
    whole.type = "image/jpeg", whole.entropy = 7.5, whole.libmagic_type = "image/x-own";
    put(store, entry("/whole", 1), whole, 0, 1);
    put(store, entry("/unread", 2), not_hashed(Status::partial, Reason::read_error, 5), 0, 2);
    Examined found = hashed(0x33);
    found.matches = {match(0, 1)};
    put(store, entry("/found", 3), found, 0, 3);
    Entry resident = entry("/resident", 4);
    resident.source = Source::resident, resident.extents.clear();
    put(store, resident, hashed(), 0, 4);
    put(store, entry("/elsewhere", 1), hashed(0x44), 1, 5);
    store.commit();
    return store;
}

}  // namespace

TEST_CASE("what a run hashed is kept for the walk that comes again, and nothing else is") {
    const Folder folder;
    { const Store store = died(folder / "case.sqlite"); }
    Store store = Store::open_for_resume(folder / "case.sqlite");
    const auto kept = store.keep_contents({0});
    store.forget_volume(0);
    REQUIRE(kept);
    Examined whole = hashed(0x22);
    whole.type = "image/jpeg", whole.entropy = 7.5, whole.libmagic_type = "image/x-own";
    CHECK(kept->find(0, entry("/under another name", 1)) == whole);
    CHECK_FALSE(kept->find(0, entry("/unread", 2)));
    CHECK_FALSE(kept->find(0, entry("/found", 3)));  // its match stands on two readings, or is a problem
    CHECK_FALSE(kept->find(0, entry("/resident", 4)));
    CHECK_FALSE(kept->find(1, entry("/elsewhere", 1)));  // stands in the store
    CHECK_FALSE(kept->find(0, entry("/whole", 1, 11)));
    Entry moved = entry("/whole", 1);
    moved.extents[0].media_offset += 512;
    CHECK_FALSE(kept->find(0, moved));
    moved.extents.clear();
    CHECK_FALSE(kept->find(0, moved));
    Entry stream = entry("/whole", 1);
    stream.attribute = 7;
    CHECK_FALSE(kept->find(0, stream));
}

TEST_CASE("a run that dies again and again loses nothing of its earlier parts, until one ends") {
    const Folder folder;
    { const Store store = died(folder / "case.sqlite"); }
    {
        Store second = Store::open_for_resume(folder / "case.sqlite");
        const auto kept = second.keep_contents({0});
        second.forget_volume(0);
        second.put_volume(volume(0, 0, 0, "p0"));
        put(second, entry("/another", 9), hashed(0x55), 0, 9);
        second.commit();
    }
    Store third = Store::open_for_resume(folder / "case.sqlite");
    const auto kept = third.keep_contents({0});
    third.forget_volume(0);
    REQUIRE(kept);
    CHECK(kept->find(0, entry("/whole", 1)));
    CHECK(kept->find(0, entry("/another", 9)) == hashed(0x55));
    const auto again = third.keep_contents({});  // of volumes that are walked by now
    REQUIRE(again);
    CHECK(again->find(0, entry("/whole", 1)));
    CHECK(std::filesystem::exists(folder / "earlier.sqlite"));
    third.drop_earlier_contents();
    CHECK_FALSE(std::filesystem::exists(folder / "earlier.sqlite"));
    CHECK_FALSE(std::filesystem::exists(folder / "earlier.sqlite-journal"));
    CHECK_FALSE(third.keep_contents({}));
}
