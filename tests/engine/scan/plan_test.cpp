// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/plan.h"

#include <doctest/doctest.h>

#include <thread>

#include "engine/media/media_reader.h"
#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;

namespace {

const std::atomic<bool> never{false};

EntryWork work(const std::string& path, std::uint64_t position, std::uint64_t size = 1000) {
    static std::uint64_t order = 0;
    EntryWork w;
    w.record.walk_order = order++;
    w.record.entry.path = path;
    w.record.entry.size = size;
    w.record.entry.extents = {{position, size}};
    if (path.ends_with(".jpg")) w.priority = 0;
    return w;
}

std::vector<std::string> paths_of(const Batch& batch) {
    std::vector<std::string> paths;
    for (const Item& item : batch.items)
        if (const auto* w = std::get_if<EntryWork>(&item)) paths.push_back(w->record.entry.path);
    return paths;
}

// All that is left, in the order in which it is taken.
std::vector<std::string> take_all(Plan& plan) {
    std::vector<std::string> paths;
    while (const std::unique_ptr<Batch> batch = plan.take(never)) {
        for (std::string& path : paths_of(*batch)) paths.push_back(std::move(path));
        plan.recorded(*batch);
    }
    return paths;
}

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("the first class comes as it is listed, then each class as it lies on the media") {
    Plan plan({});
    plan.send(0, work("/b.txt", 200));
    plan.send(0, work("/z.jpg", 900));
    plan.send(0, work("/a.txt", 100));
    plan.send(0, work("/y.jpg", 50));
    EntryWork last = work("/gone", 10);
    last.priority = Rule::last_priority;
    plan.send(0, std::move(last));
    plan.finish();
    CHECK(take_all(plan) == Paths{"/z.jpg", "/y.jpg", "/a.txt", "/b.txt", "/gone"});
}

TEST_CASE("a long content that nobody carries is a batch by itself, before the others of its class at the end") {
    Plan plan({});
    plan.send(0, work("/short", 0));
    plan.send(0, work("/long", 5000, 9 << 20));
    plan.send(0, work("/longest", 1 << 30, 99 << 20));
    plan.finish();
    for (const char* path : {"/longest", "/long", "/short"}) CHECK(paths_of(*plan.take(never)) == Paths{path});
    CHECK(plan.take(never) == nullptr);
}

TEST_CASE("short contents of a class come before its long ones while others are left to do beside those") {
    Plan plan({});
    const auto send = [&](const char* path, std::uint8_t priority, std::uint64_t size) {
        EntryWork one = work(path, 0, size);
        one.priority = priority;
        plan.send(0, std::move(one));
    };
    send("/video", 0, 9 << 20), send("/picture", 0, 8 << 20 >> 1), send("/text", 5, 1000);
    plan.finish();
    for (const char* path : {"/picture", "/video", "/text"}) CHECK(paths_of(*plan.take(never)) == Paths{path});
}

namespace {

PlanOptions carrying() {
    PlanOptions options;
    options.threads = 2;
    options.carries_long = true;
    return options;
}

std::string path_of(const std::optional<PlannedEntry>& taken) { return taken ? taken->work.record.entry.path : ""; }

}  // namespace

TEST_CASE("threads take long contents to carry, the longest first: two beside others, more when none are left") {
    Plan plan(carrying());
    for (const std::uint64_t mib : {60, 9, 100, 50})
        plan.send(0, work("/" + std::to_string(mib), mib << 30, mib << 20));
    plan.send(0, work("/short", 0));
    CHECK(path_of(plan.take_long(0)) == "/100");  // while entries are still listed
    CHECK(plan.waiting_share() == ~std::uint64_t{0});
    plan.finish();
    CHECK(plan.waiting_share() == ((119 << 20) + 1000) / 2);
    CHECK(path_of(plan.take_long(1)) == "/60");
    CHECK_FALSE(plan.take_long(2));
    CHECK(paths_of(*plan.take(never)) == Paths{"/short"});
    CHECK(path_of(plan.take_long(2)) == "/50");
    CHECK_FALSE(plan.take_long(16));         // a lane each
    CHECK(plan.take(never)->items.empty());  // nothing else to begin: go on with those
    CHECK(path_of(plan.take_long(15)) == "/9");
    CHECK(plan.take(never) == nullptr);
}

TEST_CASE("a long content is carried beside its class, not before a better one") {
    Plan plan(carrying());
    EntryWork video = work("/video", 0, 9 << 20), picture = work("/picture", 0);
    video.priority = 1, picture.priority = 0;
    plan.send(0, std::move(video)), plan.send(0, std::move(picture));
    plan.finish();
    CHECK_FALSE(plan.take_long(0));
    CHECK(paths_of(*plan.take(never)) == Paths{"/picture"});
    CHECK(path_of(plan.take_long(0)) == "/video");
}

TEST_CASE("a disk's head goes to long contents when there is nothing else") {
    PlanOptions options = carrying();
    options.is_spinning = true;
    Plan plan(options);
    plan.send(0, work("/long", 0, 9 << 20)), plan.send(0, work("/short", 0));
    CHECK_FALSE(plan.take_long(0));
    plan.finish();
    CHECK_FALSE(plan.take_long(0));
    CHECK(paths_of(*plan.take(never)) == Paths{"/short"});
    CHECK(path_of(plan.take_long(0)) == "/long");
}

TEST_CASE("entries that do not fit into memory come back from the spool, whole and in order") {
    const ewf_test::Folder folder;
    const PlainMedia media(Bytes(512));
    PlanOptions options;
    options.memory_bytes = 64 << 10;
    options.spool_folder = folder.path("");
    Plan plan(options);
    Plan in_memory({});
    for (std::uint64_t i = 0; i < 5000; ++i) {
        EntryWork one = work("/f" + std::to_string(i) + (i % 3 == 0 ? ".jpg" : ".txt"), i * 7919 % 5000 * 4096);
        one.media = &media.reader();
        one.hash = AlgorithmSet::from_bits(i % 8), one.wants_entropy = i % 5 == 0, one.wants_libmagic = i % 7 == 0;
        if (i % 11 == 0) leave_out_by_size(one, true);
        if (i == 77)
            for (std::uint64_t n = 0; n < 10'000; ++n) one.record.entry.extents.push_back({n * 3, 1});
        if (i == 78) one.record.entry.source = Source::resident, one.record.entry.resident = Bytes(700);
        in_memory.send(0, one);
        plan.send(0, std::move(one));
    }
    for (Plan* each : {&plan, &in_memory}) each->finish();
    std::vector<EntryWork> spooled, kept;
    const auto collect = [](Plan& from, std::vector<EntryWork>& into) {
        while (const std::unique_ptr<Batch> batch = from.take(never))
            for (Item& item : batch->items) into.push_back(std::move(std::get<EntryWork>(item)));
    };
    collect(plan, spooled);
    collect(in_memory, kept);
    REQUIRE(spooled.size() == 5000);
    for (std::size_t i = 0; i < kept.size(); ++i) {
        CHECK(spooled[i].record.entry == kept[i].record.entry);
        CHECK(spooled[i].record.walk_order == kept[i].record.walk_order);
        CHECK(spooled[i].media == &media.reader());
        CHECK(spooled[i].priority == kept[i].priority);
        CHECK(spooled[i].hash == kept[i].hash);
        CHECK(spooled[i].wants_entropy == kept[i].wants_entropy);
        CHECK(spooled[i].wants_type == kept[i].wants_type);
        CHECK(spooled[i].wants_libmagic == kept[i].wants_libmagic);
        CHECK(spooled[i].is_examined == kept[i].is_examined);
        CHECK(spooled[i].record.examined == kept[i].record.examined);
    }
}

TEST_CASE("sizes and extents that lie cost no more memory than others") {
    const ewf_test::Folder folder;
    const PlainMedia media(Bytes(512));
    PlanOptions options;
    options.memory_bytes = 1 << 20;
    options.spool_folder = folder.path("");
    Plan plan(options);
    for (int i = 0; i < 40; ++i) {
        EntryWork one = work("/hostile" + std::to_string(i), 0, ~std::uint64_t{0} - 1);
        one.media = &media.reader();
        one.record.entry.extents.assign(100'000, {0, 1});
        plan.send(0, std::move(one));
    }
    plan.finish();
    std::size_t taken = 0;
    while (const std::unique_ptr<Batch> batch = plan.take(never)) {
        CHECK(batch->items.size() <= 12);  // 1.6 MB each
        taken += batch->items.size();
    }
    CHECK(taken == 40);
}

TEST_CASE("the states of a walk follow when all of it is recorded") {
    Plan plan({});
    VolumeRecord state;
    state.name = "p0";
    plan.send(3, work("/a", 0));
    plan.end_walk(3, {state});
    plan.send(Plan::no_walk, ProblemRecord{});
    plan.finish();
    const std::unique_ptr<Batch> problems = plan.take(never), entries = plan.take(never);
    CHECK(std::holds_alternative<ProblemRecord>(problems->items.at(0)));
    CHECK(paths_of(*entries) == Paths{"/a"});
    plan.recorded(*problems);
    CHECK(plan.take(never) == nullptr);
    plan.recorded(*entries);
    const std::unique_ptr<Batch> states = plan.close();
    REQUIRE(states->items.size() == 1);
    CHECK(std::get<VolumeRecord>(states->items[0]).name == "p0");
}

TEST_CASE("while a disk with a head is listed, only the first class is read") {
    PlanOptions options;
    options.is_spinning = true;
    Plan plan(options);
    plan.send(0, work("/a.txt", 0));
    plan.send(0, work("/b.jpg", 9000));
    const std::unique_ptr<Batch> first = plan.take(never);
    CHECK(paths_of(*first).at(0) == "/b.jpg");
    plan.finish();
    CHECK(paths_of(*first).size() + take_all(plan).size() == 2);
}

TEST_CASE("a sender waits while too much is to be recorded, and is let go when nobody takes any more") {
    Plan plan({});
    std::atomic<int> sent{0};
    std::thread sending([&] {
        while (plan.send(Plan::no_walk, ProblemRecord{})) ++sent;
    });
    while (sent < 4096) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK(sent == 4096);
    CHECK(plan.take(never)->items.size() == 4096);
    while (sent < 8192) std::this_thread::yield();
    plan.close();
    sending.join();
    CHECK_FALSE(plan.send(Plan::no_walk, ProblemRecord{}));
}

TEST_CASE("a few entries are taken after a moment, and a receiver is let go by the end and by a stop") {
    Plan plan({});
    plan.send(0, work("/a", 0));
    CHECK(paths_of(*plan.take(never)) == Paths{"/a"});
    const std::atomic<bool> stop{true};
    CHECK(plan.take(stop) == nullptr);
    std::thread finishing([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        plan.finish();
    });
    CHECK(plan.take(never) == nullptr);
    finishing.join();
}

TEST_CASE("a spool that cannot be written ends the run, resumably") {
    PlanOptions options;
    options.memory_bytes = 1;
    options.spool_folder = "/nonexistent-folder";
    Plan plan(options);
    try {
        plan.send(0, work("/a", 0));
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::interrupted);
    }
}
