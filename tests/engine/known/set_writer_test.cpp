// SPDX-License-Identifier: Apache-2.0
// Large sets: what they cost, and that neither memory nor threads change anything.
#include "engine/known/set_writer.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <random>
#include <thread>

#include "engine/hash/hasher.h"
#include "tests/support/known_sets.h"

namespace triage {
namespace {

std::vector<KnownRecord> records(std::size_t count, std::initializer_list<Algorithm> algorithms) {
    std::mt19937_64 random(20261125);
    std::vector<KnownRecord> all(count);
    for (std::size_t i = 0; i < count; ++i) {
        for (const Algorithm a : algorithms) all[i].digests.set(test::random_digest(a, random));
        all[i].position = i + 1;
    }
    return all;
}

Bytes compiled(const std::vector<KnownRecord>& all, std::uint64_t memory) {
    test::SetOptions options;
    options.memory = memory;
    const int fd = test::compile(all, options);
    Bytes bytes(static_cast<std::size_t>(::lseek(fd, 0, SEEK_END)));
    REQUIRE(::pread(fd, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    ::close(fd);
    return bytes;
}

}  // namespace

TEST_CASE("a record costs at most 20, 24 and 36 bytes by MD5, SHA-1 and SHA-256") {
    constexpr std::size_t count = 200'000;
    const auto bytes_a_record = [](Algorithm algorithm) {
        return static_cast<double>(compiled(records(count, {algorithm}), 64 << 20).size()) / count;
    };
    CHECK(bytes_a_record(Algorithm::md5) <= 20);
    CHECK(bytes_a_record(Algorithm::sha1) <= 24);
    CHECK(bytes_a_record(Algorithm::sha256) <= 36);
}

// Pieces of a partition are 1 KiB at the smallest: a MiB of memory sends every row to the disk and back.
TEST_CASE("a set that was sorted on the disk has the bytes of one sorted in memory") {
    std::vector<KnownRecord> all = records(200'000, {Algorithm::md5, Algorithm::sha256});
    for (std::size_t i = 0; i < all.size(); ++i) all[i].label = fmt::format("label {}", i % 500);
    const Bytes small = compiled(all, 1 << 20);
    CHECK(small == compiled(all, 1 << 30));
}

TEST_CASE("many queries at once are answered as one by one, from many threads as from one") {
    const std::vector<KnownRecord> all = records(10'000, {Algorithm::md5, Algorithm::sha1});
    std::mt19937_64 random(5);
    std::vector<Digests> asked;
    for (int i = 0; i < 10'000; ++i) {
        if (i % 2 == 0) asked.push_back(all[random() % all.size()].digests);
        else asked.emplace_back().set(test::random_digest(Algorithm::md5, random));
    }
    const KnownSet reference = test::set_of(all);
    std::vector<std::vector<Match>> expected;
    for (const Digests& digests : asked) expected.push_back(test::matches_in(reference, digests, 1));

    std::vector<KnownQuery> queries;
    for (std::size_t i = 0; i < 100; ++i) queries.push_back({&asked[i], 1});
    std::vector<std::vector<Match>> together(queries.size());
    reference.lookup(queries, 0, together);
    CHECK(together == std::vector(expected.begin(), expected.begin() + 100));

    const KnownSet fresh = test::set_of(all);  // its blocks are checked by whoever comes first
    std::vector<std::size_t> wrong(4);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < wrong.size(); ++t)
        threads.emplace_back([&, t] {
            for (std::size_t i = 0; i < asked.size(); ++i)
                wrong[t] += test::matches_in(fresh, asked[i], 1) != expected[i];
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == std::vector<std::size_t>(4));
}

}  // namespace triage
