// SPDX-License-Identifier: Apache-2.0
// The truth is OpenSSL's EVP interface (Hasher), whose digests hasher_test.cpp holds against published examples.
#include "engine/hash/lanes.h"

#include <doctest/doctest.h>

#include <vector>

#include "engine/hash/hasher.h"

namespace triage {
namespace {

Bytes noise(std::size_t size, unsigned seed) {
    Bytes bytes(size);
    for (std::byte& b : bytes) b = static_cast<std::byte>((seed = seed * 1664525 + 1013904223) >> 24);
    return bytes;
}

// Sixteen contents of the same whole blocks and different rests, all of them different.
void check_lanes(const LaneKernel& kernel, AlgorithmSet algorithms, std::size_t blocks) {
    LaneDigests lanes(algorithms, kernel);
    std::vector<Bytes> contents;
    LaneBlocks at;
    for (std::size_t lane = 0; lane < lane_count; ++lane) {
        contents.push_back(noise(blocks * block_bytes + lane * 4, static_cast<unsigned>(lane)));
        contents.back().reserve(64);
        at[lane] = contents.back().data();
        lanes.begin(lane);
    }
    lanes.update(at, blocks, AlgorithmSet::all());
    for (std::size_t lane = 0; lane < lane_count; ++lane) {
        const ByteView content = contents[lane];
        CHECK(lanes.finish(lane, content.subspan(blocks * block_bytes), content.size()) ==
              hash_of(content, algorithms));
    }
}

}  // namespace

TEST_CASE("every kernel that this processor runs computes what OpenSSL does, for every set of algorithms") {
    REQUIRE(lane_kernels().back().name == "portable");
    for (const LaneKernel& kernel : lane_kernels()) {
        CAPTURE(kernel.name);
        for (std::uint8_t bits = 1; bits < 8; ++bits)
            for (const std::size_t blocks : {0u, 1u, 7u, 64u})
                check_lanes(kernel, AlgorithmSet::from_bits(bits), blocks);
    }
    CHECK_NOTHROW(test_digests(AlgorithmSet::all()));
}

TEST_CASE("the pair kernel computes what OpenSSL does, for one content and for two, in any lanes") {
    LaneDigests lanes(AlgorithmSet::all());
    if (!lanes.has_pairs()) {
        MESSAGE("SKIPPED: this processor has no SHA instructions");
        return;
    }
    for (const std::size_t blocks : {0u, 1u, 7u, 64u}) {
        const Bytes first = noise(blocks * block_bytes + 11, 5), second = noise(blocks * block_bytes + 63, 6);
        LaneBlocks at{};
        at[15] = first.data(), at[3] = second.data();
        for (const bool at_once : {true, false}) {
            lanes.begin(15), lanes.begin(3);
            if (at_once) lanes.update_pair(std::array<std::size_t, 2>{15, 3}, at, blocks);
            else
                for (const std::size_t& lane : std::array<std::size_t, 2>{15, 3})
                    lanes.update_pair(std::span(&lane, 1), at, blocks);
            CHECK(lanes.finish(15, ByteView(first).subspan(blocks * block_bytes), first.size()) == hash_of(first));
            CHECK(lanes.finish(3, ByteView(second).subspan(blocks * block_bytes), second.size()) == hash_of(second));
        }
    }
}

TEST_CASE("digests in pairs are for all three algorithms") {
    CHECK(LaneDigests(AlgorithmSet::all()).has_pairs() == has_pair_kernel());
    CHECK_FALSE(LaneDigests(AlgorithmSet::from_bits(3)).has_pairs());
}

TEST_CASE("a run in several parts names each of its engines once, in the order of their use") {
    std::string engines;
    for (const char* one :
         {"AVX2 kernels, OpenSSL as a check", "OpenSSL", "AVX2 kernels, OpenSSL as a check", "kernels"})
        engines = with_engine(engines, one);
    CHECK(engines == "AVX2 kernels, OpenSSL as a check; OpenSSL; kernels");
}

TEST_CASE("a content may go from the kernels to OpenSSL and back") {
    const Bytes content = noise(10 * block_bytes + 17, 3);
    LaneDigests lanes(AlgorithmSet::all());
    LaneBlocks at;
    at.fill(content.data());
    for (std::size_t lane = 0; lane < lane_count; ++lane) lanes.begin(lane);
    lanes.update(at, 3, AlgorithmSet::all());
    const ByteView view = content;
    lanes.update_one(5, view.subspan(3 * block_bytes, 4 * block_bytes), AlgorithmSet::all());
    at.fill(content.data() + 7 * block_bytes);
    lanes.update(at, 3, AlgorithmSet::all());
    CHECK(lanes.finish(5, view.subspan(10 * block_bytes), content.size()) == hash_of(content));
}

TEST_CASE("a lane can be used again, and lengths beyond 32 bits are counted") {
    LaneDigests lanes(AlgorithmSet::all());
    lanes.begin(2);
    CHECK(lanes.finish(2, {}, 0) == hash_of({}));
    const Bytes piece(1 << 20);  // 600 of them: a length in bits that needs more than 32 bits
    lanes.begin(2);
    Hasher reference(AlgorithmSet::all());
    for (int i = 0; i < 600; ++i) lanes.update_one(2, piece, AlgorithmSet::all()), reference.update(piece);
    CHECK(lanes.finish(2, {}, 600ull << 20) == reference.finish());
}

TEST_CASE("from how many lanes the kernels pay is known, and the engine has a name") {
    for (std::uint8_t bits = 1; bits < 8; ++bits) CHECK(least_lanes(AlgorithmSet::from_bits(bits)) >= 1);
    CHECK(engine_in_words(HashEngine::openssl) == "OpenSSL");
    CHECK(engine_in_words(HashEngine::automatic).find(lane_kernels().front().name) != std::string::npos);
}

}  // namespace triage
