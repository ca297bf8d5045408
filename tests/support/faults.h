// SPDX-License-Identifier: Apache-2.0
// What a test puts in the place of pread(2) by MediaReader::inject_faults: read errors by byte range of a segment file.
#pragma once

#include <algorithm>
#include <cerrno>
#include <functional>
#include <vector>

#include "engine/media/media_reader.h"

namespace triage::test {

struct ByteRange {
    std::uint64_t begin = 0, end = 0;
};

inline std::ptrdiff_t read_error() {
    errno = EIO;
    return -1;
}

// Reads of which the predicate says so fail as a whole.
inline SegmentFiles::FaultyPread failing_where(std::function<bool(std::uint64_t position, std::size_t length)> is_bad) {
    return [is_bad = std::move(is_bad)](std::uint32_t, std::uint64_t position, MutableBytes out,
                                        const SegmentFiles::Pread& real) {
        return is_bad(position, out.size()) ? read_error() : real(position, out);
    };
}

// Reads that meet a range fail as a whole, as on some network file systems.
inline SegmentFiles::FaultyPread failing_at(ByteRange range) {
    return failing_where([range](std::uint64_t position, std::size_t length) {
        return position < range.end && range.begin < position + length;
    });
}

// As Linux reads a disk: a read stops short of a bad range, and fails where it begins in one.
inline SegmentFiles::FaultyPread failing_like_a_disk(std::vector<ByteRange> bad) {
    return [bad = std::move(bad)](std::uint32_t, std::uint64_t position, MutableBytes out,
                                  const SegmentFiles::Pread& real) {
        std::uint64_t end = position + out.size();
        for (const ByteRange& range : bad)
            if (range.end > position) end = std::min(end, std::max(range.begin, position));
        if (end == position) return read_error();
        return real(position, out.first(static_cast<std::size_t>(end - position)));
    };
}

}  // namespace triage::test
