// SPDX-License-Identifier: Apache-2.0
#include "engine/known/size_gate.h"

#include <doctest/doctest.h>

#include "engine/hash/hasher.h"
#include "tests/support/known_sets.h"

namespace triage {
namespace {

KnownRecord record(std::string_view text, std::optional<std::uint64_t> size, std::uint8_t algorithms = 1) {
    KnownRecord result;
    result.digests = hash_of(as_bytes(text), AlgorithmSet::from_bits(algorithms));
    result.size = size;
    return result;
}

KnownSet set_of(std::string name, Polarity polarity, const std::vector<KnownRecord>& records) {
    test::SetOptions options;
    options.identity.name = std::move(name);
    options.identity.polarity = polarity;
    return test::set_of(records, options);
}

template <class... Sets>
SizeGate gate_of(Sets... sets) {
    KnownSets all;
    (all.push_back(std::move(sets)), ...);
    return SizeGate(all);
}

}  // namespace

TEST_CASE("only sizes of notable records may match, small and large ones") {
    const std::uint64_t large = std::uint64_t{5} << 40;
    const SizeGate gate = gate_of(set_of("a", Polarity::notable, {record("x", 7), record("y", large)}),
                                  set_of("b", Polarity::ignorable, {record("z", 9), record("w", {})}));
    REQUIRE(gate.holds());
    for (const std::uint64_t size : {std::uint64_t{7}, large}) CHECK(gate.may_match(size));
    for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{9}, large - 1, large + 1, ~std::uint64_t{0}})
        CHECK_FALSE(gate.may_match(size));
}

TEST_CASE("a size that is missing, is 0, or differs between records of one hash opens the gate") {
    const auto notable = [](const std::vector<KnownRecord>& records) {
        return set_of("list", Polarity::notable, records);
    };
    for (const SizeGate& gate :
         {gate_of(notable({record("x", 7), record("y", {})})), gate_of(notable({record("x", 7), record("y", 0)})),
          gate_of(notable({record("x", 7), record("x", 8)})),
          // One hash in two lists.
          gate_of(notable({record("x", 7), record("y", 5)}), notable({record("x", 8)})),
          gate_of(notable({record("x", 7, 4)}), notable({record("q", 9), record("x", 8, 6)})), SizeGate(),
          gate_of(set_of("i", Polarity::ignorable, {record("x", 7)}))}) {
        CHECK_FALSE(gate.holds());
        CHECK(gate.may_match(12345));
        CHECK_FALSE(gate.obstacle().empty());
    }
    CHECK(gate_of(notable({record("x", 7)}), notable({record("x", 7), record("y", 8)})).holds());
}

TEST_CASE("more large sizes than fit into memory are complete no longer") {
    DistinctSizes sizes;
    for (std::uint64_t i = 0; i < DistinctSizes::most_large; ++i) sizes.add(DistinctSizes::small_sizes + i);
    CHECK(sizes.add(DistinctSizes::small_sizes));
    CHECK(sizes.count() == DistinctSizes::most_large);
    CHECK_FALSE(sizes.add(~std::uint64_t{0}));
    CHECK_FALSE(sizes.add(7));
    CHECK(sizes.count() == 0);
}

TEST_CASE("two protected sets cannot be compared; one can be looked into with the digests of the other") {
    const Secret secret(Secret::Kind::key_file, Bytes(32, std::byte{7}));
    const auto protected_set = [&](std::uint64_t size) {
        const SetKey key(secret);
        test::SetOptions options;
        options.identity.polarity = Polarity::notable;
        options.key = &key;
        return KnownSet::open(test::compile({record("x", size)}, options), "p", &secret);
    };
    const auto open_set = [](std::uint64_t size) { return set_of("o", Polarity::notable, {record("x", size)}); };
    CHECK(gate_of(protected_set(7)).holds());
    CHECK(gate_of(protected_set(7), open_set(7)).holds());
    CHECK_FALSE(gate_of(protected_set(7), open_set(8)).holds());
    CHECK_FALSE(gate_of(protected_set(7), protected_set(7)).holds());
}

TEST_CASE("a gate that is being built hears a stop within a few thousand records, and then says nothing of sizes") {
    std::vector<KnownRecord> records;
    for (std::uint64_t i = 0; i < 20000; ++i) records.push_back(record(std::to_string(i), i + 1));
    KnownSets sets;
    sets.push_back(set_of("a", Polarity::notable, records));
    sets.push_back(set_of("b", Polarity::notable, records));
    std::size_t looks = 0;
    const auto stopped_at = [&](std::size_t look) {
        looks = 0;
        return SizeGate(sets, [&looks, look] { return ++looks >= look; });
    };
    REQUIRE(stopped_at(~std::size_t{0}).holds());
    const std::size_t all = looks;
    CHECK(all > 80);  // sizes in steps of 4,096 records, the comparison in steps of 256
    for (const std::size_t look : {std::size_t{1}, std::size_t{4}, std::size_t{7}, all}) {
        const SizeGate gate = stopped_at(look);
        CHECK_FALSE(gate.holds());
        CHECK(gate.was_stopped());
        CHECK(gate.may_match(~std::uint64_t{0}));
        CHECK(gate.obstacle() == "the run was stopped before all sizes were read");
        CHECK(looks <= look + 1);
    }
}

}  // namespace triage
