// SPDX-License-Identifier: Apache-2.0
// What the listing thread makes of workers that do their job, die, hang, lie or run out of memory.
#include "engine/scan/lister.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <map>
#include <thread>

#include "engine/examine/examine.h"
#include "engine/scan/plan.h"
#include "tests/support/rules.h"
#include "tests/support/script_kinds.h"

using namespace triage;
using namespace triage::test;

namespace triage {
const Container& raw_container();
}

namespace {

struct Listed {
    EvidenceRecord evidence;
    std::map<std::string, VolumeRecord> volumes;  // as they stood last, by name
    std::vector<EntryWork> entries;
    std::vector<Problem> problems;
    std::vector<AuditEvent> events;
    double seconds = 0;

    std::vector<std::string> paths() const {
        std::vector<std::string> all;
        for (const EntryWork& work : entries) all.push_back(work.record.entry.path);
        return all;
    }
    const EntryWork& entry(std::string_view path) const {
        for (const EntryWork& work : entries)
            if (work.record.entry.path == path) return work;
        FAIL("no entry ", std::string(path));
        return entries.front();
    }
    VolumeState state(const std::string& volume) const { return volumes.at(volume).state; }
    // "kind path: detail" of each problem.
    std::vector<std::string> complaints() const {
        std::vector<std::string> all;
        for (const Problem& p : problems)
            all.push_back(std::string(to_string(p.kind)) + " " + p.path + ": " + p.detail);
        return all;
    }
};

struct Listing {
    std::atomic<bool> stop{false};
    ScanOptions options;
    Rules rules;
    bool probe_only = false;
    const Container* container = &raw_container();

    Listing() {
        options.worker_in_process = !has_worker_processes;
        options.worker_progress_seconds = 1;
        options.worker_memory_mib = 256;
    }

    Listed operator()(const ScriptImage& image) {
        const ScriptEvidence evidence(image);
        EvidenceSpec spec;
        spec.name = "script.raw", spec.container = container, spec.segments = evidence.segments;
        const KnownSets known;
        const ScanInput input{script_registry(), {spec}, known, rules, options, {}, stop};
        const RuleBook book(rules, {}, {});
        VolumePlaces places;
        Plan plan({});
        Progress progress;
        const auto begin = std::chrono::steady_clock::now();
        Listed listed;
        {
            const SizeGate gate;
            Lister lister(input, book, gate, places, plan, progress, {}, probe_only);
            std::future<void> listing = std::async(std::launch::async, [&] {
                lister.list(0, spec);
                plan.finish();
            });
            const std::atomic<bool> never{false};
            const auto take_all = [&](Batch& batch) {
                plan.recorded(batch);
                for (Item& item : batch.items) take(listed, item);
            };
            while (const std::unique_ptr<Batch> batch = plan.take(never)) take_all(*batch);
            take_all(*plan.close());
            listing.get();
            std::sort(listed.entries.begin(), listed.entries.end(),
                      [](const EntryWork& a, const EntryWork& b) { return a.record.walk_order < b.record.walk_order; });
        }
        listed.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        return listed;
    }

  private:
    static void take(Listed& listed, Item& item) {
        if (auto* e = std::get_if<EvidenceRecord>(&item)) listed.evidence = std::move(*e);
        if (auto* v = std::get_if<VolumeRecord>(&item)) listed.volumes[v->name] = std::move(*v);
        if (auto* w = std::get_if<EntryWork>(&item)) listed.entries.push_back(std::move(*w));
        if (auto* p = std::get_if<ProblemRecord>(&item)) listed.problems.push_back(std::move(p->problem));
        if (auto* a = std::get_if<AuditEvent>(&item)) listed.events.push_back(std::move(*a));
    }
};

Listed list(std::string_view script) { return Listing()(ScriptImage().volume(script)); }

std::vector<std::string> numbered(const std::string& path, int count) {
    std::vector<std::string> all;
    for (int i = 0; i < count; ++i) all.push_back(path + std::to_string(i));
    return all;
}

std::vector<std::string> joined(std::vector<std::string> a, const std::vector<std::string>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

std::string json_of(const AuditEvent& event, std::string_view field) {
    for (const AuditField& f : event.fields)
        if (f.name == field) return f.json;
    return {};
}

}  // namespace

TEST_CASE("a volume that is walked to its end is walked, with its counts") {
    const Listed listed = list("fs ext4\nresident /a 5 text\nfile /b 6 9000+10\n");
    CHECK(listed.paths() == std::vector<std::string>{"/a", "/b"});
    CHECK(listed.problems.empty());
    CHECK(listed.evidence.is_opened);
    CHECK(listed.evidence.volume_system == "script");
    const VolumeRecord& volume = listed.volumes.at("p0");
    CHECK(volume.state == VolumeState::walked);
    CHECK(volume.fs == "ext4");
    CHECK(volume.counts == WalkCounts{1, 2, 3});
    CHECK(listed.entry("/b").record.entry.extents == std::vector<Extent>{{volume.start + 9000, 10}});
}

TEST_CASE("a list of volumes that lies is said, and what is left of it accounts for the media") {
    const auto list_by = [](const std::string& table) {
        return Listing()(ScriptImage().volume("fs ext4\nresident /a 5 x\n").whole(table));
    };
    for (const char* lie : {"p1 filesystem 4096 99999999", "p1 filesystem 99999999 10", "p0 filesystem 8192 4096"}) {
        CAPTURE(lie);
        const Listed listed = list_by("p0 filesystem 4096 65536\n" + std::string(lie) + "\n");
        CHECK(listed.paths() == std::vector<std::string>{"/a"});
        CHECK(listed.volumes.size() == 2);
        CHECK(listed.state("gap0") == VolumeState::gap);
        CHECK(listed.state("p0") == VolumeState::walked);
        CHECK(listed.problems.size() == 1);
        CHECK(listed.problems.at(0).kind == ProblemKind::aborted);
    }
    for (const char* empty : {"p0 filesystem 4096 99999999\n", ""}) {
        const Listed listed = list_by(empty);
        REQUIRE(listed.volumes.size() == 1);
        CHECK(listed.volumes.at("-").length == 4096 + 65536);
    }
}

TEST_CASE("bytes that no volume covers are gaps of the ledger") {
    const Listed listed = Listing()(ScriptImage().volume("fs ext4\n").volume("").whole("p0 filesystem 4096 65536\n"));
    REQUIRE(listed.volumes.size() == 3);
    const VolumeRecord &first = listed.volumes.at("gap0"), &last = listed.volumes.at("gap1");
    CHECK(first.start == 0);
    CHECK(first.length == 4096);
    CHECK(last.start == 4096 + 65536);
    CHECK(last.length == 65536);
    CHECK(listed.problems.empty());
}

TEST_CASE("every volume ends in the state that its role and content give it") {
    const Listed listed = Listing()(ScriptImage()
                                        .volume("fs ext4\n")
                                        .volume("", 4096)
                                        .volume("", 4096, "swap")
                                        .volume("", 4096, "reserved")
                                        .volume("", 4096, "gap")
                                        .volume("locked luks\n")
                                        .volume("fs ext4\nresident /hidden 5 x\n", 65536, "reserved"));
    CHECK(listed.state("p0") == VolumeState::walked);
    CHECK(listed.state("p1") == VolumeState::unrecognised);
    CHECK(listed.state("p2") == VolumeState::swap);
    CHECK(listed.state("p3") == VolumeState::reserved);
    CHECK(listed.state("gap0") == VolumeState::gap);  // the table
    CHECK(listed.state("gap1") == VolumeState::gap);  // p4
    CHECK(listed.state("p5") == VolumeState::locked);
    CHECK(listed.state("p6") == VolumeState::walked);
    CHECK(listed.paths() == std::vector<std::string>{"/hidden"});
    CHECK(listed.complaints() == std::vector<std::string>{"unrecognised : no script", "locked : no key"});
}

TEST_CASE("several file systems on one volume are parts of it, each with its entries") {
    const Listed listed = list("fs apfs vol0\nresident /a 5 x\nfs apfs vol1\nresident /b 5 y\n");
    CHECK(listed.state("p0/vol0") == VolumeState::walked);
    CHECK(listed.state("p0/vol1") == VolumeState::walked);
    CHECK(listed.entry("/a").record.volume == listed.volumes.at("p0/vol0").id);
    CHECK(listed.entry("/b").record.volume == listed.volumes.at("p0/vol1").id);
    CHECK_FALSE(listed.entry("/b").shares_content);  // address 5 of another file system
}

TEST_CASE("a file system that comes twice on one volume is a contradiction") {
    for (const char* again : {"fs apfs vol0\nfs apfs vol0\n", "fs ext4\nfs ext4\n"}) {
        CAPTURE(again);
        CHECK(list(std::string(again) + "resident /a 5 x\n").complaints().at(0).find("inconsistent") !=
              std::string::npos);
    }
}

TEST_CASE("names of one address and attribute share a content, streams of one name do not") {
    const Listed listed = list(
        "fs ntfs\nfile /a 5 9000+10\nstream /a 5 77 s 9100+10\nfile /b 6 9000+10\nfile /hard 5 9000+10\n"
        "stream /hard 5 77 s 9100+10\nfile /a 5 9000+10\n");
    std::vector<bool> shares;
    for (const EntryWork& work : listed.entries) shares.push_back(work.shares_content);
    CHECK(shares == std::vector<bool>{false, false, false, true, true, true});
    // A name that shares a content does not carry its extents through the run once more.
    CHECK(listed.entry("/b").record.entry.extents.size() == 1);
    CHECK(listed.entry("/hard").record.entry.extents.empty());
}

TEST_CASE("a content that a rule skips under one name is read under the first that it does not skip, and once") {
    const ScriptImage image = ScriptImage().volume(
        "fs ntfs\nfile /skipped/a 5 9000+10\nstream /skipped/a 5 77 s 9100+10\nfile /b 6 9000+10\n"
        "file /c 5 9000+10\nstream /c 5 77 s 9100+10\nfile /d 7 9000+10\n"
        "file /e 5 9000+10\nstream /e 5 77 s 9100+10\nfile /skipped/f 7 9000+10\nfile /g 7 9000+10\n");
    // Of each entry: r read, = another name of what is read, x skipped.
    const auto outcome = [&](const std::string& condition) {
        Listing listing;
        listing.rules = rules_of("[{name: left-out, when: " + condition + ", skip: true}]");
        std::string words;
        for (const EntryWork& work : listing(image).entries)
            words += work.is_examined ? 'x' : work.shares_content ? '=' : 'r';
        return words;
    };
    CHECK(outcome("{path: /nowhere/**}") == "rrr==r====");
    CHECK(outcome("{path: /skipped/**}") == "xxrrrr==x=");
    CHECK(outcome("{all: [{path: /skipped/**}, {kind: stream}]}") == "rxr=rr====");
    CHECK(outcome("{all: [{path: /skipped/**}, {not: {kind: stream}}]}") == "xrrr=r==x=");
}

TEST_CASE("an entry that contradicts itself stays in the list without a content") {
    const Listed listed = list("fs ext4\noutside /a 5\nresident /b 6 x\n");
    CHECK(listed.paths() == std::vector<std::string>{"/a", "/b"});
    const Examined& examined = listed.entry("/a").record.examined;
    CHECK(examined == Examined{Status::unreadable, Reason::damaged, 512, {}, {}});
    CHECK(listed.complaints() ==
          std::vector<std::string>{"damaged /a: the listing contradicts itself: an extent lies outside its volume"});
    CHECK(listed.state("p0") == VolumeState::walked);
}

TEST_CASE("an entry without a content keeps its reason") {
    const Examined examined = list("fs ext4\nlost /a 5\n").entry("/a").record.examined;
    CHECK(examined == Examined{Status::unreadable, Reason::encrypted, 100, {}, {}});
}

TEST_CASE("an entry that is nearly all hole is skipped, unless it is asked for") {
    const ScriptImage image =
        ScriptImage().volume("fs ext4\nfile /a 5 9000+512 hole+2000000000\nfile /b 6 hole+4096\n");
    Listing listing;
    const Listed listed = listing(image);
    CHECK(listed.entry("/a").record.examined == Examined{Status::skipped, Reason::sparse, 512, {}, {}});
    CHECK_FALSE(listed.entry("/b").is_examined);
    listing.options.examine_sparse = true;
    CHECK_FALSE(listing(image).entry("/a").is_examined);
}

TEST_CASE("holes that nobody could have stored are hashed up to a limit, and what goes beyond is said once") {
    Listing listing;
    listing.options.examine_sparse = true;
    const std::string hostile = "file /hostile 5 hole+9223372036854775808\n";
    CHECK(listing(ScriptImage().volume("fs ext4\n" + hostile)).entry("/hostile").record.examined ==
          Examined{Status::skipped, Reason::limit, std::uint64_t{1} << 63, {}, {}});

    listing.options.hole_bytes = 1000;  // and 65,536 of the volume
    const Listed listed =
        listing(ScriptImage().volume("fs ext4\nfile /a 10 hole+60000\nfile /b 11 hole+6000 0+5000\n" + hostile +
                                     "file /hard 5 hole+9223372036854775808\nfile /c 12 hole+537\nfile /d 13 "
                                     "hole+536\nfile /twice 14 0+65536 0+1\n"));
    std::string hashed;
    for (const EntryWork& work : listed.entries)
        if (work.is_to_be_read()) hashed += work.record.entry.path;
    CHECK(hashed == "/a/b/d");
    CHECK(listed.entry("/hard").shares_content);
    CHECK(listed.entry("/twice").record.examined == Examined{Status::skipped, Reason::limit, 65537, {}, {}});
    CHECK(listed.complaints() ==
          std::vector<std::string>{
              "capped /hostile: holes and blocks of other contents go beyond the limit of 1000 bytes "
              "a volume; it is not hashed, nor are others like it"});
    CHECK(listed.state("p0") == VolumeState::walked);
}

TEST_CASE("blocks that more contents claim than a volume can hold are held to the limit of holes") {
    Listing listing;
    listing.options.hole_bytes = 1000;  // and 65,536 of the volume
    listing.options.walk.orphan_volume_factor = 1;
    const std::string files = "fs ext4\nfile /a 10 0+65536\nfile /b 11 0+65536\nfile /c 12 0+65536\n";
    const Listed listed =
        listing(ScriptImage().volume(files + "file /d 13 0+1001\nfile /e 14 0+1000\nfile /f 15 0+1\n"));
    std::string hashed;
    for (const EntryWork& work : listed.entries)
        if (work.is_to_be_read()) hashed += work.record.entry.path;
    CHECK(hashed == "/a/b/c/e");  // twice its length; its length again, and the limit
    CHECK(listed.entry("/f").record.examined == Examined{Status::skipped, Reason::limit, 1, {}, {}});
    CHECK(listed.complaints().size() == 1);
}

TEST_CASE("a content that only a worker decodes is held to the limit of holes too") {
    Listing listing;
    listing.options.hole_bytes = 0;
    const Listed listed = listing(ScriptImage().volume("fs ntfs\nswollen /a 5 131073\nswollen /b 6 131072\n"));
    CHECK(listed.entry("/a").record.examined == Examined{Status::skipped, Reason::limit, 131073, {}, {}});
    CHECK(listed.entry("/b").record.examined.reason == Reason::damaged);  // decoded: nothing comes
}

TEST_CASE("an entry of many extents arrives whole") {
    const ScriptImage image = ScriptImage().volume("fs ext4\nscattered /a 5 10000\nresident /b 6 x\n");
    const Listed listed = Listing()(image);
    const std::vector<Extent>& extents = listed.entry("/a").record.entry.extents;
    REQUIRE(extents.size() == 10'000);
    for (std::size_t i = 0; i < extents.size(); ++i) REQUIRE(extents[i] == Extent{image.last().start + 2 * i, 1});
    CHECK(listed.paths() == std::vector<std::string>{"/a", "/b"});
}

TEST_CASE("an entry of more extents than memory has room for ends the walk, not the program") {
    const std::string script = fmt::format("fs ext4\nresident /a 5 x\nscattered /b 6 {}\n", most_extents + 1);
    const Listed listed = Listing()(ScriptImage().volume(script, 3 << 20));
    CHECK(listed.paths() == std::vector<std::string>{"/a"});
    CHECK(listed.state("p0") == VolumeState::partial);
    CHECK(listed.problems.at(0).detail.find("its records are inconsistent") != std::string::npos);
}

TEST_CASE("a content that a worker decodes is hashed as it comes; one that comes short is damaged") {
    const Listed listed = list("fs ntfs\npacked /a 5 abc\npacked /b 6 short\nresident /c 7 x\n");
    // RFC 1321, appendix A.5; FIPS 180 examples of "abc".
    const Examined& a = listed.entry("/a").record.examined;
    CHECK(a.status == Status::hashed);
    CHECK(a.digests.md5->hex() == "900150983cd24fb0d6963f7d28e17f72");
    CHECK(a.digests.sha1->hex() == "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK(a.digests.sha256->hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(listed.entry("/b").record.examined == Examined{Status::unreadable, Reason::damaged, 5, {}, {}});
    CHECK_FALSE(listed.entry("/c").is_examined);
}

TEST_CASE("a content that goes on behind its size ends its worker, and the others are hashed") {
    const Listed listed = list("fs ntfs\npacked /a 5 abc\npacked /b 6 endless\npacked /c 7 abc\n");
    CHECK(listed.entry("/b").record.examined.status == Status::unreadable);
    CHECK(listed.entry("/b").record.examined.digests == Digests{});
    CHECK(listed.entry("/c").record.examined.status == Status::hashed);
    REQUIRE(listed.problems.size() == 1);
    CHECK(listed.problems[0].detail.find("more than the content holds") != std::string::npos);
}

TEST_CASE("an overview names what is there and lists no entries") {
    Listing listing;
    listing.probe_only = true;
    const Listed listed = listing(ScriptImage().volume("fs ext4\nresident /a 5 x\n"));
    CHECK(listed.entries.empty());
    CHECK(listed.volumes.at("p0").fs == "ext4");
}

TEST_CASE("a walk whose records contradict themselves is given up with what it delivered before") {
    const Listed listed = list("fs ext4\nresident /a 5 x\nmalformed /bad 6\nresident /c 7 x\n");
    CHECK(listed.paths() == std::vector<std::string>{"/a"});
    CHECK(listed.state("p0") == VolumeState::partial);
    REQUIRE(listed.problems.size() == 1);
    CHECK(listed.problems[0].kind == ProblemKind::aborted);
    CHECK(listed.problems[0].hides_entries);
    CHECK(listed.problems[0].detail.find("its records are inconsistent") != std::string::npos);
    CHECK(listed.volumes.at("p0").detail == listed.problems[0].detail);
}

TEST_CASE("a worker that complains without end before it names a file system is believed up to 4 MiB") {
    const Listed few = list("complain /x 3 1000\nfs ext4\nresident /a 5 x\n");
    CHECK(few.problems.size() == 1000);
    CHECK(few.paths() == std::vector<std::string>{"/a"});

    const Listed listed = list("complain /x 3 100000\nfs ext4\nresident /a 5 x\n");
    CHECK(listed.problems.size() > 3000);
    CHECK(listed.problems.size() < 4200);
    CHECK(listed.problems.back().kind == ProblemKind::aborted);
    CHECK(listed.problems.back().detail.find("its records are inconsistent") != std::string::npos);
    CHECK(listed.state("p0") == VolumeState::unreadable);
    CHECK(listed.entries.empty());
}

TEST_CASE("an address has at most 65,536 contents; a worker that names more is given up") {
    const Listed most = list("fs ntfs\nstreams /a 5 65536\nresident /b 6 x\n");
    CHECK(most.entries.size() == 65'537);
    CHECK(most.state("p0") == VolumeState::walked);

    const Listed more = list("fs ntfs\nstreams /a 5 65537\nresident /b 6 x\n");
    CHECK(more.entries.size() == 65'537);
    CHECK(more.state("p0") == VolumeState::partial);
    CHECK(more.problems.at(0).detail.find("its records are inconsistent") != std::string::npos);
}

TEST_CASE("a worker that sends more entries than the limit is given up") {
    Listing listing;
    listing.options.walk.entries = 1000;
    const Listed most = listing(ScriptImage().volume("fs ext4\nmany /a 10 1000\n"));
    CHECK(most.entries.size() == 1000);
    CHECK(most.state("p0") == VolumeState::walked);
    const Listed more = listing(ScriptImage().volume("fs ext4\nmany /a 10 1001\n"));
    CHECK(more.entries.size() == 1000);
    CHECK(more.state("p0") == VolumeState::partial);
    CHECK(more.problems.at(0).detail.find("its records are inconsistent") != std::string::npos);
}

TEST_CASE("an entry before any file system is a contradiction") {
    const Listed listed = list("resident /a 5 x\n");
    CHECK(listed.entries.empty());
    CHECK(listed.state("p0") == VolumeState::unreadable);
}

TEST_CASE("a walk that throws is walked again without the place that threw") {
    const Listed listed = list("fs ext4\nmany /a 10 300\nthrow /bad 3\nmany /b 1000 5\n");
    CHECK(listed.paths() == joined(numbered("/a", 300), numbered("/b", 5)));
    CHECK(listed.state("p0") == VolumeState::partial);
    CHECK(listed.complaints() == std::vector<std::string>{"aborted /bad: skipped"});
    REQUIRE(listed.events.size() == 1);
    CHECK(listed.events[0].event == "worker-ended");
    CHECK(json_of(listed.events[0], "how") == "\"died\"");
    CHECK(json_of(listed.events[0], "address") == "3");
}

TEST_SUITE("worker processes" * doctest::skip(!has_worker_processes)) {
    TEST_CASE("after a crash the walk goes on without its culprit and every other entry is there exactly once") {
        // A crash before the first record, in the first batch, and after several batches.
        for (const int count : {0, 100, 5000}) {
            const Listed listed = list(fmt::format("fs ext4\nmany /a 10 {}\ncrash /bad 3\nmany /b 9000 100\n", count));
            CHECK(listed.paths() == joined(numbered("/a", count), numbered("/b", 100)));
            CHECK(listed.complaints() == std::vector<std::string>{"aborted /bad: skipped"});
            CHECK(listed.state("p0") == VolumeState::partial);
            CHECK(listed.volumes.at("p0").detail == "skipped");
            CHECK(listed.events.size() == 1);
        }
    }

    TEST_CASE("a step that had delivered entries when it crashed keeps them, and hides none that follow") {
        const Listed listed = list("fs ntfs\nburst /x 5 3\nmany /b 10 100\nburst /y 6 1\nresident /c 7 x\n");
        CHECK(listed.paths() == joined(joined({"/x", "/x", "/x"}, numbered("/b", 100)), {"/y", "/c"}));
        CHECK(listed.complaints() == std::vector<std::string>{"aborted /x: skipped", "aborted /y: skipped"});
    }

    TEST_CASE("a crash between the records of one entry loses nothing of the entry") {
        const Listed listed = list("fs ext4\nscattered /a 5 10000\ncrash /bad 3\nresident /b 6 x\n");
        CHECK(listed.paths() == std::vector<std::string>{"/a", "/b"});
        CHECK(listed.entry("/a").record.entry.extents.size() == 10'000);
    }

    TEST_CASE("a crash at the same place twice ends the walk there") {
        const Listed listed = list("fs ext4\nmany /a 10 20\nstubborn /bad 3\nmany /b 100 5\n");
        CHECK(listed.paths() == numbered("/a", 20));
        CHECK(listed.state("p0") == VolumeState::partial);
        REQUIRE(listed.problems.size() == 1);
        CHECK(listed.problems[0].path == "/bad");
        CHECK(listed.problems[0].address == 3);
        CHECK(listed.problems[0].detail.starts_with("volume partially examined"));
        CHECK(listed.problems[0].detail.find("signal 11") != std::string::npos);
        CHECK(listed.events.size() == 2);
    }

    TEST_CASE("eight crashes are survived, the ninth ends the walk") {
        std::string script = "fs ext4\n";
        for (int i = 0; i < 9; ++i)
            script += fmt::format("resident /a{} {} x\ncrash /bad{} {}\n", i, 10 + i, i, 50 + i);
        const Listed listed = list(script + "resident /last 99 x\n");
        CHECK(listed.paths() == numbered("/a", 9));
        CHECK(listed.problems.size() == 9);
        CHECK(listed.state("p0") == VolumeState::partial);
    }

    TEST_CASE("a hang costs its place; a second one ends the walk; the next volume is walked") {
        const Listed listed =
            Listing()(ScriptImage()
                          .volume("fs ext4\nresident /a 5 x\nhang /bad 3\nresident /b 6 x\nhang /worse 4\n"
                                  "resident /c 7 x\n")
                          .volume("fs ext4\nresident /d 5 x\n"));
        CHECK(listed.paths() == std::vector<std::string>{"/a", "/b", "/d"});
        CHECK(listed.state("p0") == VolumeState::partial);
        CHECK(listed.state("p1") == VolumeState::walked);
        CHECK(listed.seconds < 60);  // 2 s of the workers' processor time, however starved
    }

    TEST_CASE("a worker asleep in a deadlock is ended within seconds") {
        const Listed listed = list("fs ext4\nsleep /bad 3\nresident /b 6 x\n");
        CHECK(listed.paths() == std::vector<std::string>{"/b"});
        CHECK(listed.seconds < 5);
    }

    TEST_CASE("a worker that reads its volume over and over ends the walk") {
        const Listed listed = list("fs ext4\nresident /a 5 x\nlivelock /bad 3\nresident /b 6 x\n");
        CHECK(listed.paths() == std::vector<std::string>{"/a"});
        CHECK(listed.state("p0") == VolumeState::partial);
        CHECK(listed.problems.at(0).detail.find("several times over") != std::string::npos);
    }

    TEST_CASE("a walk of many entries may read more than one of few") {
        CHECK(list("fs ext4\nmany /a 10 6000\nreread /bad 3 2000\n").state("p0") == VolumeState::partial);
        const Listed listed = list("fs ext4\nmany /a 10 20000\nreread /b 3 2000\n");
        CHECK(listed.state("p0") == VolumeState::walked);
        CHECK(listed.paths().back() == "/b");
    }

    TEST_CASE("a worker out of memory costs the place where it was") {
        const Listed listed = list("fs ext4\nmany /a 10 20\neat /bad 3\nmany /b 100 5\n");
        CHECK(listed.paths() == joined(numbered("/a", 20), numbered("/b", 5)));
        CHECK(json_of(listed.events.at(0), "cause") == "\"out of the memory it may use\"");
    }

    TEST_CASE("bytes that are no records end the walk of their volume only") {
        for (const char* verb : {"garbage", "flood", "torn", "void", "unknown", "starts"}) {
            const Listed listed = Listing()(ScriptImage()
                                                .volume(fmt::format("fs ext4\nresident /a 5 x\n{} /bad 3\n", verb))
                                                .volume("fs ext4\nresident /d 5 x\n"));
            CAPTURE(verb);
            CHECK(listed.paths().back() == "/d");
            CHECK(listed.state("p0") == VolumeState::partial);
            CHECK(listed.state("p1") == VolumeState::walked);
        }
    }

    TEST_CASE("a container that kills its worker leaves an evidence that could not be opened") {
        Listing listing;
        listing.container = script_registry().containers.front();
        const Listed listed = listing(ScriptImage().volume("fs ext4\n"));
        CHECK_FALSE(listed.evidence.is_opened);
        CHECK(listed.volumes.empty());
        REQUIRE(listed.problems.size() == 1);
        CHECK(listed.problems[0].kind == ProblemKind::unreadable);
        CHECK(listed.problems[0].detail.find("signal 11") != std::string::npos);
    }

    TEST_CASE("a partition table that kills its reader leaves the media to be looked at whole") {
        const Listed listed = Listing()(ScriptImage().whole("die\nfs ext4\nresident /a 5 x\n"));
        CHECK(listed.paths() == std::vector<std::string>{"/a"});
        CHECK(listed.state("-") == VolumeState::walked);
        REQUIRE(listed.problems.size() == 1);
        CHECK(listed.problems[0].kind == ProblemKind::aborted);
        CHECK(listed.problems[0].detail.starts_with("partition tables:"));
    }

    TEST_CASE("a content that kills or holds its worker is unreadable, the others are hashed") {
        const Listed listed =
            list("fs ntfs\npacked /a 5 abc\npacked /b 6 crash\npacked /c 7 abc\npacked /d 8 hang\npacked /e 9 abc\n");
        CHECK(listed.paths() == std::vector<std::string>{"/a", "/b", "/c", "/d", "/e"});
        for (const char* good : {"/a", "/c", "/e"}) CHECK(listed.entry(good).record.examined.status == Status::hashed);
        for (const char* bad : {"/b", "/d"}) {
            const Examined& examined = listed.entry(bad).record.examined;
            CHECK(examined.status == Status::unreadable);
            CHECK(examined.reason == Reason::not_reached);
            CHECK(examined.digests == Digests{});
        }
        REQUIRE(listed.problems.size() == 2);
        CHECK(listed.problems[0].path == "/b");
        CHECK(listed.problems[0].kind == ProblemKind::aborted);
        CHECK(listed.problems[1].path == "/d");
    }

    TEST_CASE("after eight contents that kill their worker the rest of them is not reached, and that is said") {
        std::string script = "fs ntfs\n";
        for (int i = 0; i < 10; ++i) script += fmt::format("packed /bad{} {} crash\n", i, 10 + i);
        const Listed listed = list(script + "packed /good 5 abc\nresident /plain 6 x\n");
        CHECK(listed.entries.size() == 12);
        for (const EntryWork& work : listed.entries)
            if (work.record.entry.path != "/plain") CHECK(work.record.examined.reason == Reason::not_reached);
        CHECK_FALSE(listed.entry("/plain").is_examined);  // it needs no worker
        CHECK(listed.problems.size() == 9);
    }

    TEST_CASE("a stopped run ends its worker within a second, though it sends nothing") {
        Listing listing;
        std::thread stopping([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(300));
            listing.stop = true;
        });
        const Listed listed = listing(ScriptImage().volume("fs ext4\nslow /a 3 800\n").volume("fs ext4\n"));
        stopping.join();
        CHECK(listed.seconds < 1.5);
        CHECK(listed.volumes.size() == 2);
        CHECK(listed.state("gap0") == VolumeState::gap);
        CHECK(listed.state("p0") == VolumeState::pending);  // so that it is walked again
    }
}
