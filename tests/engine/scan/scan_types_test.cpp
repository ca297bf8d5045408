// SPDX-License-Identifier: Apache-2.0
// Types of libmagic in a scan from end to end, with workers in threads; ScriptTypes of script_kinds.h stands for it.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "engine/case/verdict.h"
#include "tests/engine/scan/scanned.h"
#include "tests/support/known_sets.h"
#include "tests/support/rules.h"

using namespace triage;
using namespace triage::test;

namespace {

// One case of a scan with one rule or more.
struct RuledScan : Scanned {
    RuledScan(const ScriptImage& image, const std::string& list) : Scanned(image) { rules = test::rules_of(list); }
    // A notable list with one record of this size.
    void compare_with_size(std::uint64_t size) {
        KnownRecord record;
        record.digests.set(*Digest::parse("900150983cd24fb0d6963f7d28e17f72"));
        record.size = size;
        known.push_back(set_of({record}));
        store->put_list(0, {known[0].identity(), {}});
    }
    // "path, type by the table, type by libmagic; " of each entry.
    std::string types() const {
        std::string all;
        store->for_each_entry([&](const EntryRecord& r) {
            all += fmt::format("{} {} {}; ", r.entry.path, r.examined.type, r.examined.libmagic_type);
        });
        return all;
    }
    std::string found() const {
        std::string all;
        store->for_each_finding([&](const EntryRecord& r) { all += r.entry.path + " "; });
        return all;
    }
};

std::string rule(const std::string& when, const std::string& more = {}) {
    return "[{name: r, when: {" + when + "}, severity: info, text: t" + more + "}]";
}

}  // namespace

TEST_CASE("types that the table does not have are asked of libmagic, and stand beside the table's") {
    const std::string script =
        "fs ext4\nresident /a 5 type text/x-php\nresident /a2 5 type text/x-php\nresident /b 6 GIF89a\n"
        "packed /c 7 type text/x-php\nresident /d 8 plain\nresident /e 9\nlost /f 10\nfile /g 11 8192+9000000\n";
    for (const HashEngine engine : {HashEngine::automatic, HashEngine::openssl}) {
        RuledScan scanned(ScriptImage().volume(script, 10 << 20).put(8192, as_bytes("type text/x-php long")),
                          rule("type: text/x-php"));
        scanned.options.hash_engine = engine;
        scanned.run();
        CHECK(scanned.found() == "/a /a2 /c /g ");
        CHECK(scanned.types() ==
              "/a  text/x-php; /a2  text/x-php; /b image/gif ; /c  text/x-php; /d  text/plain; /e  ; /f  ; /g  "
              "text/x-php; ");
        CHECK(scanned.states() == "gap0 gap\np0 walked\n");
        CHECK(scanned.progress.problems == 0);
        CHECK(scanned.progress.entries_examined == 8);
        // Going on, with nothing to be read again, it says the same.
        scanned.reopen();
        scanned.run();
        CHECK(scanned.found() == "/a /a2 /c /g ");
    }
}

TEST_CASE("behind a size gate libmagic is asked about the first bytes") {
    RuledScan scanned(ScriptImage().volume("fs ext4\nresident /a 5 type text/x-php\nresident /b 6 GIF89a\n"
                                           "packed /c 7 type text/x-php\nresident /d 8 plain\n"),
                      rule("type: text/x-php"));
    scanned.compare_with_size(3);
    scanned.options.size_gate = true;
    scanned.run();
    CHECK(scanned.found() == "/a /c ");
    CHECK(scanned.types() == "/a  text/x-php; /b image/gif ; /c  text/x-php; /d  text/plain; ");
    for (const LedgerRow& row : scanned.store->ledger()) CHECK(row.reason == Reason::size);
}

TEST_CASE("without a rule that names such a type nothing is asked and no database is loaded") {
    const int loads = type_loads();
    RuledScan scanned(ScriptImage().volume("fs ext4\nresident /a 5 type text/x-php\nresident /b 6 GIF89a\n"),
                      rule("type: [image/*, unknown]"));
    scanned.run();
    CHECK(scanned.found() == "/a /b ");
    CHECK(scanned.types() == "/a  ; /b image/gif ; ");
    // Nor where the metadata decide the rule.
    RuledScan named(ScriptImage().volume("fs ext4\nresident /a 5 type text/x-php\n"),
                    rule("type: text/x-php, name: b"));
    named.run();
    CHECK(named.types() == "/a  ; ");
    CHECK(type_loads() == loads);
}

TEST_CASE("a type that libmagic fails to tell leaves rules open, and the answer is not whole") {
    RuledScan scanned(ScriptImage().volume("fs ext4\nresident /a 5 fail\nresident /b 6 type text/x-php\n"),
                      "[{name: r, when: {type: text/x-php}, severity: info, text: t},"
                      "{name: s, when: {not: {type: text/x-php}}, severity: info, text: t}]");
    scanned.compare_with_size(3);
    scanned.run();
    CHECK(scanned.found() == "/b ");
    CHECK_FALSE(verdict_of(*scanned.store).is_complete);
    CHECK(verdict_of(*scanned.store).exit_code() == 3);
}

TEST_CASE("a scan that is stopped while types are asked, and resumed, has the types of one that was not") {
    std::string script = "fs ext4\n";
    for (int i = 0; i < 150; ++i) script += fmt::format("resident /{:03} {} type text/x{}\n", i, i + 5, i);
    const ScriptImage image = ScriptImage().volume(script, 1 << 20);
    RuledScan whole(image, rule("type: text/*")), scanned(image, rule("type: text/*", ", stop_after: 5"));
    whole.run();
    scanned.run();
    CHECK(scanned.store->run().is_interrupted);
    scanned.reopen();
    scanned.rules = whole.rules;
    scanned.run();
    CHECK(scanned.types() == whole.types());
    CHECK(scanned.found() == whole.found());
    CHECK(scanned.states() == "gap0 gap\np0 walked\n");
}
