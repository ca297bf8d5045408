// SPDX-License-Identifier: Apache-2.0
// This file is compiled once for each instruction set: foreach_target.h includes it again and again.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/hash/lane_kernels.cpp"
#include <hwy/foreach_target.h>
// The order matters.
#include <hwy/highway.h>

#include <bit>
#include <utility>
#include <vector>

#include "engine/hash/lane_kernels.h"
#include "engine/hash/round_constants.h"

HWY_BEFORE_NAMESPACE();
namespace triage {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Wide = hn::CappedTag<std::uint32_t, lane_count>;
template <class D>
using V = hn::Vec<D>;

static_assert(std::endian::native == std::endian::little, "blocks are read as little-endian words");

template <int bits, class T>
HWY_INLINE T rotate_left(T v) {
    return hn::RotateRight<32 - bits>(v);
}

// For each bit: `yes` where `mask` is set, else `no`. IfVecThenElse may look at whole bytes or lanes, except on
// AVX-512, where it is one instruction.
template <class T>
HWY_INLINE T choose(T mask, T yes, T no) {
#if HWY_TARGET == HWY_AVX3
    return hn::IfVecThenElse(mask, yes, no);
#else
    return hn::Xor(no, hn::And(mask, hn::Xor(yes, no)));
#endif
}
template <class T>
HWY_INLINE T majority(T a, T b, T c) {
    return choose(hn::Xor(a, b), c, a);
}

// Steps are unrolled flat: a recursion of templates takes the compiler minutes.
template <int... t>
using Steps = std::integer_sequence<int, t...>;
template <int n>
using Count = std::make_integer_sequence<int, n>;

// The steps of a round rename the working variables instead of moving them: variable `i` of step `t` is slot
// (i - t) mod n. After a multiple of n steps every variable is back in its slot.
template <int n, int t>
constexpr int slot(int i) {
    return (i + n * 80 - t) % n;
}

// 64 constants, each four times: a load repeats them over any vector. GCC 12 makes a lone constant in a general
// register and moves it over, which costs more.
struct Constants {
    alignas(16) std::uint32_t words[64 * 4];
};
constexpr Constants four_of_each(const std::array<std::uint32_t, 64>& values) {
    Constants result{};
    for (std::size_t i = 0; i < 64 * 4; ++i) result.words[i] = values[i / 4];
    return result;
}
template <class D>
HWY_INLINE V<D> constant(D d, const Constants& constants, int i) {
    return hn::LoadDup128(d, constants.words + 4 * i);
}

// --- MD5 ---

constexpr Constants md5_by_four = four_of_each(md5_constants);

template <int round, int i, class D>
HWY_INLINE void md5_step(D d, V<D>* s, const V<D>* w) {
    constexpr int shifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    constexpr int word[4] = {i, (5 * i + 1) % 16, (3 * i + 5) % 16, (7 * i) % 16};
    V<D>& a = s[slot<4, i>(0)];
    const V<D> b = s[slot<4, i>(1)], c = s[slot<4, i>(2)], e = s[slot<4, i>(3)];
    V<D> f;
    if constexpr (round == 0) f = choose(b, c, e);
    else if constexpr (round == 1) f = choose(e, b, c);
    else if constexpr (round == 2) f = hn::Xor3(b, c, e);
    else f = hn::Xor(c, hn::Or(b, hn::Not(e)));
    const V<D> known = hn::Add(hn::Add(a, w[word[round]]), constant(d, md5_by_four, round * 16 + i));
    a = hn::Add(rotate_left<shifts[round][i % 4]>(hn::Add(known, f)), b);
}

template <class D, int... t>
HWY_INLINE void md5_block(D d, V<D>* s, const V<D>* w, Steps<t...>) {
    (md5_step<t / 16, t % 16>(d, s, w), ...);
}

// --- SHA-1 ---

template <int t, class D>
HWY_INLINE void sha1_step(D d, V<D>* s, V<D>* w) {
    V<D>& word = w[t % 16];
    if constexpr (t >= 16)
        word = rotate_left<1>(hn::Xor(hn::Xor3(w[(t - 3) % 16], w[(t - 8) % 16], w[(t - 14) % 16]), word));
    const V<D> a = s[slot<5, t>(0)], c = s[slot<5, t>(2)], e = s[slot<5, t>(3)];
    V<D>&b = s[slot<5, t>(1)], &last = s[slot<5, t>(4)];
    V<D> f;
    std::uint32_t k;
    if constexpr (t < 20) f = choose(b, c, e), k = 0x5a827999;
    else if constexpr (t < 40) f = hn::Xor3(b, c, e), k = 0x6ed9eba1;
    else if constexpr (t < 60) f = majority(b, c, e), k = 0x8f1bbcdc;
    else f = hn::Xor3(b, c, e), k = 0xca62c1d6;
    last = hn::Add(hn::Add(hn::Add(last, hn::Add(word, hn::Set(d, k))), f), rotate_left<5>(a));
    b = rotate_left<30>(b);
}

template <class D, int... t>
HWY_INLINE void sha1_block(D d, V<D>* s, V<D>* w, Steps<t...>) {
    (sha1_step<t>(d, s, w), ...);
}

// --- SHA-256 ---

constexpr Constants sha256_by_four = four_of_each(sha256_constants);

template <int i, class D>
HWY_INLINE void sha256_schedule(D, V<D>* w) {
    const V<D> w15 = w[(i + 1) % 16], w2 = w[(i + 14) % 16];
    const V<D> s0 = hn::Xor3(hn::RotateRight<7>(w15), hn::RotateRight<18>(w15), hn::ShiftRight<3>(w15));
    const V<D> s1 = hn::Xor3(hn::RotateRight<17>(w2), hn::RotateRight<19>(w2), hn::ShiftRight<10>(w2));
    w[i] = hn::Add(hn::Add(w[i], s0), hn::Add(w[(i + 9) % 16], s1));
}

template <int t, class D>
HWY_INLINE void sha256_step(D d, V<D>* s, V<D>* w) {
    constexpr int i = t % 8;
    if constexpr (t >= 16) sha256_schedule<t % 16>(d, w);
    const V<D> a = s[slot<8, i>(0)], b = s[slot<8, i>(1)], c = s[slot<8, i>(2)];
    const V<D> e = s[slot<8, i>(4)], f = s[slot<8, i>(5)], g = s[slot<8, i>(6)];
    V<D>&fourth = s[slot<8, i>(3)], &last = s[slot<8, i>(7)];
    const V<D> s1 = hn::Xor3(hn::RotateRight<6>(e), hn::RotateRight<11>(e), hn::RotateRight<25>(e));
    const V<D> s0 = hn::Xor3(hn::RotateRight<2>(a), hn::RotateRight<13>(a), hn::RotateRight<22>(a));
    const V<D> t1 =
        hn::Add(hn::Add(last, hn::Add(w[t % 16], constant(d, sha256_by_four, t))), hn::Add(s1, choose(e, f, g)));
    fourth = hn::Add(fourth, t1);
    last = hn::Add(t1, hn::Add(s0, majority(a, b, c)));
}

template <class D, int... t>
HWY_INLINE void sha256_block(D d, V<D>* s, V<D>* w, Steps<t...>) {
    (sha256_step<t>(d, s, w), ...);
}

// Step by step together: each is one long chain of dependent instructions, and several chains keep a processor busy
// where one lets it wait. Three have room where there are 32 registers. SHA-1 has five steps where the others have
// four.
constexpr bool has_room_for_three = HWY_TARGET == HWY_AVX3;

template <int t, class D>
HWY_INLINE void every_step(D d, V<D>* md5, V<D>* sha1, V<D>* sha256, const V<D>* w, V<D>* w1, V<D>* w256) {
    md5_step<t / 16, t % 16>(d, md5, w);
    if constexpr (has_room_for_three) sha256_step<t>(d, sha256, w256);
    sha1_step<t + t / 4>(d, sha1, w1);
    if constexpr (t % 4 == 3) sha1_step<t + t / 4 + 1>(d, sha1, w1);
}
template <class D, int... t>
HWY_INLINE void every_block(D d, V<D>* md5, V<D>* sha1, V<D>* sha256, const V<D>* w, V<D>* w1, V<D>* w256,
                            Steps<t...> steps) {
    (every_step<t>(d, md5, sha1, sha256, w, w1, w256), ...);
    if constexpr (!has_room_for_three) sha256_block(d, sha256, w256, steps);
}

// --- From blocks to words ---

// 16 bytes of every fourth lane, beginning with the first of `at`: one 128-bit part of the vector each.
template <class D>
HWY_INLINE V<D> load_parts(D d, const std::byte* const* at, std::size_t offset) {
    if constexpr (hn::MaxLanes(D()) == 4) {
        const hn::Repartition<std::uint8_t, D> bytes;
        return hn::BitCast(d, hn::LoadU(bytes, reinterpret_cast<const std::uint8_t*>(at[0]) + offset));
    } else {
        const hn::Half<D> half;
        constexpr std::size_t upper = hn::MaxLanes(D()) / 2;
        return hn::Combine(d, load_parts(half, at + upper, offset), load_parts(half, at, offset));
    }
}

// Transposes one block of each lane: w[i] gets word i of all lanes.
template <class D>
HWY_INLINE void load_words(D d, const std::byte* const* at, std::size_t offset, V<D>* w) {
    const hn::Repartition<std::uint64_t, D> pairs;
    for (int part = 0; part < 4; ++part, offset += 16, w += 4) {
        const V<D> v0 = load_parts(d, at, offset), v1 = load_parts(d, at + 1, offset);
        const V<D> v2 = load_parts(d, at + 2, offset), v3 = load_parts(d, at + 3, offset);
        const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, v0, v1));
        const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, v2, v3));
        const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, v0, v1));
        const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, v2, v3));
        w[0] = hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23));
        w[1] = hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23));
        w[2] = hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23));
        w[3] = hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23));
    }
}

template <class D>
HWY_INLINE V<D> big_endian(D d, V<D> v) {
    const hn::Repartition<std::uint8_t, D> bytes;
    alignas(16) static constexpr std::uint8_t order[16] = {3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12};
    return hn::BitCast(d, hn::TableLookupBytes(hn::BitCast(bytes, v), hn::LoadDup128(bytes, order)));
}

// --- Lanes ---

template <int n, class D>
HWY_INLINE void load(D d, const std::uint32_t (*states)[lane_count], std::size_t first, V<D>* s) {
    for (int i = 0; i < n; ++i) s[i] = hn::Load(d, states[i] + first);
}
template <int n, class D>
HWY_INLINE void add(D d, const V<D>* s, std::uint32_t (*states)[lane_count], std::size_t first) {
    for (int i = 0; i < n; ++i) hn::Store(hn::Add(s[i], hn::Load(d, states[i] + first)), d, states[i] + first);
}

template <class D>
HWY_INLINE void compress(D d, LaneStates& states, const LaneBlocks& at, std::size_t blocks, AlgorithmSet algorithms) {
    constexpr std::size_t n = hn::MaxLanes(D());
    const bool with_md5 = algorithms.has(Algorithm::md5), with_sha1 = algorithms.has(Algorithm::sha1);
    const bool with_sha256 = algorithms.has(Algorithm::sha256);
    for (std::size_t first = 0; first < lane_count; first += n)
        for (std::size_t offset = 0; offset < blocks * block_bytes; offset += block_bytes) {
            V<D> w[16], w1[16], w256[16], md5[4], sha1[5], sha256[8];
            load_words(d, at.data() + first, offset, w);
            for (int i = 0; i < 16; ++i) w1[i] = w256[i] = big_endian(d, w[i]);
            load<4>(d, states.md5, first, md5);
            load<5>(d, states.sha1, first, sha1);
            load<8>(d, states.sha256, first, sha256);
            if (with_md5 && with_sha1 && with_sha256) {
                every_block(d, md5, sha1, sha256, w, w1, w256, Count<64>());
            } else {
                if (with_md5) md5_block(d, md5, w, Count<64>());
                if (with_sha1) sha1_block(d, sha1, w1, Count<80>());
                if (with_sha256) sha256_block(d, sha256, w256, Count<64>());
            }
            if (with_md5) add<4>(d, md5, states.md5, first);
            if (with_sha1) add<5>(d, sha1, states.sha1, first);
            if (with_sha256) add<8>(d, sha256, states.sha256, first);
        }
}

void all_lanes(LaneStates& states, const LaneBlocks& at, std::size_t blocks, AlgorithmSet algorithms) {
    compress(Wide(), states, at, blocks, algorithms);
}

}  // namespace HWY_NAMESPACE
}  // namespace triage
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace triage {
namespace {

// Not by Highway's dispatcher: its library measures the clock whenever a process starts, a worker too (3 ms each).
std::vector<LaneKernel> supported_kernels() {
    std::vector<LaneKernel> kernels;
#if HWY_ARCH_X86_64
    const auto has = [](auto... is_there) { return (is_there && ...); };
    const bool has_avx2 = has(__builtin_cpu_supports("avx2"), __builtin_cpu_supports("bmi"),
                              __builtin_cpu_supports("bmi2"), __builtin_cpu_supports("fma"));
    const bool has_avx512 = has(has_avx2, __builtin_cpu_supports("avx512f"), __builtin_cpu_supports("avx512vl"),
                                __builtin_cpu_supports("avx512dq"), __builtin_cpu_supports("avx512bw"));
    if (has_avx512) kernels.push_back({"AVX-512", N_AVX3::all_lanes});
    if (has_avx2) kernels.push_back({"AVX2", N_AVX2::all_lanes});
#endif
    kernels.push_back({"portable", HWY_STATIC_DISPATCH(all_lanes)});
    return kernels;
}

}  // namespace

const std::vector<LaneKernel>& lane_kernels() {
    static const std::vector<LaneKernel> kernels = supported_kernels();
    return kernels;
}

}  // namespace triage
#endif
