// SPDX-License-Identifier: Apache-2.0
// What a run asks of its digests before the first content: are they right, and from how many lanes are kernels faster?
#include <fmt/format.h>

#include <chrono>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/hash/hasher.h"
#include "engine/hash/lanes.h"

namespace triage {
namespace {

// RFC 1321 appendix A.5; FIPS 180-2 appendices A and B.
struct Example {
    std::string_view text, md5, sha1, sha256;
};
constexpr Example examples[] = {
    {"abc", "900150983cd24fb0d6963f7d28e17f72", "a9993e364706816aba3e25717850c26c9cd0d89d",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"", "d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
};

[[noreturn]] void fail(std::string_view what) {
    throw Error("digests", fmt::format("the self-test failed: {}", what),
                "this processor, its microcode or this build computes wrong digests; use another machine");
}

Digests digests_of(const Example& example, AlgorithmSet algorithms) {
    Digests digests;
    for (const std::string_view hex : {example.md5, example.sha1, example.sha256}) {
        const Digest digest = *Digest::parse(hex);
        if (algorithms.has(digest.algorithm)) digests.set(digest);
    }
    return digests;
}

// Bytes without a pattern, the same in each run.
Bytes noise(std::size_t size) {
    Bytes bytes(size);
    std::uint32_t x = 2463534242;
    for (std::byte& b : bytes) {
        x ^= x << 13, x ^= x >> 17, x ^= x << 5;
        b = static_cast<std::byte>(x);
    }
    return bytes;
}

// Lane l gets a content of `blocks` blocks and a rest of `rest` bytes that begins l bytes into `bytes`.
void test_lanes(const LaneKernel& kernel, ByteView bytes, std::size_t blocks, std::size_t rest,
                AlgorithmSet algorithms) {
    LaneDigests lanes(algorithms, kernel);
    LaneBlocks at;
    for (std::size_t lane = 0; lane < lane_count; ++lane) lanes.begin(lane), at[lane] = bytes.data() + lane;
    lanes.update(at, blocks, algorithms);
    const std::size_t whole = blocks * block_bytes;
    for (std::size_t lane = 0; lane < lane_count; ++lane) {
        const ByteView content = bytes.subspan(lane, whole + rest);
        if (lanes.finish(lane, content.subspan(whole), content.size()) != hash_of(content, algorithms))
            fail(fmt::format("the {} kernels and OpenSSL differ", kernel.name));
        lanes.begin(lane);
        lanes.update_one(lane, content.first(whole), algorithms);
        if (lanes.finish(lane, content.subspan(whole), content.size()) != hash_of(content, algorithms))
            fail("OpenSSL differs from itself when it goes on from chaining values");
    }
}

// Each lane with the next one, and the last blocks alone.
void test_pairs(ByteView bytes, std::size_t blocks, std::size_t rest) {
    LaneDigests lanes(AlgorithmSet::all());
    for (std::size_t lane = 0; lane < lane_count; ++lane) {
        const std::array pair{lane, (lane + 1) % lane_count};
        LaneBlocks at{};
        for (const std::size_t l : pair) lanes.begin(l), at[l] = bytes.data() + l;
        lanes.update_pair(pair, at, blocks / 2);
        for (const std::size_t& l : pair) {
            at[l] += blocks / 2 * block_bytes;
            lanes.update_pair(std::span(&l, 1), at, blocks - blocks / 2);
            const ByteView content = bytes.subspan(l, blocks * block_bytes + rest);
            const Digests digests = lanes.finish(l, content.subspan(blocks * block_bytes), content.size());
            if (digests != hash_of(content, AlgorithmSet::all())) fail("the SHA instructions and OpenSSL differ");
        }
    }
}

constexpr std::size_t measured_blocks = 32;

// Nanoseconds for `measured_blocks` blocks, the best of a few.
template <class Run>
double measure(Run run) {
    double best = 0;
    for (int i = 0; i < 5; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        run();
        const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
        if (i == 0 || taken.count() < best) best = taken.count();
    }
    return best;
}

std::size_t measure_least_lanes(AlgorithmSet algorithms) {
    const Bytes bytes = noise(measured_blocks * block_bytes + lane_count);
    LaneDigests lanes(algorithms);
    LaneBlocks at;
    for (std::size_t lane = 0; lane < lane_count; ++lane) lanes.begin(lane), at[lane] = bytes.data() + lane;
    const double all = measure([&] { lanes.update(at, measured_blocks, algorithms); });
    const std::array<std::size_t, 2> pair{0, 1};
    const ByteView one = ByteView(bytes).first(measured_blocks * block_bytes);
    const double single = lanes.has_pairs() ? measure([&] { lanes.update_pair(pair, at, measured_blocks); }) / 2
                                            : measure([&] { lanes.update_one(0, one, algorithms); });
    return static_cast<std::size_t>(all / single) + 1;
}

}  // namespace

std::string_view to_string(HashEngine engine) { return engine == HashEngine::automatic ? "auto" : "openssl"; }

std::string engine_in_words(HashEngine engine) {
    if (engine == HashEngine::openssl) return "OpenSSL";
    const std::string_view set = lane_kernels().front().name;
    const bool are_slow = least_lanes(AlgorithmSet::all()) > lane_count;
    if (has_pair_kernel())
        return are_slow ? fmt::format("SHA instructions (faster here than the {} kernels), OpenSSL as a check", set)
                        : fmt::format("{} kernels, SHA instructions for few contents, OpenSSL as a check", set);
    return are_slow ? fmt::format("OpenSSL (faster here than the {} kernels)", set)
                    : fmt::format("{} kernels, OpenSSL for few contents and as a check", set);
}

std::string with_engine(const std::string& engines, const std::string& engine) {
    const bool is_there = ("; " + engines + "; ").find("; " + engine + "; ") != std::string::npos;
    if (is_there) return engines;
    return engines.empty() ? engine : engines + "; " + engine;
}

std::size_t least_lanes(AlgorithmSet algorithms) {
    static const auto of_each_set = [] {
        std::array<std::size_t, AlgorithmSet::all().bits() + 1> lanes{};
        for (std::size_t bits = 1; bits < lanes.size(); ++bits)
            lanes[bits] = measure_least_lanes(AlgorithmSet::from_bits(static_cast<std::uint8_t>(bits)));
        return lanes;
    }();
    return of_each_set[algorithms.bits()];
}

void test_digests(AlgorithmSet algorithms) {
    for (const Example& example : examples)
        if (hash_of(as_bytes(example.text), algorithms) != digests_of(example, algorithms))
            fail("OpenSSL differs from the published examples");
    const Bytes bytes = noise(5 * block_bytes + lane_count);
    std::vector<AlgorithmSet> sets{algorithms};  // a kernel has code of its own for some of them alone
    for (const Algorithm algorithm : all_algorithms)
        if (algorithms.has(algorithm)) sets.emplace_back().add(algorithm);
    for (const AlgorithmSet set : sets)
        for (const LaneKernel& kernel : lane_kernels())
            for (const auto& [blocks, rest] : {std::pair(0, 1), std::pair(1, 55), std::pair(2, 56), std::pair(4, 63)})
                test_lanes(kernel, bytes, static_cast<std::size_t>(blocks), static_cast<std::size_t>(rest), set);
    if (LaneDigests(algorithms).has_pairs()) test_pairs(bytes, 4, 63), test_pairs(bytes, 1, 0);
}

}  // namespace triage
