// SPDX-License-Identifier: Apache-2.0
#include "engine/known/known_set.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <random>

#include "engine/hash/hasher.h"

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

KnownSet set_of(const std::vector<KnownRecord>& records) {
    KnownSetBuilder builder;
    for (const KnownRecord& r : records) builder.add(r);
    return std::move(builder).build({});
}

std::vector<Match> matches(const KnownSet& set, std::string_view text, AlgorithmSet algorithms = AlgorithmSet::all()) {
    std::vector<Match> found;
    set.lookup(hash_of(as_bytes(text), algorithms), text.size(), 7, found);
    return found;
}

}  // namespace

TEST_CASE("a record that shares a digest with the content is a match, any other is none") {
    const KnownSet set = set_of({record("abc", md5, 3), record("xyz", sha256, 9)});
    CHECK(matches(set, "abc") == std::vector<Match>{{7, 3, "", "", bits(md5), {}, {}}});
    CHECK(matches(set, "xyz") == std::vector<Match>{{7, 9, "", "", bits(sha256), {}, {}}});
    CHECK(matches(set, "other").empty());
    CHECK(matches(set, "xyz", bits(md5 | sha1)).empty());
    CHECK(set.identity().algorithms == bits(md5 | sha256));
}

TEST_CASE("a match says which digests agree, which differ, and whether the size does") {
    KnownRecord collision = record("abc", md5, 1);
    collision.digests.sha256 = hash_of(as_bytes("other")).sha256;
    collision.size = 4;
    collision.category = "1";
    collision.label = "seen.jpg";
    const KnownSet set = set_of({collision});
    CHECK(matches(set, "abc") == std::vector<Match>{{7, 1, "1", "seen.jpg", bits(md5), bits(sha256), false}});
    CHECK(matches(set, "abc", bits(md5)) == std::vector<Match>{{7, 1, "1", "seen.jpg", bits(md5), {}, false}});
    CHECK(matches(set, "other") == std::vector<Match>{{7, 1, "1", "seen.jpg", bits(sha256), bits(md5), false}});
}

TEST_CASE("matches come in order of position, one a record") {
    KnownRecord named = record("abc", sha1 | sha256, 20);
    named.label = "b";
    const KnownSet set = set_of({record("abc", md5, 10), named, record("no", md5, 25), record("abc", md5 | sha1, 30)});
    const auto found = matches(set, "abc");
    REQUIRE(found.size() == 3);
    CHECK(found[0] == Match{7, 10, "", "", bits(md5), {}, {}});
    CHECK(found[1] == Match{7, 20, "", "b", bits(sha1 | sha256), {}, {}});
    CHECK(found[2] == Match{7, 30, "", "", bits(md5 | sha1), {}, {}});
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
        KnownSetBuilder builder;
        builder.expect(count);
        for (std::size_t i = 0; i < count; ++i)
            builder.add(record(fmt::format("in {}", i), static_cast<std::uint8_t>(1 + i % 7), 3 * i));
        const KnownSet set = std::move(builder).build({});
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
    KnownSetBuilder builder;
    for (unsigned i = 0; i < 500; ++i) {
        KnownRecord r;
        r.digests.set(*Digest::parse(fmt::format("ffffffffffffffff{:016x}", i * 7)));
        r.position = i;
        builder.add(r);
    }
    const KnownSet set = std::move(builder).build({});
    std::vector<Match> found;
    Digests wanted;
    wanted.set(*Digest::parse(fmt::format("ffffffffffffffff{:016x}", 490 * 7)));
    set.lookup(wanted, 0, 0, found);
    REQUIRE(found.size() == 1);
    CHECK(found[0].record == 490);
}

}  // namespace triage
