// SPDX-License-Identifier: Apache-2.0
// Sorts any number of short rows in bounded memory: rows go into 1,024 partitions by their leading bits, full pieces to
// an unnamed temporary file; each partition is then sorted alone. Private to engine/known. One thread.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "engine/base/bytes.h"

namespace triage {

// An unnamed file, gone with its descriptor.
class TemporaryFile {
  public:
    explicit TemporaryFile(const std::string& folder);
    ~TemporaryFile();
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    std::uint64_t append(ByteView bytes);  // its offset; throws Error (a full disk)
    void read(std::uint64_t offset, MutableBytes out) const;
    std::uint64_t size() const { return size_; }
    int fd() const { return fd_; }

  private:
    std::string folder_;
    int fd_ = -1;
    std::uint64_t size_ = 0;
};

// Appends in large pieces.
class BufferedFile {
  public:
    explicit BufferedFile(const std::string& folder) : file_(folder) {}
    void append(ByteView bytes) {
        if (buffer_.size() + bytes.size() > buffered) flush();
        buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
        size_ += bytes.size();
    }
    std::uint64_t size() const { return size_; }
    const TemporaryFile& flushed() { return flush(), file_; }

  private:
    static constexpr std::size_t buffered = 1 << 20;
    void flush() {
        if (!buffer_.empty()) file_.append(buffer_), buffer_.clear();
    }
    TemporaryFile file_;
    Bytes buffer_;
    std::uint64_t size_ = 0;
};

// Reads rows of one length back, in order.
class StoredRows {
  public:
    StoredRows(BufferedFile& file, std::size_t row_bytes) : file_(file.flushed()), row_bytes_(row_bytes) {}
    const std::byte* next();  // null at the end; valid until the next call

  private:
    const TemporaryFile& file_;
    const std::size_t row_bytes_;
    std::uint64_t offset_ = 0;  // of what is read next
    Bytes piece_;
    std::size_t at_ = 0;
};

class RowSpool {
  public:
    static constexpr unsigned partition_bits = 10;
    static constexpr std::size_t longest_row = 255;

    // `memory`: bytes that a partition may take when it is sorted.
    RowSpool(TemporaryFile& file, std::uint64_t memory, std::size_t piece_bytes);

    // Rows start with a digest: their first bits are as good as random.
    void add(ByteView row);
    std::uint64_t rows() const { return rows_; }

    // Hands out every row, sorted as bytes, and forgets them. Throws Error when a partition exceeds the memory: more
    // rows with the same leading bits than any list of digests has.
    void sorted(const std::function<void(ByteView row)>& take);

  private:
    struct Partition {
        std::vector<std::uint64_t> pieces;  // offsets in the file, each `piece_bytes_` long
        Bytes open;                         // rows, each after its length in a byte
        std::uint64_t bytes = 0;
    };
    Bytes load(Partition& partition);

    TemporaryFile& file_;
    const std::uint64_t memory_;
    const std::size_t piece_bytes_;
    std::vector<Partition> partitions_;
    std::uint64_t rows_ = 0;
};

}  // namespace triage
