// SPDX-License-Identifier: Apache-2.0
#include "engine/media/block_map.h"

#include <fmt/format.h>

#include <limits>

#include "engine/base/bytes.h"

namespace triage {
namespace {

constexpr std::uint64_t entry_size = 4;  // bytes of a table entry

// pread takes a signed 64-bit offset, so nothing larger can be addressed.
constexpr auto largest_media = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

bool ends_within(std::uint64_t start, std::uint64_t length, std::uint64_t size) {
    const auto end = checked_add(start, length);
    return end && *end <= size;
}

bool is_table(const BlockRun& run) {
    return run.encoding == Encoding::ewf_table || run.encoding == Encoding::ewf_table_wide;
}

std::optional<std::string> flaw_of_table(const BlockMap& map, const BlockRun& run, std::uint64_t segment_size) {
    if (map.block_size == 0 || map.block_size > largest_block_size) return "block size out of range";
    const bool is_last = run.offset + run.length == map.media_size;
    if (run.offset % map.block_size != 0) return "table run begins inside a block";
    if (!is_last && run.length % map.block_size != 0) return "table run ends inside a block";
    const std::uint64_t blocks = (run.length - 1) / map.block_size + 1;
    if (run.entry_count != blocks) return "table entries do not match the run's length";
    const std::uint64_t table_size = blocks * entry_size;
    if (!ends_within(run.position, table_size, segment_size)) return "table outside its segment";
    if (run.twin_position != 0 && !ends_within(run.twin_position, table_size, segment_size))
        return "second table outside its segment";
    if (run.data_end > segment_size) return "table data outside its segment";
    return std::nullopt;
}

std::optional<std::string> flaw_of_run(const BlockMap& map, const BlockRun& run, const std::vector<Segment>& segments) {
    const bool is_stored = run.encoding == Encoding::plain || is_table(run);
    if (!is_stored && run.encoding != Encoding::zero && run.encoding != Encoding::missing) return "unknown encoding";
    if (!is_stored) return std::nullopt;
    if (run.segment >= segments.size()) return "segment does not exist";
    const std::uint64_t segment_size = segments[run.segment].size;
    if (is_table(run)) return flaw_of_table(map, run, segment_size);
    if (!ends_within(run.position, run.length, segment_size)) return "bytes outside their segment";
    return std::nullopt;
}

}  // namespace

std::optional<std::string> find_flaw(const BlockMap& map, const std::vector<Segment>& segments) {
    if (map.media_size > largest_media) return fmt::format("media size {} is too large", map.media_size);
    if (map.sector_size == 0) return "sector size is 0";
    std::uint64_t covered = 0;
    for (std::size_t i = 0; i < map.runs.size(); ++i) {
        const BlockRun& run = map.runs[i];
        if (run.length == 0) return fmt::format("run {} is empty", i);
        if (run.offset != covered) return fmt::format("run {} leaves a gap or overlaps", i);
        if (!ends_within(run.offset, run.length, map.media_size)) return fmt::format("run {} ends past the media", i);
        if (auto flaw = flaw_of_run(map, run, segments)) return fmt::format("run {}: {}", i, *flaw);
        covered += run.length;
    }
    if (covered != map.media_size) return fmt::format("runs cover {} of {} bytes", covered, map.media_size);
    return std::nullopt;
}

}  // namespace triage
