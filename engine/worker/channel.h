// SPDX-License-Identifier: Apache-2.0
// The way from a worker to its parent: records are framed into a batch that lies in a mapping shared by both, and full
// batches go through a pipe. When the worker dies, the parent still has every complete frame of the unfinished batch
// and the place where the worker stood. Frame: length (u32, of type and payload), type (u8), payload.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/worker/record.h"

namespace triage {

inline constexpr std::size_t max_frame_bytes = 1 << 20;
inline constexpr std::size_t batch_bytes = 64 << 10;  // a batch is sent when it has reached this size

// The mapping. The worker writes, the parent reads and believes nothing. Plain layout, zero-initialised.
struct WorkerBoard {
    std::atomic<std::uint64_t> batch_number;    // of the batch in `batch`; starts at 1
    std::atomic<std::uint32_t> committed;       // bytes of complete frames in `batch`
    std::atomic<std::uint32_t> read_in_flight;  // the worker waits for the operating system to read evidence
    std::atomic<std::uint64_t> steps;           // grows with every step and every read: the sign of life
    std::atomic<std::uint64_t> bytes_read;      // of evidence
    std::atomic<std::uint64_t> now_address;     // where the worker stands: metadata address
    std::atomic<std::uint64_t> now_records;     // that it had made before
    std::atomic<std::uint32_t> now_path_size;
    std::array<char, 4096> now_path;  // directory, cut at 4096 bytes
    std::array<std::byte, max_frame_bytes + batch_bytes> batch;
};

struct BatchHeader {
    std::uint32_t magic;
    std::uint32_t size;
    std::uint64_t number;
};
inline constexpr std::uint32_t batch_magic = 0x54524142;  // "BART": a lost byte in the pipe is noticed

// The worker's end. One thread.
class RecordSender {
  public:
    RecordSender(WorkerBoard& board, int pipe_fd) : board_(board), pipe_fd_(pipe_fd) { board_.batch_number = 1; }

    void send(RecordType type, ByteView payload);
    void flush();

    // The sign of life, and where to look when the worker dies.
    void stand_at(std::uint64_t address, std::string_view path, std::uint64_t records = 0);
    void begin_read(std::uint64_t bytes);
    void end_read();

  private:
    bool is_flush_due() const;
    WorkerBoard& board_;
    int pipe_fd_;
    std::int64_t last_flush_ns_ = 0;
};

// A frame as the parent sees it; the bytes belong to the receiver until its next call.
struct Record {
    RecordType type = RecordType::end;
    ByteView payload;
};

}  // namespace triage
