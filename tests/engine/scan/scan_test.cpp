// SPDX-License-Identifier: Apache-2.0
// scan() end to end, with workers in threads: evidence in, rows of a sealed store out.
#include "engine/scan/scan.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "engine/case/verdict.h"
#include "engine/scan/pipeline.h"
#include "tests/engine/scan/scanned.h"
#include "tests/support/known_sets.h"
#include "tests/support/rules.h"
#include "tests/support/sha256.h"

using namespace triage;
using namespace triage::test;
using triage::ewf_test::sample_media;

namespace {}  // namespace

TEST_CASE("hard links share one content, and both names have its digests") {
    const Bytes bytes = sample_media(700);
    Scanned scanned(ScriptImage()
                        .volume("fs ext4\nfile /a 5 8192+700\nfile /dir/b 5 8192+700\nresident /c 6 abc\n")
                        .put(8192, bytes));
    scanned.run();
    CHECK(scanned.rows() == hashed("p0 /a:", sha256_of(bytes)) + hashed("p0 /dir/b:", sha256_of(bytes)) +
                                hashed("p0 /c:", sha256_of(as_bytes("abc"))));
    CHECK(scanned.progress.bytes_examined == 703);
    CHECK(scanned.progress.entries_examined == 3);
}

TEST_CASE("a hole is hashed as zeros; what is nearly all hole is skipped by a rule that can be lifted") {
    // SHA-256 of a mebibyte of zeros, as sha256sum prints it.
    const std::string zeros = "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58";
    Scanned scanned(
        ScriptImage().volume("fs ext4\nfile /holes 5 hole+1048576\nfile /sparse 6 8192+512 hole+2000000000\n"));
    scanned.run();
    CHECK(scanned.rows() == hashed("p0 /holes:", zeros) + "p0 /sparse: skipped sparse 512 -\n");
}

TEST_CASE("each name of a content with too many holes says so") {
    Scanned scanned(ScriptImage().volume("fs ext4\nfile /a 5 hole+70000\nfile /b 5 hole+70000\n"));
    scanned.options.hole_bytes = 0;
    scanned.run();
    CHECK(scanned.rows() == "p0 /a: skipped limit 70000 -\np0 /b: skipped limit 70000 -\n");
}

TEST_CASE("a content of 20 MiB, which is a token alone, has the digest that OpenSSL gives its bytes") {
    const Bytes bytes = sample_media((20 << 20) + 12'345);
    for (const std::uint32_t threads : {1u, 2u}) {
        Scanned scanned(
            ScriptImage()
                .volume(fmt::format("fs ext4\nresident /a 4 a\nfile /large 5 8192+{}\nresident /z 6 z\n", bytes.size()),
                        bytes.size() + 8192)
                .put(8192, bytes));
        scanned.options.threads = threads;
        scanned.run();
        CHECK(scanned.rows() == hashed("p0 /a:", sha256_of(as_bytes("a"))) + hashed("p0 /large:", sha256_of(bytes)) +
                                    hashed("p0 /z:", sha256_of(as_bytes("z"))));
    }
}

TEST_CASE("decoded, lost and impossible contents each end in one state") {
    Scanned scanned(
        ScriptImage().volume("fs ntfs\npacked /packed 5 abc\npacked /short 6 short\nlost /lost 7\noutside /out 8\n"));
    scanned.run();
    CHECK(scanned.rows() == hashed("p0 /packed:", sha256_of(as_bytes("abc"))) +
                                "p0 /short: unreadable damaged 5 -\np0 /lost: unreadable encrypted 100 -\n"
                                "p0 /out: unreadable damaged 512 -\n");
    CHECK(scanned.states() == "gap0 gap\np0 walked\n");
}

TEST_CASE("a match in a notable set is a finding with the place of its bytes") {
    Scanned scanned(ScriptImage().volume("fs ext4\nresident /a 5 abc\nresident /b 6 abd\n"));
    KnownRecord record;
    record.digests.set(*Digest::parse("900150983cd24fb0d6963f7d28e17f72"));  // MD5 of "abc", RFC 1321
    record.position = 7;
    scanned.known.push_back(set_of({record}));
    scanned.rules = test::rules_of(test::notable_rule);
    scanned.run();
    std::vector<std::string> found;
    scanned.store->for_each_finding([&](const EntryRecord& r) {
        REQUIRE(r.examined.matches.size() == 1);
        CHECK(r.examined.matches[0].record == 7);
        CHECK(r.finding->severity == Severity::alert);
        found.push_back(r.entry.path);
    });
    CHECK(found == std::vector<std::string>{"/a"});
    CHECK(scanned.progress.matches == 1);
}

TEST_CASE("an observer hears what is recorded, and the counters say how far it is") {
    struct Heard : Observer {
        std::vector<std::string> words;
        void evidence(const EvidenceRecord& r) override { words.push_back("evidence " + r.name); }
        void volume(const VolumeRecord& r) override { words.push_back(r.name + " " + std::string(to_string(r.state))); }
        void finding(const EntryRecord& r) override {
            words.push_back(
                fmt::format("finding {}{}", r.entry.path, r.finding ? " of " + r.finding->rules.at(0) : ""));
        }
        void problem(const ProblemRecord& r) override { words.push_back("problem " + r.problem.path); }
    } heard;
    Scanned scanned(ScriptImage().volume(
        "fs ext4\nresident /a 5 abc\nresident /a2 5 abc\nresident /b 6 abd\npacked /c 7 xyzzy\noutside /bad 8\n"));
    KnownRecord one, two;
    one.digests.set(*Digest::parse("900150983cd24fb0d6963f7d28e17f72"));  // MD5 of "abc", RFC 1321
    one.category.number = "2";
    two = one;
    two.position = 1;
    scanned.known.push_back(set_of({one, two}));
    scanned.observer = &heard;
    scanned.run();
    CHECK(heard.words.back() == "p0 walked");
    std::sort(heard.words.begin(), heard.words.end());
    CHECK(fmt::format("{}", fmt::join(heard.words, ", ")) ==
          "evidence script.raw, finding /a of match, gap0 gap, p0 pending, p0 pending, p0 walked, problem /bad");
    CHECK(scanned.progress.tallies() == std::vector<MatchTally>{{0, "2", 1}});
    CHECK(scanned.progress.matches == 1);
    CHECK(scanned.progress.first_match_ms >= 0);
    CHECK(scanned.progress.problems == 1);
    CHECK(scanned.progress.entries_listed == 5);
    CHECK(scanned.progress.bytes_listed == 3 + 3 + 5);
    CHECK(scanned.progress.bytes_examined == scanned.progress.bytes_listed);
    CHECK(scanned.progress.phase == Phase::sealing);
}

TEST_CASE("a rule ends its own run after so many findings, and no other") {
    Scanned scanned(ScriptImage().volume("fs ext4\nresident /a 5 abc\nresident /b 6 abd\nslow /c 7 30\n"));
    scanned.rules = test::rules_of("[{name: enough, when: {size: {min: 1}}, severity: info, text: t, stop_after: 1}]");
    scanned.run();
    CHECK(scanned.store->run().is_interrupted);
    CHECK(scanned.store->run().interruption == "stopped by rule enough");
    CHECK_FALSE(scanned.stop);
    // Going on, it counts anew.
    scanned.reopen();
    scanned.rules = {};
    scanned.run();
    CHECK_FALSE(scanned.store->run().is_interrupted);
}

TEST_CASE("with a size gate only contents of a notable size are read, and the verdict says so") {
    const auto scan_with = [](std::optional<std::uint64_t> size, const std::string& rules = test::notable_rule) {
        auto scanned = std::make_unique<Scanned>(
            ScriptImage().volume("fs ext4\nresident /a 5 abc\nresident /b 6 abcd\npacked /c 7 xyzzy\n"));
        KnownRecord record;
        record.digests.set(*Digest::parse("900150983cd24fb0d6963f7d28e17f72"));  // MD5 of "abc", RFC 1321
        record.size = size;
        scanned->known.push_back(set_of({record}));
        scanned->options.size_gate = true;
        scanned->rules = test::rules_of(rules);
        scanned->run();
        return scanned;
    };
    const auto gated = scan_with(3), open = scan_with({});
    CHECK(gated->rows() ==
          hashed("p0 /a:", sha256_of(as_bytes("abc"))) + "p0 /b: skipped size 0 -\np0 /c: skipped size 0 -\n");
    CHECK(gated->progress.matches == 1);
    CHECK(gated->progress.bytes_listed == 3);
    CHECK(gated->store->run().exclusions == "contents of a size that no notable record has are left out");
    const auto on_content = scan_with(3, "[{name: a, when: {entropy: {min: 7}}, severity: info, text: t}]");
    CHECK(on_content->store->run().exclusions ==
          "contents of a size that no notable record has are left out; rules that need whole contents were not decided "
          "for what is excluded by size");
    CHECK(open->rows().find("skipped") == std::string::npos);
    CHECK(open->store->run().exclusions.starts_with("nothing is left out by its size: "));
}

namespace {

// Behind a size gate that leaves everything out, with a picture under a name that promises text.
struct Gated : Scanned {
    static constexpr std::string_view gif = "GIF89a and what a picture needs";
    explicit Gated(const std::string& rule, std::string_view more = {})
        : Scanned(
              ScriptImage()
                  .volume(fmt::format("fs ext4\nresident /a.txt 5 {0}\nfile /b.txt 6 8192+9000000\n"
                                      "packed /c.txt 7 {0}\nresident /d.txt 8 plain\nfile /e.txt 6 8192+9000000\n{1}",
                                      gif, more),
                          10 << 20)
                  .put(8192, as_bytes(gif))) {
        KnownRecord record;
        record.digests.set(*Digest::parse("900150983cd24fb0d6963f7d28e17f72"));
        record.size = 3;
        known.push_back(set_of({record}));
        options.size_gate = true;
        rules = test::rules_of("[{name: r, when: {" + rule + "}, severity: info, text: t}]");
    }
    std::string findings() const {
        std::string all;
        store->for_each_finding([&](const EntryRecord& r) { all += r.entry.path + " " + r.examined.type + "\n"; });
        return all;
    }
};

}  // namespace

TEST_CASE("rules on the type are decided by the first bytes of what a size gate leaves out") {
    const std::string all_skipped =
        "p0 /a.txt: skipped size 0 -\np0 /b.txt: skipped size 0 -\np0 /e.txt: skipped size 0 -\n"
        "p0 /c.txt: skipped size 0 -\np0 /d.txt: skipped size 0 -\n";
    Gated pictures("type: image/*"), liars("type_differs: true"), unknown("type: unknown"),
        named("extension: jpg, type: image/*");
    for (Gated* each : {&pictures, &liars, &unknown, &named}) {
        each->run();
        CHECK(each->rows() == all_skipped);
        CHECK(each->store->run().exclusions == "contents of a size that no notable record has are left out");
        CHECK(each->progress.problems == 0);
        CHECK(each->progress.bytes_listed == 0);
    }
    const std::string four = "/a.txt image/gif\n/b.txt image/gif\n/e.txt image/gif\n/c.txt image/gif\n";
    CHECK(pictures.findings() == four);
    CHECK(liars.findings() == four);
    CHECK(unknown.findings() == "/d.txt \n");
    CHECK(named.findings().empty());
    // Going on, with nothing to be read again, it says the same.
    pictures.reopen();
    pictures.run();
    CHECK(pictures.rows() == all_skipped);
    CHECK(pictures.findings() == four);
}

TEST_CASE("first bytes that a worker cannot give leave a rule open behind a size gate, and are a problem") {
    Gated scanned("type: unknown", "packed /f.txt 9 short\n");
    scanned.run();
    CHECK(scanned.findings() == "/d.txt \n");
    CHECK(scanned.rows().find("hashed") == std::string::npos);
    std::vector<std::string> untyped;
    scanned.store->for_each_problem([&](const ProblemRecord& r) {
        if (r.problem.detail.starts_with("excluded by its size; its first bytes cannot be read, so rules on its type"))
            untyped.push_back(r.problem.path);
    });
    std::sort(untyped.begin(), untyped.end());
    CHECK(untyped == std::vector<std::string>{"/f.txt"});
}

TEST_CASE("a run that is stopped while its size gate is built says nothing of sizes; resumed, it does") {
    Scanned scanned(ScriptImage().volume("fs ext4\nresident /a 5 abc\nresident /b 6 abcd\n"));
    KnownRecord record;
    record.digests.set(*Digest::parse("900150983cd24fb0d6963f7d28e17f72"));
    record.size = 3;
    scanned.known.push_back(set_of({record}));
    scanned.options.size_gate = true;
    scanned.stop = true;
    scanned.run();
    CHECK(scanned.store->run().is_interrupted);
    CHECK(scanned.store->run().exclusions.empty());
    scanned.reopen();
    scanned.stop = false;
    scanned.run();
    CHECK(scanned.store->run().exclusions == "contents of a size that no notable record has are left out");
    CHECK(scanned.rows() == hashed("p0 /a:", sha256_of(as_bytes("abc"))) + "p0 /b: skipped size 0 -\n");
}

TEST_CASE("a run ends at its deadline and after the matches asked for, and can go on") {
    Scanned late(ScriptImage().volume("fs ext4\nresident /a 5 abc\nslow /b 6 100\n"));
    late.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
    late.run();
    CHECK(late.store->run().is_interrupted);
    CHECK(late.store->run().interruption == "stopped by its time limit");
    CHECK_FALSE(late.stop);

    Scanned enough(ScriptImage().volume("fs ext4\nresident /a 5 abc\nslow /b 6 30\n"));
    KnownRecord record;
    record.digests.set(*Digest::parse("900150983cd24fb0d6963f7d28e17f72"));
    enough.known.push_back(set_of({record}));
    enough.options.most_matches = 1;
    enough.run();
    CHECK(enough.store->run().interruption == "stopped after 1 matches, as asked for");
    CHECK(enough.progress.matches == 1);
    CHECK(enough.progress.is_stopping);
}

TEST_CASE("a match is not forgotten while its volume is still to be walked again") {
    Scanned scanned(ScriptImage().volume("fs ext4\nresident /a 5 abc\n"));
    KnownRecord record;
    record.digests.set(*Digest::parse("900150983cd24fb0d6963f7d28e17f72"));  // MD5 of "abc", RFC 1321
    scanned.known.push_back(set_of({record}));
    scanned.store->put_list(0, {scanned.known[0].identity(), {}});
    scanned.options.most_matches = 1;
    scanned.run();
    CHECK(verdict_of(*scanned.store).has_match);
    scanned.options.most_matches = 0;
    scanned.deadline = std::chrono::steady_clock::now();  // the next part ends before it finds anything
    scanned.reopen();
    for (VolumeRecord volume : scanned.store->volumes()) {  // as if some of it had not been reached
        if (volume.state == VolumeState::walked) volume.state = VolumeState::pending;
        scanned.store->put_volume(volume);
    }
    scanned.run();
    CHECK(scanned.store->run().found_before);
    CHECK(verdict_of(*scanned.store).has_match);
    CHECK(verdict_of(*scanned.store).exit_code() == 1);
}

TEST_CASE("what a worker decoded before a stop is compared all the same") {
    Batch batch;
    EntryWork work;
    work.is_examined = true;
    work.record.examined.status = Status::hashed, work.record.examined.reason = Reason::none;
    work.record.examined.digests.set(*Digest::parse("900150983cd24fb0d6963f7d28e17f72"));
    batch.items.emplace_back(work);
    KnownRecord record;
    record.digests = work.record.examined.digests;
    KnownSets known;
    known.push_back(set_of({record}));
    look_up(batch, known);
    CHECK(std::get<EntryWork>(batch.items[0]).record.examined.matches.size() == 1);
}

TEST_CASE("a stop from outside ends a run that a rule may end, too") {
    Scanned scanned(ScriptImage().volume("fs ext4\nslow /a 5 30\nresident /b 6 x\n"));
    scanned.rules = test::rules_of("[{name: enough, when: {size: {min: 1}}, severity: info, text: t, stop_after: 9}]");
    std::thread stopping([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        scanned.stop = true;
    });
    scanned.run();
    stopping.join();
    CHECK(scanned.store->run().interruption == "stopped by a signal");
}

TEST_CASE("the rows do not depend on the number of threads") {
    const ScriptImage image = busy_image();
    std::string first;
    for (const std::uint32_t threads : {1u, 2u, 8u}) {
        Scanned scanned(image);
        scanned.options.threads = threads;
        scanned.run();
        const std::string rows = scanned.rows();
        CHECK(std::count(rows.begin(), rows.end(), '\n') == 3 * (150 + 1 + 400));
        if (first.empty()) first = rows;
        CHECK(difference(rows, first) == "");
    }
}

TEST_CASE("a scan stopped before it begins leaves an interrupted, sealed case") {
    Scanned scanned(ScriptImage().volume("fs ext4\nresident /a 5 x\n"));
    scanned.stop = true;
    scanned.run();
    CHECK(scanned.store->is_sealed());
    CHECK(scanned.store->run().is_interrupted);
    CHECK(scanned.rows().empty());
    scanned.reopen();
    scanned.stop = false;
    scanned.run();
    CHECK(scanned.rows() == hashed("p0 /a:", sha256_of(as_bytes("x"))));
}

TEST_CASE("evidence that changes under the scan is told") {
    Scanned scanned(ScriptImage().volume("fs ext4\nslow /a 5 30\n"));
    std::thread changing([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        std::filesystem::last_write_time(scanned.spec.segments[0].path, {});
    });
    scanned.run();
    changing.join();
    std::string told;
    scanned.store->for_each_problem([&](const ProblemRecord& r) { told += r.problem.detail; });
    CHECK(told.find("changed or vanished") != std::string::npos);
}

TEST_CASE(
    "a device that vanishes is a problem that is heard, counted and audited, and its volumes are heard as pending") {
    struct Heard : Observer {
        std::string volumes, problems;
        void volume(const VolumeRecord& r) override {
            volumes += r.name + " " + std::string(to_string(r.state)) + "; ";
        }
        void problem(const ProblemRecord& r) override { problems += r.problem.detail + "; "; }
    } heard;
    Scanned scanned(ScriptImage().volume("fs ext4\nslow /a 5 30\n"));
    scanned.spec.device = BlockDevice{};
    scanned.observer = &heard;
    std::thread pulling([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        std::filesystem::remove(scanned.spec.segments[0].path);
    });
    scanned.run();
    pulling.join();
    CHECK(scanned.store->run().interruption == "a device vanished");
    CHECK(heard.volumes == "gap0 gap; p0 pending; p0 pending; p0 walked; gap0 pending; p0 pending; ");
    CHECK(heard.problems == "the device vanished while it was examined, or gives no bytes any more; ");
    CHECK(scanned.progress.problems == 1);
    std::ifstream audit(scanned.folder / "audit.jsonl");
    const std::string lines{std::istreambuf_iterator<char>(audit), {}};
    CHECK(lines.find("\"event\":\"problem\"") != std::string::npos);
}

TEST_CASE("a device that is mounted in mid-scan is an integrity problem, and its use stands with it") {
    Scanned scanned(ScriptImage().volume("fs ext4\nresident /a 5 abc\n"));
    scanned.spec.device = BlockDevice{};
    scanned.look_at_device = [](const std::string&) {
        BlockDevice device;
        device.use = "sdb1 is mounted (rw)";
        return std::optional(device);
    };
    scanned.run();
    std::string told;
    scanned.store->for_each_problem([&](const ProblemRecord& r) { told += r.problem.detail; });
    CHECK(told == "integrity: the device came into use while it was examined: sdb1 is mounted (rw)");
    CHECK(scanned.store->evidences().at(0).device->use == "sdb1 is mounted (rw)");
    CHECK(scanned.progress.problems == 1);

    Scanned allowed(ScriptImage().volume("fs ext4\nresident /a 5 abc\n"));  // it was so before, and that is said
    allowed.spec.device = scanned.look_at_device({});
    allowed.look_at_device = scanned.look_at_device;
    allowed.run();
    CHECK(allowed.progress.problems == 0);
}

TEST_CASE("a resumed case remembers that its device was in use, and that this program set its flag") {
    Scanned scanned(ScriptImage().volume("fs ext4\nresident /a 5 abc\n"));
    scanned.spec.device = BlockDevice{};
    scanned.spec.device->use = "sdb2 is swap";
    scanned.spec.before.emplace().use = "sdb1 is mounted (rw); sdb2 is swap";
    scanned.spec.before->was_set_read_only = true;
    scanned.run();
    const BlockDevice recorded = *scanned.store->evidences().at(0).device;
    CHECK(recorded.use == "sdb1 is mounted (rw); sdb2 is swap");
    CHECK(recorded.was_set_read_only);
}

TEST_CASE("an overview names evidence, volumes and problems without a store") {
    Scanned scanned(ScriptImage().volume("fs ext4\nresident /a 5 x\n").volume("locked luks\n"));
    const ScanInput input{script_registry(), {scanned.spec}, scanned.known, scanned.rules, scanned.options, {},
                          scanned.stop};
    const EvidenceOverview overview = look_at(input, scanned.spec);
    CHECK(overview.evidence.name == "script.raw");
    REQUIRE(overview.volumes.size() == 3);
    CHECK(overview.volumes[0].state == VolumeState::gap);
    CHECK(overview.volumes[1].fs == "ext4");
    CHECK(overview.volumes[2].state == VolumeState::locked);
    CHECK(overview.problems.size() == 1);
}
