// SPDX-License-Identifier: Apache-2.0
// The truth is ContentExaminer, whose digests examine_test.cpp holds against OpenSSL's one-shot functions.
#include "engine/examine/lane_examiner.h"

#include <doctest/doctest.h>

#include <deque>
#include <thread>

#include "engine/examine/confirm.h"
#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;
using triage::ewf_test::sample_media;

namespace {

constexpr std::uint64_t hole = Extent::hole;
const std::atomic<bool> never{false};

// Contents of a test with their results.
struct Contents {
    std::deque<Entry> entries;
    std::deque<Examined> results;
    std::vector<ExamineJob> jobs;

    void add(const MediaReader& media, std::vector<Extent> extents) {
        Entry& entry = entries.emplace_back();
        entry.extents = std::move(extents);
        for (const Extent& extent : entry.extents) entry.size += extent.length;
        jobs.push_back({&media, &entry, &results.emplace_back()});
    }
    void check_against_reference(AlgorithmSet algorithms) const {
        ContentExaminer reference(algorithms);
        for (const ExamineJob& job : jobs) {
            CAPTURE(job.entry->size);
            CHECK(*job.result == reference.examine(*job.media, *job.entry, never));
        }
    }
};

void run_in_threads(std::size_t tasks, const std::function<void(std::size_t)>& task) {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < tasks; ++i) threads.emplace_back([&task, i] { task(i); });
    for (std::thread& thread : threads) thread.join();
}

// Sizes around blocks, reads and windows; neighbours, gaps, holes, fragments.
Contents many_contents(const MediaReader& media) {
    Contents contents;
    std::uint64_t at = 0;
    for (const std::uint64_t size : {0u, 1u, 55u, 56u, 63u, 64u, 65u, 127u, 128u, 4096u, 65'535u, 65'536u, 65'537u,
                                     262'144u, 262'145u, 1'000'000u, 3'000'001u})
        contents.add(media, size == 0 ? std::vector<Extent>{} : std::vector<Extent>{{at, size}}), at += size / 2 + 1;
    for (std::uint64_t i = 0; i < 300; ++i) contents.add(media, {{i * 4096, 1 + i * 37 % 9000}});
    contents.add(media, {{hole, 1'000'000}});
    contents.add(media, {{7, 5}, {hole, 3}, {1000, 700'000}, {hole, 200'000}, {5, 1}});
    for (std::uint64_t i = 0; i < 40; ++i) contents.add(media, {{900'000 - i * 9000, 100}, {i, 70'000}});
    return contents;
}

}  // namespace

TEST_CASE("many contents at once get what each gets alone, with every set of algorithms") {
    const PlainMedia media(sample_media(4 << 20));
    for (std::uint8_t bits = 1; bits < 8; ++bits) {
        const AlgorithmSet algorithms = AlgorithmSet::from_bits(bits);
        Contents contents = many_contents(media.reader());
        LaneExaminer(algorithms, {}).examine(contents.jobs, never);
        contents.check_against_reference(algorithms);
    }
}

TEST_CASE("few long contents are the same when their parts run side by side") {
    const PlainMedia media(sample_media(6 << 20));
    for (const int count : {1, 2, 3, 4, 5}) {
        Contents contents;
        for (int i = 0; i < count; ++i)
            contents.add(media.reader(), {{static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(5'000'000 + i)}});
        LaneExaminer(AlgorithmSet::all(), run_in_threads).examine(contents.jobs, never);
        contents.check_against_reference(AlgorithmSet::all());
    }
}

TEST_CASE("an examiner is used again, also for another media") {
    const PlainMedia one(sample_media(1 << 20, 1)), two(sample_media(1 << 20, 2));
    LaneExaminer examiner(AlgorithmSet::all(), {});
    for (const PlainMedia* media : {&one, &two, &one}) {
        Contents contents = many_contents(media->reader());
        examiner.examine(contents.jobs, never);
        contents.check_against_reference(AlgorithmSet::all());
    }
    Contents mixed;
    for (std::uint64_t i = 0; i < 50; ++i) mixed.add((i % 2 ? one : two).reader(), {{i * 500, 400}});
    examiner.examine(mixed.jobs, never);
    mixed.check_against_reference(AlgorithmSet::all());
}

TEST_CASE("a bad sector costs the contents that hold it, not their neighbours") {
    const PlainMedia media(sample_media(2 << 20), {100, 2000, 3000});
    Contents contents;
    for (std::uint64_t i = 0; i < 500; ++i) contents.add(media.reader(), {{i * 2048, 2000}});
    contents.add(media.reader(), {{0, 2 << 20}});
    contents.add(media.reader(), {{100 * 512, 512}});
    LaneExaminer(AlgorithmSet::all(), {}).examine(contents.jobs, never);
    contents.check_against_reference(AlgorithmSet::all());
    CHECK(std::count_if(contents.results.begin(), contents.results.end(),
                        [](const Examined& e) { return e.status != Status::hashed; }) == 3);
}

TEST_CASE("neighbours are fetched in few reads") {
    const Bytes bytes = sample_media(1 << 20);
    const PlainMedia media(bytes);
    std::atomic<int> reads{0};
    const_cast<MediaReader&>(media.reader()).observe({[&](std::uint64_t) { ++reads; }, [] {}});
    Contents contents;
    for (std::uint64_t i = 0; i < 256; ++i) contents.add(media.reader(), {{i * 4096, 4000}});
    LaneExaminer(AlgorithmSet::all(), {}).examine(contents.jobs, never);
    CHECK(reads <= 5);
    contents.check_against_reference(AlgorithmSet::all());
}

TEST_CASE("holes cost no read") {
    const PlainMedia media(Bytes(4096));
    Contents contents;
    contents.add(media.reader(), {{hole, 5'000'000}});
    LaneExaminer(AlgorithmSet::all(), {}).examine(contents.jobs, never);
    CHECK(contents.results[0].status == Status::hashed);
    CHECK(media.reader().bytes_read() == 0);
}

TEST_CASE("a long content with a flaw is read on in large pieces") {
    const PlainMedia media(sample_media(8 << 20), {1024});
    std::atomic<int> reads{0};
    const_cast<MediaReader&>(media.reader()).observe({[&](std::uint64_t bytes) { reads += bytes > 0; }, [] {}});
    Contents contents;
    contents.add(media.reader(), {{0, 8 << 20}});
    for (std::uint64_t i = 0; i < 4; ++i) contents.add(media.reader(), {{i, 700'000 + 64 * i}});
    LaneExaminer(AlgorithmSet::all(), {}).examine(contents.jobs, never);
    Examined wanted{Status::partial, Reason::read_error, 512, {}, {}};
    wanted.unread = {{1024 * 512, 512, BadRangeCause::read_error, "segment 1: Input/output error"}};
    CHECK(contents.results[0] == wanted);
    CHECK(reads < 200);
}

TEST_CASE("a content whose extents are not its size has no hash") {
    const PlainMedia media(sample_media(9000));
    Contents contents;
    contents.add(media.reader(), {{0, 5000}});
    contents.entries[0].size = 5001;
    contents.add(media.reader(), {{0, 200'000}});
    contents.entries[1].size = 100;
    LaneExaminer(AlgorithmSet::all(), {}).examine(contents.jobs, never);
    CHECK(contents.results[0] == Examined{Status::unreadable, Reason::damaged, 5001, {}, {}});
    CHECK(contents.results[1].status == Status::partial);
}

TEST_CASE("a stopped run leaves what it had not finished, and the examiner can go on") {
    const PlainMedia media(sample_media(2 << 20));
    LaneExaminer examiner(AlgorithmSet::all(), {});
    Contents contents = many_contents(media.reader());
    const std::atomic<bool> stop{true};
    examiner.examine(contents.jobs, stop);
    for (const Examined& result : contents.results)
        if (result.status != Status::hashed) CHECK(result.reason == Reason::not_reached);
    examiner.examine(contents.jobs, never);
    contents.check_against_reference(AlgorithmSet::all());
}

TEST_CASE("each lane's contents are computed again once in 256") {
    const PlainMedia media(sample_media(1 << 20));
    std::vector<const ExamineJob*> again;
    Contents contents;
    for (std::uint64_t i = 0; i < 4096 + 256; ++i) contents.add(media.reader(), {{i * 128, 100 + i % 3}});
    LaneExaminer(AlgorithmSet::all(), {}, [&](const ExamineJob& job) {
        again.push_back(&job);
    }).examine(contents.jobs, never);
    CHECK(again.size() >= 16);
    CHECK(again.size() <= 18);
    ContentExaminer reference(AlgorithmSet::all());
    for (const ExamineJob* job : again) CHECK_NOTHROW(confirm(reference, *job, never));
}

TEST_CASE("a second computation that differs ends the run") {
    const PlainMedia media(sample_media(9000));
    Contents contents;
    contents.add(media.reader(), {{0, 9000}});
    LaneExaminer(AlgorithmSet::all(), {}).examine(contents.jobs, never);
    ContentExaminer reference(AlgorithmSet::all());
    CHECK(confirm(reference, contents.jobs[0], never));
    const std::atomic<bool> stop{true};
    CHECK_FALSE(confirm(reference, contents.jobs[0], stop));
    contents.results[0].digests.sha1->bytes[19] ^= std::byte{1};
    try {
        confirm(reference, contents.jobs[0], never);
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::untrusted);
    }
}

TEST_CASE("a carried content gets what it gets alone, whatever passes beside it, in however many calls") {
    const PlainMedia media(sample_media(6 << 20));
    for (std::uint8_t bits = 1; bits < 8; ++bits)
        for (const std::uint64_t waiting : {std::uint64_t{0}, ~std::uint64_t{0}}) {
            const AlgorithmSet algorithms = AlgorithmSet::from_bits(bits);
            LaneExaminer examiner(algorithms, {});
            Contents carried;
            for (std::uint64_t i = 0; i < 3; ++i) carried.add(media.reader(), {{i, 5'000'000 + i * 300'000}});
            for (const ExamineJob& job : carried.jobs) examiner.carry(job);
            CHECK(examiner.carried() == 3);
            for (int call = 0; call < 3; ++call) {
                Contents passing;
                for (std::uint64_t i = 0; i < 30; ++i) passing.add(media.reader(), {{i * 4096, 1 + i * 37 % 9000}});
                examiner.examine(passing.jobs, never, waiting);
                passing.check_against_reference(algorithms);
                CHECK(examiner.carries(carried.jobs[2]));
            }
            while (examiner.carried() > 0) examiner.go_on(1 << 20, never);
            CHECK_FALSE(examiner.carries(carried.jobs[2]));
            carried.check_against_reference(algorithms);
        }
}

TEST_CASE("where all lanes carry, others wait for one and are not lost") {
    const PlainMedia media(sample_media(2 << 20));
    LaneExaminer examiner(AlgorithmSet::all(), {});
    Contents carried, passing;
    for (std::uint64_t i = 0; i < lane_count; ++i) carried.add(media.reader(), {{i * 100, 400'000 + i * 50'000}});
    for (const ExamineJob& job : carried.jobs) examiner.carry(job);
    for (std::uint64_t i = 0; i < 20; ++i) passing.add(media.reader(), {{i, 300}});
    examiner.examine(passing.jobs, never);
    passing.check_against_reference(AlgorithmSet::all());
    while (examiner.carried() > 0) examiner.go_on(1 << 20, never);
    carried.check_against_reference(AlgorithmSet::all());
}

TEST_CASE("what is carried is given up when the run stops") {
    const PlainMedia media(sample_media(2 << 20));
    LaneExaminer examiner(AlgorithmSet::all(), {});
    Contents carried;
    carried.add(media.reader(), {{0, 2 << 20}});
    examiner.carry(carried.jobs[0]);
    examiner.go_on(1 << 20, std::atomic<bool>{true});
    CHECK(examiner.carried() == 0);
    CHECK(carried.results[0].reason == Reason::not_reached);
    CHECK(carried.results[0].missing_bytes == 2 << 20);
}
