// SPDX-License-Identifier: Apache-2.0
// The bytes of any container: the one reader of evidence, in the parent and in workers alike.
// A MediaReader is immutable after construction and may be read from any number of threads at once, without a lock on
// the hot path; decoded blocks live in a BlockWindow that belongs to one thread (or one pipeline token).
// Unreadable bytes are a result: they are zero-filled, and the ranges are returned.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/error.h"
#include "engine/media/block_map.h"

namespace triage {

enum class BadRangeCause : std::uint8_t {
    read_error,  // the operating system could not read the segment file
    checksum,    // a block's checksum is wrong, or it does not decode to its full length
    missing,     // the container does not hold the bytes (absent segment, damaged table)
    outside,     // past the end of the media
};

struct BadRange {
    std::uint64_t offset = 0;  // on the media
    std::uint64_t length = 0;
    BadRangeCause cause = BadRangeCause::read_error;
    std::string detail;  // "segment 2, chunk 513: Adler-32 differs"; chunks of the media count from 0,
                         // segments from 1; never a name from evidence
    friend bool operator==(const BadRange&, const BadRange&) = default;
};

// What one read met. Empty: every byte was read and, where the container carries checksums, checked.
using ReadFlaws = std::vector<BadRange>;

// The open segment files. Thread-safe; keeps at most `capacity` descriptors open and reopens by path, comparing
// identity, when there are more segments than that. Opens O_RDONLY|O_CLOEXEC|O_NOCTTY only.
class SegmentFiles {
  public:
    // Takes the identity of each file. A failure names the path and the operating system's reason.
    static Result<std::vector<Segment>> identify(const std::vector<std::string>& paths);

    explicit SegmentFiles(std::vector<Segment> segments, std::size_t capacity = 0 /* 0: from RLIMIT_NOFILE */);
    ~SegmentFiles();
    SegmentFiles(const SegmentFiles&) = delete;
    SegmentFiles& operator=(const SegmentFiles&) = delete;

    const std::vector<Segment>& segments() const { return segments_; }

    // Opens every segment now, as a worker must before its sandbox closes. False when they do not all fit `capacity`
    // (they are then reopened by path on demand) or one cannot be opened (reads of it fail then).
    bool open_all();

    // Reads exactly out.size() bytes at `position` of segment `index`; a failure says why. Retries EINTR, continues
    // short reads; end of file is a failure.
    std::optional<Failure> read(std::uint32_t index, std::uint64_t position, MutableBytes out) const;
    // Asks the operating system to fetch these bytes soon. A hint: nothing waits for it and nothing can fail.
    void will_need(std::uint32_t index, std::uint64_t position, std::uint64_t length) const;

  private:
    struct State;
    std::vector<Segment> segments_;
    std::unique_ptr<State> state_;
};

// Is the file, or the device that it is, on a disk with a head to move? False when the kernel does not say.
bool is_on_spinning_disk(const std::string& path);

// Cache of decoded blocks and of table pages, owned by one thread at a time.
class BlockWindow {
  public:
    explicit BlockWindow(std::size_t block_capacity = 8);
    ~BlockWindow();
    BlockWindow(BlockWindow&&) noexcept;
    BlockWindow& operator=(BlockWindow&&) noexcept;

  private:
    friend class MediaReader;
    struct State;
    std::unique_ptr<State> state_;
};

class MediaReader {
  public:
    // `map` must be sound (find_flaw). `files` is shared because several readers of one evidence (a worker's and its
    // content reader's, the parent's per-volume pipelines) use the same descriptors.
    MediaReader(BlockMap map, std::shared_ptr<const SegmentFiles> files);

    const BlockMap& map() const { return map_; }
    std::uint64_t size() const { return map_.media_size; }

    // Fills `out` with the bytes at `offset` of the media. Bytes that could not be read are zeros and are listed, in
    // order and merged by cause and detail.
    ReadFlaws read(std::uint64_t offset, MutableBytes out, BlockWindow& window) const;

    // Says that these bytes of the media will be read soon, so that the operating system can fetch them in the order of
    // the calls: from disks whose head moves, by one thread.
    void will_need(std::uint64_t offset, std::uint64_t length, BlockWindow& window) const;

    // Sum of bytes asked for by all calls, for limits and for tests. Relaxed counter, protects nothing.
    std::uint64_t bytes_read() const { return bytes_read_.load(std::memory_order_relaxed); }

    // Hears of each wait for the operating system (bytes asked for, then the end of it): a worker's sign of life.
    // Set before the reader is shared.
    struct Observer {
        std::function<void(std::uint64_t bytes)> begin_read;
        std::function<void()> end_read;
    };
    void observe(Observer observer);

    // Test seam: called before each read of a segment file with (segment, position, length); a returned failure takes
    // the place of the read. Set before the reader is shared.
    using Fault = std::function<std::optional<Failure>(std::uint32_t, std::uint64_t, std::size_t)>;
    void inject_faults(Fault fault);

  private:
    BlockMap map_;
    std::shared_ptr<const SegmentFiles> files_;
    Fault fault_;
    std::uint64_t id_;  // never used twice in a process: a window may outlive one reader and serve another
    Observer observer_;
    mutable std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace triage
