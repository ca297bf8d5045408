// SPDX-License-Identifier: Apache-2.0
// OpenSSL's EVP interface cannot start from given chaining values; its older one, declared deprecated but not to be
// removed before OpenSSL 4, can, and runs the same assembly.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "engine/hash/lanes.h"

#include <openssl/md5.h>
#include <openssl/sha.h>

#include <iterator>

namespace triage {
namespace {

constexpr std::uint32_t md5_start[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
constexpr std::uint32_t sha1_start[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
constexpr std::uint32_t sha256_start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                           0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

// What the three algorithms of OpenSSL have in common, given their names.
struct Md5 {
    using Context = MD5_CTX;
    static constexpr Algorithm algorithm = Algorithm::md5;
    static auto words(Context& c) { return std::array{&c.A, &c.B, &c.C, &c.D}; }
    static void update(Context& c, ByteView bytes) { MD5_Update(&c, bytes.data(), bytes.size()); }
    static void finish(unsigned char* out, Context& c) { MD5_Final(out, &c); }
};
struct Sha1 {
    using Context = SHA_CTX;
    static constexpr Algorithm algorithm = Algorithm::sha1;
    static auto words(Context& c) { return std::array{&c.h0, &c.h1, &c.h2, &c.h3, &c.h4}; }
    static void update(Context& c, ByteView bytes) { SHA1_Update(&c, bytes.data(), bytes.size()); }
    static void finish(unsigned char* out, Context& c) { SHA1_Final(out, &c); }
};
struct Sha256 {
    using Context = SHA256_CTX;
    static constexpr Algorithm algorithm = Algorithm::sha256;
    static auto words(Context& c) {
        return std::array{&c.h[0], &c.h[1], &c.h[2], &c.h[3], &c.h[4], &c.h[5], &c.h[6], &c.h[7]};
    }
    static void update(Context& c, ByteView bytes) { SHA256_Update(&c, bytes.data(), bytes.size()); }
    static void finish(unsigned char* out, Context& c) { SHA256_Final(out, &c); }
};

// OpenSSL's context as it would be after `size` bytes, a multiple of a block.
template <class A>
typename A::Context context_of(const std::uint32_t (*states)[lane_count], std::size_t lane, std::uint64_t size) {
    typename A::Context context{};
    const auto words = A::words(context);
    for (std::size_t i = 0; i < words.size(); ++i) *words[i] = states[i][lane];
    context.Nl = static_cast<std::uint32_t>(size << 3);
    context.Nh = static_cast<std::uint32_t>(size >> 29);
    if constexpr (A::algorithm == Algorithm::sha256) context.md_len = SHA256_DIGEST_LENGTH;
    return context;
}

template <class A>
void update_one_by(std::uint32_t (*states)[lane_count], std::size_t lane, ByteView blocks, AlgorithmSet algorithms) {
    if (!algorithms.has(A::algorithm)) return;
    typename A::Context context = context_of<A>(states, lane, 0);
    A::update(context, blocks);
    const auto words = A::words(context);
    for (std::size_t i = 0; i < words.size(); ++i) states[i][lane] = *words[i];
}

template <class A>
void finish_by(const std::uint32_t (*states)[lane_count], std::size_t lane, ByteView rest, std::uint64_t size,
               AlgorithmSet algorithms, Digests& digests) {
    if (!algorithms.has(A::algorithm)) return;
    typename A::Context context = context_of<A>(states, lane, size - rest.size());
    A::update(context, rest);
    Digest digest;
    digest.algorithm = A::algorithm;
    A::finish(reinterpret_cast<unsigned char*>(digest.bytes.data()), context);
    digests.set(digest);
}

}  // namespace

void LaneDigests::begin(std::size_t lane) {
    for (std::size_t i = 0; i < std::size(md5_start); ++i) states_.md5[i][lane] = md5_start[i];
    for (std::size_t i = 0; i < std::size(sha1_start); ++i) states_.sha1[i][lane] = sha1_start[i];
    for (std::size_t i = 0; i < std::size(sha256_start); ++i) states_.sha256[i][lane] = sha256_start[i];
}

void LaneDigests::update(const LaneBlocks& at, std::size_t blocks, AlgorithmSet algorithms) {
    kernel_.advance(states_, at, blocks, AlgorithmSet::from_bits(algorithms.bits() & algorithms_.bits()));
}

void LaneDigests::update_pair(std::span<const std::size_t> lanes, const LaneBlocks& at, std::size_t blocks) {
    advance_pair(states_, lanes, at, blocks);
}

void LaneDigests::update_one(std::size_t lane, ByteView blocks, AlgorithmSet algorithms) {
    const AlgorithmSet wanted = AlgorithmSet::from_bits(algorithms.bits() & algorithms_.bits());
    update_one_by<Md5>(states_.md5, lane, blocks, wanted);
    update_one_by<Sha1>(states_.sha1, lane, blocks, wanted);
    update_one_by<Sha256>(states_.sha256, lane, blocks, wanted);
}

Digests LaneDigests::finish(std::size_t lane, ByteView rest, std::uint64_t size) const {
    Digests digests;
    finish_by<Md5>(states_.md5, lane, rest, size, algorithms_, digests);
    finish_by<Sha1>(states_.sha1, lane, rest, size, algorithms_, digests);
    finish_by<Sha256>(states_.sha256, lane, rest, size, algorithms_, digests);
    return digests;
}

}  // namespace triage
