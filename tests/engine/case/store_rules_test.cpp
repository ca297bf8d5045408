// SPDX-License-Identifier: Apache-2.0
// What the store keeps for rules.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>

#include "engine/case/store.h"
#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;

TEST_CASE("what rules ask for is there when an earlier run's entries are judged; a forgotten volume takes it along") {
    Folder folder;
    const std::string path = folder / "case.sqlite";
    Examined examined = hashed();
    examined.type = "image/png", examined.entropy = 7.25, examined.libmagic_type = "image/x-new";
    Entry owned = entry("/owned", 1);
    owned.owner = "S-1-5-32-544";
    Entry link = owned;
    link.path = "/link", link.owner = "1000";
    std::set<std::string> judged;
    const Store::Judge judge = [&](const EntryRecord& r) -> std::optional<Finding> {
        judged.insert(fmt::format("{} {} {} {} {}", r.entry.path, r.entry.owner, r.examined.type,
                                  r.examined.entropy.value_or(-1), r.examined.libmagic_type));
        return std::nullopt;
    };
    {
        Store store = start(path);
        put(store, owned, examined);
        store.put_entry({1, 0, link, {}, {}, {}}, std::nullopt);
        put(store, entry("/plain", 2), hashed());
        store.commit();
    }
    {
        Store store = Store::open_for_resume(path);
        store.seal(judge);
        CHECK(judged == std::set<std::string>{"/link 1000 image/png 7.25 image/x-new",
                                              "/owned S-1-5-32-544 image/png 7.25 image/x-new", "/plain   -1 "});
        std::string read;
        store.for_each_entry([&](const EntryRecord& r) { read += r.examined.libmagic_type + "/"; });
        CHECK(read == "image/x-new/image/x-new//");
    }
    Store store = Store::open_for_resume(path);
    store.forget_volume(0);
    store.put_volume(volume(0, 0, 0, "p0"));
    put(store, entry("/again", 1), hashed());
    judged.clear();
    store.seal(judge);
    CHECK(judged == std::set<std::string>{"/again   -1 "});
}

TEST_CASE("of what was not hashed, a type that is none differs from one that is not known") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    Examined typed{Status::skipped, Reason::size, 0, {}, {}}, none = typed, untold = typed;
    typed.type = "image/png", typed.is_typed = none.is_typed = true;
    put(store, entry("/a", 1, 5), typed);
    put(store, entry("/b", 2, 5), none);
    put(store, entry("/c", 3, 5), untold);
    std::vector<Examined> judged;
    store.seal([&](const EntryRecord& record) -> std::optional<Finding> {
        judged.push_back(record.examined);
        return std::nullopt;
    });
    CHECK(judged == std::vector<Examined>{typed, none, untold});
}

TEST_CASE("the rules that make findings come back as they were put") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    Rule quiet, said;
    quiet.name = "quiet", quiet.priority = 1;
    said.name = "said", said.severity = Severity::notice, said.tags = {"a", "b"}, said.text = "Say \"this\".";
    store.put_rules({said, said});
    store.put_rules({quiet, said});
    CHECK(store.rules() == std::vector<RuleRecord>{{"said", Severity::notice, {"a", "b"}, "Say \"this\"."}});
}
