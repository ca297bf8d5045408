// SPDX-License-Identifier: Apache-2.0
// Known contents through the pipeline: a match is read twice, and never lost.
#include "engine/scan/pipeline.h"

#include <doctest/doctest.h>

#include <map>

#include "engine/hash/hasher.h"
#include "tests/support/known_sets.h"
#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;

namespace {

// One content that a set holds; what happens when it is read for the second time is the test's.
struct OneMatch {
    explicit OneMatch(Polarity polarity) : bytes(ewf_test::sample_media(9000)), media(bytes) {
        KnownRecord record;
        record.digests = hash_of(bytes);
        SetOptions options;
        options.identity.polarity = polarity;
        known.push_back(set_of({record}, options));
    }

    // The entries and problems that are recorded.
    void run(std::function<bool()> fails_on_second_reading) {
        auto& reader = const_cast<MediaReader&>(media.reader());
        reader.inject_faults(
            failing_where([&](std::uint64_t, std::size_t) { return ++readings > 1 && fails_on_second_reading(); }));
        Plan plan({});
        EntryWork work;
        work.media = &reader;
        work.record.entry.size = bytes.size();
        work.record.entry.extents = {{0, bytes.size()}};
        plan.send(Plan::no_walk, std::move(work));
        plan.finish();
        Progress progress;
        run_pipeline({plan, AlgorithmSet::all(), HashEngine::automatic, known, 1, false, stop, progress},
                     [&](const Batch& batch) {
                         for (const Item& item : batch.items) {
                             if (const auto* w = std::get_if<EntryWork>(&item)) examined.push_back(w->record.examined);
                             if (const auto* p = std::get_if<ProblemRecord>(&item)) problems.push_back(p->problem);
                         }
                     });
    }

    Bytes bytes;
    PlainMedia media;
    KnownSets known;
    std::atomic<bool> stop{false};
    int readings = 0;
    std::vector<Examined> examined;
    std::vector<Problem> problems;
};

}  // namespace

TEST_CASE("a notable match is read and computed again, another is not") {
    OneMatch notable(Polarity::notable), ignorable(Polarity::ignorable);
    for (OneMatch* match : {&notable, &ignorable}) {
        match->run([] { return false; });
        REQUIRE(match->examined.size() == 1);
        CHECK(match->examined[0].matches.size() == 1);
        CHECK(match->problems.empty());
    }
    CHECK(notable.readings == 2);
    CHECK(ignorable.readings == 1);
}

TEST_CASE("a match stays when its second reading fails, and a problem says so") {
    OneMatch match(Polarity::notable);
    match.run([] { return true; });
    REQUIRE(match.examined.size() == 1);
    CHECK(match.examined[0].matches.size() == 1);
    REQUIRE(match.problems.size() == 1);
    CHECK(match.problems[0].kind == ProblemKind::unreadable);
}

TEST_CASE("evidence that reads differently the second time ends the run") {
    OneMatch match(Polarity::notable);
    try {
        match.run([&] {
            const int fd = ::open(match.media.path().c_str(), O_WRONLY | O_CLOEXEC);
            CHECK(::pwrite(fd, "changed", 7, 100) == 7);
            ::close(fd);
            return false;
        });
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::untrusted);
    }
}

TEST_CASE("first bytes that cannot be read are a problem of what a size gate leaves out, and of nothing else") {
    const PlainMedia media(Bytes(1 << 20, std::byte{'x'}), {0});
    Plan plan({});
    for (const std::uint64_t offset : {0, 8192}) {
        EntryWork work;
        work.media = &media.reader();
        work.record.entry.path = "/at " + std::to_string(offset);
        work.record.entry.size = 9 << 20;  // as long as it is, nothing but its start is read
        work.record.entry.extents = {{offset, 70'000}};
        leave_out_by_size(work, true);
        plan.send(Plan::no_walk, std::move(work));
    }
    plan.finish();
    const std::atomic<bool> never{false};
    Progress progress;
    std::string told;
    run_pipeline({plan, AlgorithmSet::all(), HashEngine::automatic, {}, 1, false, never, progress},
                 [&](const Batch& batch) {
                     for (const Item& item : batch.items) {
                         if (const auto* p = std::get_if<ProblemRecord>(&item)) told += p->problem.path + " problem\n";
                         const auto* w = std::get_if<EntryWork>(&item);
                         if (!w) continue;
                         CHECK(w->record.examined.reason == Reason::size);
                         told += w->record.entry.path + (w->record.examined.is_typed ? " typed\n" : " open\n");
                     }
                 });
    CHECK(told == "/at 0 open\n/at 8192 typed\n/at 0 problem\n");
}

namespace {

// Long and short contents of one media. One thread makes the order certain.
struct Mixed {
    explicit Mixed(std::uint32_t many) : threads(many) {
        PlanOptions options;
        options.threads = threads;
        options.carries_long = true;
        plan.emplace(options);
        for (std::uint64_t i = 0; i < 5; ++i) send("/long " + std::to_string(i), i * 1000, (9 << 20) + i * 100'000);
        for (std::uint64_t i = 0; i < 200; ++i) send("/short " + std::to_string(i), i * 4096, 1 + i * 37 % 9000);
    }
    void send(const std::string& path, std::uint64_t offset, std::uint64_t size) {
        EntryWork work;
        work.media = &media.reader();
        work.record.entry.path = path;
        work.record.entry.size = size;
        work.record.entry.extents = {{offset, size}};
        truth[path] = hash_of(ByteView(bytes).subspan(offset, size));
        plan->send(0, std::move(work));
    }
    void run(const std::function<void(const EntryWork&)>& on_entry) {
        Progress progress;
        const KnownSets none;
        run_pipeline({*plan, AlgorithmSet::all(), HashEngine::automatic, none, threads, false, stop, progress},
                     [&](const Batch& batch) {
                         for (const Item& item : batch.items)
                             if (const auto* work = std::get_if<EntryWork>(&item)) on_entry(*work);
                     });
    }

    const std::uint32_t threads;
    const Bytes bytes = ewf_test::sample_media(12 << 20);
    const PlainMedia media{bytes};
    std::optional<Plan> plan;
    std::map<std::string, Digests> truth;
    std::atomic<bool> stop{false};
};

}  // namespace

TEST_CASE("long contents are carried beside short ones, and each is recorded once with its digests") {
    Mixed mixed(2);
    mixed.plan->finish();
    mixed.run([&](const EntryWork& work) {
        const auto expected = mixed.truth.extract(work.record.entry.path);
        REQUIRE(expected);
        CHECK(work.record.examined.status == Status::hashed);
        CHECK(work.record.examined.digests == expected.mapped());
    });
    CHECK(mixed.truth.empty());
}

TEST_CASE("short contents are recorded while long ones go on") {
    Mixed mixed(1);
    mixed.plan->finish();
    std::vector<std::string> order;
    mixed.run([&](const EntryWork& work) { order.push_back(work.record.entry.path); });
    CHECK(order.front().starts_with("/short"));
    CHECK(order.back().starts_with("/long"));
}

TEST_CASE("a run that stops records what it carries as not reached") {
    Mixed mixed(1);
    mixed.plan->finish();
    std::size_t recorded = 0, not_reached = 0;
    mixed.run([&](const EntryWork& work) {
        mixed.stop = true;
        ++recorded;
        if (work.record.examined.reason == Reason::not_reached) ++not_reached;
    });
    CHECK(recorded > not_reached);
    CHECK(not_reached >= 1);
}
