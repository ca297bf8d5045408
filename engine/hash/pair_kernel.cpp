// SPDX-License-Identifier: Apache-2.0
#include "engine/hash/pair_kernel.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#include <bit>
#include <cstring>
#include <utility>

#include "engine/hash/round_constants.h"

// The instructions are used only in functions that say so: nothing else of this file needs them.
#define SHA_CODE __attribute__((target("sha,sse4.1"), always_inline)) inline

namespace triage {
namespace {

// --- MD5: one of 64 steps ---

// The working variables are renamed instead of moved: a of step t is slot -t mod 4.
struct Md5 {
    std::uint32_t state[4];
    std::uint32_t words[16];
};

template <int t>
SHA_CODE void md5_step(Md5& md5) {
    constexpr int round = t / 16, i = t % 16;
    constexpr int shifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    constexpr int word[4] = {i, (5 * i + 1) % 16, (3 * i + 5) % 16, (7 * i) % 16};
    std::uint32_t& a = md5.state[(64 - t) % 4];
    const std::uint32_t b = md5.state[(65 - t) % 4], c = md5.state[(66 - t) % 4], d = md5.state[(67 - t) % 4];
    const std::uint32_t known = a + md5.words[word[round]] + md5_constants[t];
    std::uint32_t sum;
    if constexpr (round == 0) sum = known + (d ^ (b & (c ^ d)));
    else if constexpr (round == 1) sum = known + (c & ~d) + (b & d);  // no bit is in both: what waits for b comes last
    else if constexpr (round == 2) sum = known + (b ^ c ^ d);
    else sum = known + (c ^ (b | ~d));
    a = std::rotl(sum, shifts[round][i % 4]) + b;
}

// --- SHA-1: one of 20 groups of four steps ---

struct Sha1 {
    __m128i abcd, previous;  // `previous`: what the next e comes from
    __m128i words[4];
};

template <int g>
SHA_CODE void sha1_group(Sha1& s) {
    __m128i& word = s.words[g % 4];
    if constexpr (g >= 4)
        word = _mm_sha1msg2_epu32(_mm_xor_si128(_mm_sha1msg1_epu32(word, s.words[(g + 1) % 4]), s.words[(g + 2) % 4]),
                                  s.words[(g + 3) % 4]);
    const __m128i e = g == 0 ? _mm_add_epi32(s.previous, word) : _mm_sha1nexte_epu32(s.previous, word);
    s.previous = s.abcd;
    s.abcd = _mm_sha1rnds4_epu32(s.abcd, e, g / 5);
}

// --- SHA-256: one of 16 groups of four steps ---

struct Sha256 {
    __m128i abef, cdgh;
    __m128i words[4];
};

template <int g>
SHA_CODE void sha256_group(Sha256& s) {
    __m128i& word = s.words[g % 4];
    const __m128i before = s.words[(g + 3) % 4];
    if constexpr (g >= 4)
        word = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(word, s.words[(g + 1) % 4]),
                                                  _mm_alignr_epi8(before, s.words[(g + 2) % 4], 4)),
                                    before);
    const __m128i k = _mm_load_si128(reinterpret_cast<const __m128i*>(sha256_constants.data() + 4 * g));
    const __m128i sum = _mm_add_epi32(word, k);
    s.cdgh = _mm_sha256rnds2_epu32(s.cdgh, s.abef, sum);
    s.abef = _mm_sha256rnds2_epu32(s.abef, s.cdgh, _mm_shuffle_epi32(sum, 0x0e));
}

// --- All of them, of `n` contents ---

struct Digesting {
    Md5 md5;
    Sha1 sha1;
    Sha256 sha256;
};

// A sixteenth of a block: four steps of MD5 and SHA-256 each, five of SHA-1.
template <int n, int g>
SHA_CODE void sixteenth(Digesting* d) {
    for (int i = 0; i < n; ++i) md5_step<4 * g>(d[i].md5);
    for (int i = 0; i < n; ++i) md5_step<4 * g + 1>(d[i].md5);
    for (int i = 0; i < n; ++i) sha256_group<g>(d[i].sha256);
    for (int i = 0; i < n; ++i) md5_step<4 * g + 2>(d[i].md5);
    for (int i = 0; i < n; ++i) sha1_group<g + g / 4>(d[i].sha1);
    for (int i = 0; i < n; ++i) md5_step<4 * g + 3>(d[i].md5);
    if constexpr (g % 4 == 3)
        for (int i = 0; i < n; ++i) sha1_group<g + g / 4 + 1>(d[i].sha1);
}
template <int n, int... g>
SHA_CODE void all_sixteenths(Digesting* d, std::integer_sequence<int, g...>) {
    (sixteenth<n, g>(d), ...);
}

SHA_CODE void load_block(Digesting& d, const std::byte* block) {
    const __m128i reversed = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    std::memcpy(d.md5.words, block, block_bytes);
    for (int i = 0; i < 4; ++i) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block) + i);
        d.sha1.words[i] = _mm_shuffle_epi8(bytes, reversed);
        d.sha256.words[i] = _mm_shuffle_epi8(bytes, big_endian);
    }
}

// Chaining values of one content, as the instructions take them.
struct Chaining {
    std::uint32_t md5[4];
    __m128i abcd, e, abef, cdgh;
};

SHA_CODE __m128i words(std::uint32_t high, std::uint32_t b, std::uint32_t c, std::uint32_t low) {
    return _mm_set_epi32(static_cast<int>(high), static_cast<int>(b), static_cast<int>(c), static_cast<int>(low));
}

SHA_CODE Chaining load(const LaneStates& states, std::size_t lane) {
    const auto& s1 = states.sha1;
    const auto& s2 = states.sha256;
    Chaining c;
    for (int i = 0; i < 4; ++i) c.md5[i] = states.md5[i][lane];
    c.abcd = words(s1[0][lane], s1[1][lane], s1[2][lane], s1[3][lane]);
    c.e = words(s1[4][lane], 0, 0, 0);
    c.abef = words(s2[0][lane], s2[1][lane], s2[4][lane], s2[5][lane]);
    c.cdgh = words(s2[2][lane], s2[3][lane], s2[6][lane], s2[7][lane]);
    return c;
}

SHA_CODE void store(const Chaining& c, LaneStates& states, std::size_t lane) {
    const auto word = [](const __m128i& vector, int from_high) {
        std::uint32_t all[4];
        std::memcpy(all, &vector, sizeof all);
        return all[3 - from_high];
    };
    for (int i = 0; i < 4; ++i) states.md5[i][lane] = c.md5[i], states.sha1[i][lane] = word(c.abcd, i);
    states.sha1[4][lane] = word(c.e, 0);
    for (int i = 0; i < 2; ++i) {
        states.sha256[i][lane] = word(c.abef, i), states.sha256[i + 4][lane] = word(c.abef, i + 2);
        states.sha256[i + 2][lane] = word(c.cdgh, i), states.sha256[i + 6][lane] = word(c.cdgh, i + 2);
    }
}

SHA_CODE void begin_block(Digesting& d, const Chaining& c, const std::byte* block) {
    load_block(d, block);
    for (int i = 0; i < 4; ++i) d.md5.state[i] = c.md5[i];
    d.sha1.abcd = c.abcd, d.sha1.previous = c.e;
    d.sha256.abef = c.abef, d.sha256.cdgh = c.cdgh;
}

SHA_CODE void end_block(const Digesting& d, Chaining& c) {
    for (int i = 0; i < 4; ++i) c.md5[i] += d.md5.state[i];
    c.e = _mm_sha1nexte_epu32(d.sha1.previous, c.e);
    c.abcd = _mm_add_epi32(c.abcd, d.sha1.abcd);
    c.abef = _mm_add_epi32(c.abef, d.sha256.abef);
    c.cdgh = _mm_add_epi32(c.cdgh, d.sha256.cdgh);
}

template <int n>
__attribute__((target("sha,sse4.1"))) void advance(LaneStates& states, const std::size_t* lanes, const LaneBlocks& at,
                                                   std::size_t blocks) {
    Chaining chaining[n];
    Digesting d[n];
    for (int i = 0; i < n; ++i) chaining[i] = load(states, lanes[i]);
    for (std::size_t offset = 0; offset < blocks * block_bytes; offset += block_bytes) {
        for (int i = 0; i < n; ++i) begin_block(d[i], chaining[i], at[lanes[i]] + offset);
        all_sixteenths<n>(d, std::make_integer_sequence<int, 16>());
        for (int i = 0; i < n; ++i) end_block(d[i], chaining[i]);
    }
    for (int i = 0; i < n; ++i) store(chaining[i], states, lanes[i]);
}

bool has_sha_instructions() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    const bool has_sha = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
    return has_sha && __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("ssse3");
}

}  // namespace

bool has_pair_kernel() {
    static const bool has = has_sha_instructions();
    return has;
}

void advance_pair(LaneStates& states, std::span<const std::size_t> lanes, const LaneBlocks& at, std::size_t blocks) {
    if (lanes.size() == 1) advance<1>(states, lanes.data(), at, blocks);
    else advance<2>(states, lanes.data(), at, blocks);
}

}  // namespace triage
#else
namespace triage {

bool has_pair_kernel() { return false; }
void advance_pair(LaneStates&, std::span<const std::size_t>, const LaneBlocks&, std::size_t) {}

}  // namespace triage
#endif
