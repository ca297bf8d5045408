// SPDX-License-Identifier: Apache-2.0
#include "engine/known/known_set.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "engine/hash/hasher.h"
#include "tests/support/known_sets.h"

namespace triage {
namespace {

AlgorithmSet bits(std::uint8_t value) { return AlgorithmSet::from_bits(value); }
constexpr std::uint8_t md5 = 1, sha1 = 2, sha256 = 4;

// The record of a text with the chosen digests.
KnownRecord record(std::string_view text, std::uint8_t algorithms, std::uint64_t position) {
    KnownRecord result;
    result.digests = hash_of(as_bytes(text), bits(algorithms));
    result.position = position;
    return result;
}

std::vector<Match> matches(const KnownSet& set, std::string_view text, AlgorithmSet algorithms = AlgorithmSet::all()) {
    return test::matches_in(set, hash_of(as_bytes(text), algorithms), text.size(), 7);
}

Match match(std::uint64_t position, std::uint8_t agrees, std::uint8_t differs = 0,
            std::optional<bool> size_agrees = {}) {
    Match m;
    m.set = 7, m.record = position, m.agrees = bits(agrees), m.differs = bits(differs), m.size_agrees = size_agrees;
    return m;
}

using test::set_of;

}  // namespace

TEST_CASE("a record that shares a digest with the content is a match, any other is none") {
    const KnownSet set = set_of({record("abc", md5, 3), record("xyz", sha256, 9)});
    CHECK(matches(set, "abc") == std::vector<Match>{match(3, md5)});
    CHECK(matches(set, "xyz") == std::vector<Match>{match(9, sha256)});
    CHECK(matches(set, "other").empty());
    CHECK(matches(set, "xyz", bits(md5 | sha1)).empty());
    CHECK(set.identity().algorithms == bits(md5 | sha256));
}

TEST_CASE("a match says which digests agree, which differ, and whether the size does") {
    KnownRecord collision = record("abc", md5, 1);
    collision.digests.sha256 = hash_of(as_bytes("other")).sha256;
    collision.size = 4;
    collision.category = {"VICS", "1"};
    collision.label = "seen.jpg";
    collision.flags.add(RecordFlag::distributed);
    const KnownSet set = set_of({collision});
    const auto expected = [](std::uint8_t agrees, std::uint8_t differs) {
        Match m = match(1, agrees, differs, false);
        m.category_set = "VICS", m.category = "1", m.label = "seen.jpg", m.flags.add(RecordFlag::distributed);
        return std::vector<Match>{m};
    };
    CHECK(matches(set, "abc") == expected(md5, sha256));
    CHECK(matches(set, "abc", bits(md5)) == expected(md5, 0));
    CHECK(matches(set, "other") == expected(sha256, md5));
}

TEST_CASE("matches come in order of position, one a record") {
    KnownRecord named = record("abc", sha1 | sha256, 20);
    named.label = "b";
    const KnownSet set = set_of({record("abc", md5, 10), named, record("no", md5, 25), record("abc", md5 | sha1, 30)});
    const auto found = matches(set, "abc");
    REQUIRE(found.size() == 3);
    CHECK(found[0] == match(10, md5));
    Match labelled = match(20, sha1 | sha256);
    labelled.label = "b";
    CHECK(found[1] == labelled);
    CHECK(found[2] == match(30, md5 | sha1));
}

TEST_CASE("a duplicate is counted and kept once, at its first position") {
    KnownRecord labelled = record("abc", md5, 4);
    labelled.label = "x";
    KnownRecord sized = record("abc", md5, 5);
    sized.size = 3;
    const KnownSet set = set_of({record("abc", md5, 1), record("abc", md5, 2), record("abc", md5 | sha1, 3), labelled,
                                 sized, record("abc", md5, 6), record("abc", md5 | sha1, 7)});
    CHECK(set.identity().records_accepted == 4);
    CHECK(set.identity().records_duplicate == 3);
    std::vector<std::uint64_t> positions;
    for (const Match& match : matches(set, "abc")) positions.push_back(match.record);
    CHECK(positions == std::vector<std::uint64_t>{1, 3, 4, 5});
}

TEST_CASE("what two lists of one import name is kept for each of them") {
    SetWriter writer({});
    for (int source = 0; source < 2; ++source) {
        writer.begin_source();
        for (const std::uint64_t position : {5, 6}) writer.add(record("abc", md5, position));
    }
    const int fd = test::memory_file();
    CHECK(writer.write(fd, {}, {}).records_duplicate == 2);
    const std::vector<Match> found = matches(KnownSet::open(fd, "two.tks"), "abc");
    REQUIRE(found.size() == 2);
    CHECK(found[0] == match(5, md5));
    CHECK(found[1].source == 1);
    CHECK(found[1].record == 5);
}

TEST_CASE("of more mentions than are told the alerting ones are told first") {
    std::vector<KnownRecord> records;
    const auto mention = [&](const std::string& category, std::uint64_t position) {
        KnownRecord r = record("abc", md5, position);
        r.category.number = category;
        r.label = fmt::format("label {}", position);
        records.push_back(r);
    };
    for (std::uint64_t i = 1; i <= KnownSet::most_mentions; ++i) mention("notice", i);
    mention("alert", 5000);
    for (std::uint64_t i = 1; i <= 10; ++i) mention("other", 6000 + i);
    mention("alert", 7000);
    test::SetOptions options;
    options.alert_categories = {"alert"};
    const KnownSet set = set_of(records, options);
    const std::vector<Match> found = matches(set, "abc");
    REQUIRE(found.size() == KnownSet::most_mentions);
    CHECK(std::ranges::count(found, true, &Match::alerts) == 2);
    CHECK(found[997].record == 998);
    CHECK(found[998].record == 5000);
    CHECK(found[999].record == 7000);
}

TEST_CASE("records of which nothing is computed are counted") {
    const KnownSet set = set_of({record("a", md5, 1), record("b", md5 | sha256, 2), record("c", sha256, 3)});
    CHECK(set.records_without(AlgorithmSet::all()) == 0);
    CHECK(set.records_without(bits(sha256)) == 1);
    CHECK(set.records_without(bits(sha1)) == 3);
    CHECK(set.records_without(bits(md5)) == 1);
}

TEST_CASE("lookups in several sets keep the order of the sets") {
    KnownSets sets;
    sets.push_back(set_of({record("x", md5, 1)}));
    sets.push_back(set_of({record("abc", sha1, 2)}));
    sets.push_back(set_of({record("abc", md5, 3)}));
    const auto found = lookup(sets, hash_of(as_bytes("abc")), 3);
    REQUIRE(found.size() == 2);
    CHECK(found[0].set == 1);
    CHECK(found[1].set == 2);
    CHECK(algorithms_of(sets) == bits(md5 | sha1));
}

TEST_CASE("an empty set matches nothing") { CHECK(matches(set_of({}), "abc").empty()); }

// The index over leading bits must be right for any number of records and any distribution of digests.
TEST_CASE("a set of many records finds all of them and nothing else") {
    for (const std::size_t count : {1u, 7u, 8u, 9u, 1000u, 20000u}) {
        std::vector<KnownRecord> records;
        for (std::size_t i = 0; i < count; ++i)
            records.push_back(record(fmt::format("in {}", i), static_cast<std::uint8_t>(1 + i % 7), 3 * i));
        const KnownSet set = set_of(records);
        std::size_t right = 0, wrong = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const auto found = matches(set, fmt::format("in {}", i));
            right += found.size() == 1 && found[0].record == 3 * i;
            wrong += matches(set, fmt::format("out {}", i)).size();
        }
        CHECK(right == count);
        CHECK(wrong == 0);
    }
}

TEST_CASE("digests that share their leading bits are told apart") {
    std::vector<KnownRecord> records;
    for (unsigned i = 0; i < 500; ++i) {
        KnownRecord r;
        r.digests.set(*Digest::parse(fmt::format("ffffffffffffffff{:016x}", i * 7)));
        r.position = i;
        records.push_back(r);
    }
    const KnownSet set = set_of(records);
    Digests wanted;
    wanted.set(*Digest::parse(fmt::format("ffffffffffffffff{:016x}", 490 * 7)));
    const auto found = test::matches_in(set, wanted, 0);
    REQUIRE(found.size() == 1);
    CHECK(found[0].record == 490);
}

}  // namespace triage
