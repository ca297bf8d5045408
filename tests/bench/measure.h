// SPDX-License-Identifier: Apache-2.0
// What the programs that measure share: rates by the CPU time of each thread, so that a busy machine moves them little,
// and an evidence opened without a worker.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <functional>
#include <latch>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "engine/hash/hasher.h"
#include "engine/hash/lanes.h"
#include "engine/scan/scan.h"
#include "plugins/registry.h"

namespace triage::bench {

inline double thread_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

inline double real(std::uint64_t count) { return static_cast<double>(count); }

// Does a piece of work and returns its bytes; called again and again by one thread.
using Work = std::function<std::uint64_t()>;

// Bytes a second of one thread's CPU time while `threads` work at once: processors that share a core slow each other.
// `make` is called on each thread with its number, before the clock starts.
inline double rate(unsigned threads, const std::function<Work(unsigned)>& make, double at_least_seconds = 0.5) {
    std::vector<double> bytes(threads), seconds(threads);
    std::latch start(threads);
    std::vector<std::thread> running;
    for (unsigned t = 0; t < threads; ++t)
        running.emplace_back([&, t] {
            const Work work = make(t);
            work();
            start.arrive_and_wait();
            for (const double begin = thread_seconds(); seconds[t] < at_least_seconds;
                 seconds[t] = thread_seconds() - begin)
                bytes[t] += real(work());
        });
    for (std::thread& thread : running) thread.join();
    double all_bytes = 0, all_seconds = 0;
    for (unsigned t = 0; t < threads; ++t) all_bytes += bytes[t], all_seconds += seconds[t];
    return all_bytes / all_seconds;
}

inline Bytes random_bytes(std::size_t size) {
    std::mt19937_64 random(1);
    Bytes bytes(size);
    for (std::byte& b : bytes) b = static_cast<std::byte>(random());
    return bytes;
}

// OpenSSL, one content of `content_bytes` after the other.
inline double openssl_rate(AlgorithmSet algorithms, std::size_t content_bytes, unsigned threads) {
    const Bytes content = random_bytes(content_bytes);
    return rate(threads, [&](unsigned) -> Work {
        const auto hasher = std::make_shared<Hasher>(algorithms);  // std::function wants to copy what it holds
        return [&content, hasher] {
            hasher->begin();
            hasher->update(content);
            hasher->finish();
            return std::uint64_t{content.size()};
        };
    });
}

// 16 contents of `content_bytes` side by side, by whichever kernel is the fastest; OpenSSL where none pays.
inline double engine_rate(AlgorithmSet algorithms, std::size_t content_bytes, unsigned threads) {
    const bool in_pairs = least_lanes(algorithms) > lane_count;
    if (in_pairs && !LaneDigests(algorithms).has_pairs()) return openssl_rate(algorithms, content_bytes, threads);
    const Bytes content = random_bytes(content_bytes);
    return rate(threads, [&](unsigned) -> Work {
        const auto lanes = std::make_shared<LaneDigests>(algorithms);
        return [&content, lanes, in_pairs] {
            const std::size_t blocks = content.size() / block_bytes;
            LaneBlocks at;
            at.fill(content.data());
            for (std::size_t lane = 0; lane < lane_count; ++lane) lanes->begin(lane);
            if (!in_pairs) lanes->update(at, blocks, AlgorithmSet::all());
            for (std::size_t lane = 0; in_pairs && lane < lane_count; lane += 2)
                lanes->update_pair(std::array{lane, lane + 1}, at, blocks);
            const ByteView rest = ByteView(content).subspan(blocks * block_bytes);
            for (std::size_t lane = 0; lane < lane_count; ++lane) lanes->finish(lane, rest, content.size());
            return std::uint64_t{content.size()} * lane_count;
        };
    });
}

// Two long contents beside each other, which fill no lanes: by the pair kernel, or OpenSSL.
inline double few_rate(AlgorithmSet algorithms, unsigned threads) {
    constexpr std::size_t long_bytes = 256 << 10;
    if (!LaneDigests(algorithms).has_pairs()) return openssl_rate(algorithms, long_bytes, threads);
    const Bytes content = random_bytes(2 * long_bytes);
    return rate(threads, [&](unsigned) -> Work {
        const auto lanes = std::make_shared<LaneDigests>(algorithms);
        lanes->begin(0), lanes->begin(1);
        return [&content, lanes] {
            LaneBlocks at{};
            at[0] = content.data(), at[1] = content.data() + long_bytes;
            lanes->update_pair(std::array<std::size_t, 2>{0, 1}, at, long_bytes / block_bytes);
            return std::uint64_t{content.size()};
        };
    });
}

struct Opened {
    BlockMap map;
    std::shared_ptr<const SegmentFiles> files;
};

inline Opened open(const std::string& path) {
    std::vector<std::string> notices;
    const EvidenceSpec spec = identify_evidence(registry(), {{"", path}}, notices).at(0);
    auto files = std::make_shared<SegmentFiles>(spec.segments);
    Result<OpenedMedia> media = spec.container->open(*files);
    if (!media) throw std::runtime_error(path + ": " + media.why());
    return {std::move(media->map), std::move(files)};
}

}  // namespace triage::bench
