// SPDX-License-Identifier: Apache-2.0
// What crosses between the parent and a worker: little-endian, length-checked records. The parent believes nothing: a
// reader that runs past its bytes turns bad and stays bad, and every value is checked again by who uses it.
// Both ends are the same program, so the form has no version; it never reaches a disk.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/evidence/entry.h"
#include "engine/evidence/filesystem.h"
#include "engine/media/container.h"

namespace triage {

enum class RecordType : std::uint8_t {
    started = 1,  // sandbox layers that are active
    failure,      // the job cannot be done: why
    media,        // OpenedMedia without runs
    run,          // one BlockRun
    volume_list,  // volume system, followed by volumes
    volume,       // one Volume
    filesystem,   // one Filesystem
    entry,        // one Entry; when it says so, followed by `extents` until all are there
    extents,      // more extents of the entry before
    problem,      // one Problem
    counts,       // WalkCounts
    data,         // bytes of the content asked for
    data_end,     // reason and detail: the content is over
    mime_type,    // of the first bytes asked about; empty: it could not be told
    end,          // the job is done
};

class RecordWriter {
  public:
    void u8(std::uint8_t v) { put(v); }
    void u32(std::uint32_t v) { put(v); }
    void u64(std::uint64_t v) { put(v); }
    void i64(std::int64_t v) { put(static_cast<std::uint64_t>(v)); }
    void flag(bool v) { put<std::uint8_t>(v ? 1 : 0); }
    void text(std::string_view v);
    void blob(ByteView v) { text(as_text(v)); }
    ByteView bytes() const { return as_bytes(buffer_); }
    void clear() { buffer_.clear(); }

  private:
    template <class T>
    void put(T v) {
        std::array<char, sizeof(T)> bytes;
        for (std::size_t i = 0; i < sizeof(T); ++i) bytes[i] = static_cast<char>(v >> (8 * i) & 0xFF);
        buffer_.append(bytes.data(), bytes.size());
    }
    std::string buffer_;
};

class RecordReader {
  public:
    explicit RecordReader(ByteView bytes) : rest_(bytes) {}
    std::uint8_t u8() { return get<std::uint8_t>(); }
    std::uint32_t u32() { return get<std::uint32_t>(); }
    std::uint64_t u64() { return get<std::uint64_t>(); }
    std::int64_t i64() { return static_cast<std::int64_t>(get<std::uint64_t>()); }
    bool flag() { return get<std::uint8_t>() != 0; }
    std::string text();
    // An enumerator no larger than `last`; anything else makes the record bad.
    template <class E>
    E enumerator(E last) {
        const std::uint8_t v = u8();
        if (v > static_cast<std::uint8_t>(last)) is_good_ = false;
        return is_good_ ? static_cast<E>(v) : E{};
    }
    void fail() { is_good_ = false; }
    bool is_good() const { return is_good_; }
    bool is_complete() const { return is_good_ && rest_.empty(); }  // good, and nothing left over

  private:
    template <class T>
    T get() {
        const auto v = load_le<T>(rest_, 0);
        if (!v || !is_good_) return is_good_ = false, T{};
        rest_ = rest_.subspan(sizeof(T));
        return *v;
    }
    ByteView rest_;
    bool is_good_ = true;
};

void write(RecordWriter&, const Segment&);
void write(RecordWriter&, const BlockRun&);
void write(RecordWriter&, const BlockMap&, bool with_runs);
void write(RecordWriter&, const Problem&);
void write(RecordWriter&, const Volume&);
void write(RecordWriter&, const Filesystem&);
void write(RecordWriter&, const WalkCounts&);
void write(RecordWriter&, const WalkLimits&);
void write(RecordWriter&, const ContentRequest&);
void write(RecordWriter&, const OpenedMedia&);  // without runs
// The entry with its first `extents_per_record` extents; the count of all is in the record.
inline constexpr std::size_t extents_per_record = 4096;
void write(RecordWriter&, const Entry&);

Segment read_segment(RecordReader&);
BlockRun read_run(RecordReader&);
BlockMap read_map(RecordReader&, bool with_runs);
Problem read_problem(RecordReader&);
Volume read_volume(RecordReader&);
Filesystem read_filesystem(RecordReader&);
WalkCounts read_counts(RecordReader&);
WalkLimits read_limits(RecordReader&);
ContentRequest read_request(RecordReader&);
OpenedMedia read_media(RecordReader&);
Entry read_entry(RecordReader&, std::uint64_t& extent_count);
void write_extents(RecordWriter&, std::span<const Extent>);
bool read_extents(RecordReader&, std::vector<Extent>& out);

}  // namespace triage
