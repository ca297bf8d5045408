// SPDX-License-Identifier: Apache-2.0
#include "engine/base/in_order.h"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace triage;

namespace {

// What `threads` threads make of 1000 pieces: the numbers up to the first that fails.
std::string numbers_until(std::uint64_t failing, std::uint32_t threads, std::string& failure) {
    std::string text;
    const auto start = [&] {
        return [&](std::uint64_t number, const auto& in_turn) {
            if (number % 7 == 0) std::this_thread::yield();
            if (number >= failing) throw std::runtime_error("piece " + std::to_string(number));
            const std::string digits = std::to_string(number);
            in_turn([&] { text += digits; });  // a piece may be handed over in parts
            in_turn([&] { text += " "; });
        };
    };
    try {
        InOrder(1000).run(threads, start);
    } catch (const std::exception& error) {
        failure = error.what();
    }
    return text;
}

}  // namespace

TEST_CASE("pieces are used in order whatever the threads") {
    std::string failure, one = numbers_until(1000, 1, failure);
    CHECK(one.starts_with("0 1 2 3 "));
    CHECK(one.ends_with(" 998 999 "));
    for (const std::uint32_t threads : {2u, 3u, 4u}) CHECK(numbers_until(1000, threads, failure) == one);
    CHECK(failure == "");
}

TEST_CASE("the first failure in the order ends the work, and what came before it was used") {
    for (const std::uint32_t threads : {1u, 2u, 4u}) {
        std::string failure;
        CHECK(numbers_until(100, threads, failure).ends_with(" 98 99 "));
        CHECK(failure == "piece 100");
    }
}

TEST_CASE("a failure to start, and one in turn, is thrown; no pieces are no work") {
    const auto refuse = [](std::uint64_t, const auto& in_turn) {
        in_turn([] { throw std::runtime_error("cannot write"); });
    };
    const auto cannot_start = [&]() -> decltype(refuse) { throw std::runtime_error("cannot start"); };
    CHECK_THROWS_WITH(InOrder(10).run(4, cannot_start), "cannot start");
    CHECK_THROWS_WITH(InOrder(10).run(4, [&] { return refuse; }), "cannot write");
    CHECK_NOTHROW(InOrder(0).run(4, cannot_start));
}

TEST_CASE("a piece that hands nothing over is passed by") {
    int last = 0;
    InOrder(100).run(3, [&] {
        return [&](std::uint64_t number, const auto& in_turn) {
            if (number == 99) in_turn([&] { last = 99; });
        };
    });
    CHECK(last == 99);
}
