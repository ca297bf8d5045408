// SPDX-License-Identifier: Apache-2.0
// A plain media over bytes that a test builds, with sectors that cannot be read where the test says so.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <string>

#include "engine/media/media_reader.h"
#include "tests/support/ewf_writer.h"
#include "tests/support/faults.h"

namespace triage::test {

class PlainMedia {
  public:
    static constexpr std::size_t sector_bytes = 512;

    explicit PlainMedia(ByteView bytes, std::set<std::uint64_t> bad_sectors = {}) : bad_(std::move(bad_sectors)) {
        auto segments = SegmentFiles::identify({folder_.save("media.raw", bytes)});
        REQUIRE(segments);
        BlockMap map;
        map.media_size = bytes.size();
        if (!bytes.empty()) map.runs.emplace_back().length = bytes.size();
        reader_ = std::make_unique<MediaReader>(map, std::make_shared<SegmentFiles>(*segments));
        reader_->inject_faults(failing_where([this](std::uint64_t position, std::size_t length) {
            const auto first = bad_.lower_bound(position / sector_bytes);
            return first != bad_.end() && *first * sector_bytes < position + length;
        }));
    }
    const MediaReader& reader() const { return *reader_; }
    std::string path() const { return folder_.path("media.raw"); }

  private:
    ewf_test::Folder folder_;
    std::set<std::uint64_t> bad_;
    std::unique_ptr<MediaReader> reader_;
};

// Numbers into a media under construction.
inline void put_le(MutableBytes bytes, std::size_t at, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<std::byte>(value >> (8 * i) & 0xFF);
}
inline void put_be(MutableBytes bytes, std::size_t at, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<std::byte>(value >> 8 * (size - 1 - i) & 0xFF);
}
inline void put_text(MutableBytes bytes, std::size_t at, std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) bytes[at + i] = static_cast<std::byte>(text[i]);
}

}  // namespace triage::test
