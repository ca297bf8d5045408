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
#include "engine/media/bad_range.h"
#include "engine/media/block_map.h"
#include "engine/media/patience.h"

namespace triage {

// Hears of each wait for the operating system (bytes asked for, then the end of it): a worker's sign of life.
struct ReadObserver {
    std::function<void(std::uint64_t bytes)> begin_read;
    std::function<void()> end_read;
};

// The open segment files. Thread-safe; keeps at most `capacity` descriptors open and reopens by path, comparing
// identity, when there are more segments than that. Opens O_RDONLY|O_CLOEXEC|O_NOCTTY only.
class SegmentFiles {
  public:
    // Takes the identity of each file. A failure names the path and the operating system's reason.
    static Result<std::vector<Segment>> identify(const std::vector<std::string>& paths);

    explicit SegmentFiles(std::vector<Segment> segments, std::size_t capacity = 0 /* 0: from RLIMIT_NOFILE */,
                          Patience::Limits patience = {});
    ~SegmentFiles();
    SegmentFiles(const SegmentFiles&) = delete;
    SegmentFiles& operator=(const SegmentFiles&) = delete;

    const std::vector<Segment>& segments() const { return segments_; }

    // Of waits in `open_all` and `read`; a MediaReader's own are its own. Set before it is shared.
    void observe(ReadObserver observer);

    // Opens every segment now, as a worker must before its sandbox closes. False when they do not all fit `capacity`
    // (they are then reopened by path on demand) or one cannot be opened (reads of it fail then).
    bool open_all();

    // The real pread(2), and what a test puts in its place (MediaReader::inject_faults).
    using Pread = std::function<std::ptrdiff_t(std::uint64_t position, MutableBytes out)>;
    using FaultyPread = std::function<std::ptrdiff_t(std::uint32_t segment, std::uint64_t position, MutableBytes out,
                                                     const Pread& real)>;

    // How far a read went, and why no further: then `length` is short of what was asked for.
    struct Reading {
        std::size_t length = 0;
        std::optional<Failure> failure;
    };
    // Reads as far as it goes at `position` of segment `index`. Retries EINTR, continues short reads; end of file is a
    // failure, and so is what Patience skips. By sectors: a device is asked past the kernel's cache, where that can be.
    Reading read_some(std::uint32_t index, std::uint64_t position, MutableBytes out, const FaultyPread& faulty = {},
                      bool by_sectors = false) const;
    // All of it, or why not. Where a read fails, it is tried once more from there.
    std::optional<Failure> read(std::uint32_t index, std::uint64_t position, MutableBytes out) const;

    // Bytes of the smallest piece that can fail by itself: of a device its logical sector, where it tells.
    std::size_t sector_size() const;
    // Asks the operating system to fetch these bytes soon. A hint: nothing waits for it and nothing can fail.
    void will_need(std::uint32_t index, std::uint64_t position, std::uint64_t length) const;

  private:
    struct State;
    std::vector<Segment> segments_;
    ReadObserver observer_;
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

    void observe(ReadObserver observer);  // set before the reader is shared

    // When this is set, what failed is not read again: a read then ends after at most one wait for the operating
    // system. Borrowed; set before the reader is shared.
    void heed(const std::atomic<bool>& stop);

    // Test seam: takes the place of pread(2) on segment files, and may fail (-1 and errno), read short, wait or change
    // bytes. Set before the reader is shared.
    void inject_faults(SegmentFiles::FaultyPread faulty);

  private:
    BlockMap map_;
    std::shared_ptr<const SegmentFiles> files_;
    SegmentFiles::FaultyPread faulty_;
    const std::atomic<bool>* stop_ = nullptr;
    std::uint64_t id_;  // never used twice in a process: a window may outlive one reader and serve another
    ReadObserver observer_;
    mutable std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace triage
