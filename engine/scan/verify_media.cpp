// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/verify_media.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/in_order.h"
#include "engine/base/text.h"
#include "engine/hash/hasher.h"

namespace triage {
namespace {

constexpr std::uint64_t piece_bytes = 4u << 20, edge_bytes = 1u << 20;

struct Stopped {};

AlgorithmSet algorithms_for(const std::vector<StoredDigest>& stored) {
    AlgorithmSet set;
    for (const StoredDigest& digest : stored)
        if (const auto parsed = Digest::parse(digest.hex)) set.add(parsed->algorithm);
    if (set.empty()) set.add(Algorithm::sha256);
    return set;
}

bool agrees(const StoredDigest& stored, const Digests& computed) {
    const std::optional<Digest> parsed = Digest::parse(stored.hex);
    return parsed && computed.get(parsed->algorithm) == parsed;
}

MediaCheck compared(const std::vector<StoredDigest>& stored, const Digests& digests) {
    MediaCheck check;
    for (const Algorithm a : all_algorithms)
        if (const auto& digest = digests.get(a)) check.computed.push_back({std::string(to_string(a)), digest->hex()});
    if (stored.empty()) {
        check.result = MediaResult::computed;
        return check;
    }
    check.result = MediaResult::verified;
    for (const StoredDigest& digest : stored) {
        if (agrees(digest, digests)) continue;
        check.result = MediaResult::differs;
        check.detail += (check.detail.empty() ? "" : ", ") + fmt::format("stored {} differs", digest.algorithm);
    }
    return check;
}

void note(MediaReading& reading, const ReadFlaws& flaws) {
    for (const BadRange& flaw : flaws) {
        reading.missing += flaw.length;
        if (reading.unread.size() < MediaReading::most_unread) append(reading.unread, flaw);
    }
}

const MediaCheck stopped{MediaResult::not_verified, "the run was stopped before the whole media was read", {}};

}  // namespace

MediaReading check_media(const MediaReader& reader, const std::vector<StoredDigest>& stored, std::uint32_t threads,
                         const std::atomic<bool>& stop, std::atomic<std::uint64_t>& advanced) {
    Hasher hasher(algorithms_for(stored));
    MediaReading reading;
    const auto start = [&] {
        return [&, window = BlockWindow(), buffer = Bytes(piece_bytes)](std::uint64_t number,
                                                                        const auto& in_turn) mutable {
            if (stop.load(std::memory_order_relaxed)) throw Stopped();
            const std::uint64_t offset = number * piece_bytes;
            const MutableBytes piece =
                MutableBytes(buffer).first(static_cast<std::size_t>(std::min(piece_bytes, reader.size() - offset)));
            const ReadFlaws flaws = reader.read(offset, piece, window);
            in_turn([&] {
                hasher.update(piece);
                note(reading, flaws);
                advanced.fetch_add(piece.size(), std::memory_order_relaxed);
            });
        };
    };
    try {
        InOrder((reader.size() + piece_bytes - 1) / piece_bytes).run(threads, start);
    } catch (const Stopped&) {
        return {stopped, 0, {}};
    }
    if (reading.missing > 0 && stop) return {stopped, 0, {}};  // what failed was not tried again
    if (reading.missing == 0) return {compared(stored, hasher.finish()), 0, {}};
    reading.check.result = stored.empty() ? MediaResult::not_verified : MediaResult::differs;
    reading.check.detail = fmt::format("{} bytes could not be read", with_commas(reading.missing));
    return reading;
}

std::string digest_of_edges(const std::vector<Segment>& segments) {
    if (segments.empty()) return "unreadable";
    const SegmentFiles files(segments);
    AlgorithmSet sha256;
    sha256.add(Algorithm::sha256);
    Hasher hasher(sha256);
    Bytes buffer(edge_bytes);
    const auto add = [&](std::uint32_t segment, bool is_end) {
        const std::uint64_t size = segments[segment].size, edge = std::min(size, edge_bytes);
        const MutableBytes piece = MutableBytes(buffer).first(static_cast<std::size_t>(edge));
        const bool is_read = edge == 0 || !files.read(segment, is_end ? size - edge : 0, piece);
        hasher.update(piece);
        return is_read;
    };
    if (!add(0, false) || !add(static_cast<std::uint32_t>(segments.size() - 1), true)) return "unreadable";
    return hasher.finish().sha256->hex();
}

}  // namespace triage
