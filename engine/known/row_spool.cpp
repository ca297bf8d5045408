// SPDX-License-Identifier: Apache-2.0
#include "engine/known/row_spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "engine/base/error.h"
#include "engine/known/tks_layout.h"

namespace triage {
namespace {

// Where a file system cannot make a file without a name, one is made and its name removed at once.
int open_unnamed(const std::string& folder) {
    const int fd = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return fd;
    std::string path = folder + "/.triage-XXXXXX";
    const int named = ::mkostemp(path.data(), O_CLOEXEC);
    if (named >= 0) ::unlink(path.c_str());
    return named;
}

struct Ref {
    std::uint64_t prefix;  // the first eight bytes of a row, so that most comparisons end here
    const std::byte* row;  // its length, then its bytes
};

bool operator<(const Ref& a, const Ref& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    const auto a_size = static_cast<std::size_t>(a.row[0]), b_size = static_cast<std::size_t>(b.row[0]);
    const int order = std::memcmp(a.row + 1, b.row + 1, std::min(a_size, b_size));
    return order != 0 ? order < 0 : a_size < b_size;
}

}  // namespace

TemporaryFile::TemporaryFile(const std::string& folder) : folder_(folder), fd_(open_unnamed(folder)) {
    if (fd_ < 0) throw Error(folder, fmt::format("no temporary file can be made: {}", std::strerror(errno)));
}

TemporaryFile::~TemporaryFile() {
    if (fd_ >= 0) ::close(fd_);
}

std::uint64_t TemporaryFile::append(ByteView bytes) {
    const std::uint64_t begin = size_;
    while (!bytes.empty()) {
        const ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) throw Error(folder_, fmt::format("a temporary file cannot be written: {}", std::strerror(errno)));
        bytes = bytes.subspan(static_cast<std::size_t>(n));
        size_ += static_cast<std::uint64_t>(n);
    }
    return begin;
}

void TemporaryFile::read(std::uint64_t offset, MutableBytes out) const {
    while (!out.empty()) {
        const ssize_t n = ::pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) throw Error(folder_, "a temporary file cannot be read back");
        out = out.subspan(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
}

const std::byte* StoredRows::next() {
    if (at_ == piece_.size()) {
        piece_.resize(std::min<std::uint64_t>(row_bytes_ * 65536, file_.size() - offset_));
        if (piece_.empty()) return nullptr;
        file_.read(offset_, piece_);
        offset_ += piece_.size();
        at_ = 0;
    }
    at_ += row_bytes_;
    return &piece_[at_ - row_bytes_];
}

RowSpool::RowSpool(TemporaryFile& file, std::uint64_t memory, std::size_t piece_bytes)
    : file_(file), memory_(memory), piece_bytes_(piece_bytes), partitions_(std::size_t{1} << partition_bits) {}

void RowSpool::add(ByteView row) {
    Partition& p = partitions_[tks::leading(row.data(), partition_bits)];
    if (p.open.size() + row.size() + 1 > piece_bytes_) {
        const std::size_t used = p.open.size();
        p.open.resize(piece_bytes_);  // a length of 0 ends a piece
        std::fill(p.open.begin() + static_cast<std::ptrdiff_t>(used), p.open.end(), std::byte{0});
        p.pieces.push_back(file_.append(p.open));
        p.open.clear();
    }
    p.open.push_back(static_cast<std::byte>(row.size()));
    p.open.insert(p.open.end(), row.begin(), row.end());
    p.bytes += row.size() + 1;
    ++rows_;
}

Bytes RowSpool::load(Partition& p) {
    const std::size_t pieces = p.pieces.size() * piece_bytes_;
    Bytes bytes(pieces + p.open.size() + 8);  // a row's first eight bytes may be read past the last one
    for (std::size_t i = 0; i < p.pieces.size(); ++i)
        file_.read(p.pieces[i], MutableBytes(bytes).subspan(i * piece_bytes_, piece_bytes_));
    std::copy(p.open.begin(), p.open.end(), bytes.begin() + static_cast<std::ptrdiff_t>(pieces));
    return bytes;
}

void RowSpool::sorted(const std::function<void(ByteView row)>& take) {
    std::vector<Ref> refs;
    for (Partition& p : partitions_) {
        if (p.bytes * 2 > memory_)
            throw Error("known set",
                        "too many of its digests begin alike: they are no digests, or --memory is too small");
        const Bytes bytes = load(p);
        const std::size_t end = bytes.size() - 8, pieces = p.pieces.size() * piece_bytes_;
        refs.clear();
        for (std::size_t at = 0; at < end;) {
            const auto size = static_cast<std::size_t>(bytes[at]);
            if (size == 0) at = at < pieces ? (at / piece_bytes_ + 1) * piece_bytes_ : end;
            else refs.push_back({tks::leading(&bytes[at + 1], 64), &bytes[at]}), at += size + 1;
            // A piece that a row fills to its last byte has no end mark; the next one begins there.
        }
        std::sort(refs.begin(), refs.end());
        for (const Ref& ref : refs) take({ref.row + 1, static_cast<std::size_t>(ref.row[0])});
        p = {};
    }
    rows_ = 0;
}

}  // namespace triage
