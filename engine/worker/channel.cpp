// SPDX-License-Identifier: Apache-2.0
#include "engine/worker/channel.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <stdexcept>

namespace triage {
namespace {

std::int64_t monotonic_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

void write_all(int fd, ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) throw std::runtime_error("the parent has gone");
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
}

}  // namespace

void RecordSender::send(RecordType type, ByteView payload) {
    if (payload.size() + 5 > max_frame_bytes) throw std::length_error("record exceeds the frame limit");
    std::uint32_t at = board_.committed.load(std::memory_order_relaxed);
    const auto size = static_cast<std::uint32_t>(payload.size() + 1);
    std::memcpy(&board_.batch[at], &size, 4);
    board_.batch[at + 4] = static_cast<std::byte>(type);
    if (!payload.empty()) std::memcpy(&board_.batch[at + 5], payload.data(), payload.size());
    at += 4 + size;
    board_.committed.store(at, std::memory_order_release);
    if (at >= batch_bytes || is_flush_due()) flush();
}

// A slow walk must not keep what it found for itself: the first priority of a visit is the first match.
bool RecordSender::is_flush_due() const { return monotonic_ns() - last_flush_ns_ > 50'000'000; }

void RecordSender::flush() {
    last_flush_ns_ = monotonic_ns();
    const std::uint32_t size = board_.committed.load(std::memory_order_relaxed);
    if (size == 0) return;
    const BatchHeader header{batch_magic, size, board_.batch_number.load(std::memory_order_relaxed)};
    write_all(pipe_fd_, std::as_bytes(std::span(&header, 1)));
    write_all(pipe_fd_, ByteView(board_.batch).first(size));
    // In this order: a parent that has this batch from the pipe never takes it from the mapping as well.
    board_.committed.store(0, std::memory_order_release);
    board_.batch_number.fetch_add(1, std::memory_order_release);
}

void RecordSender::stand_at(std::uint64_t address, std::string_view path, std::uint64_t records) {
    const std::size_t size = std::min(path.size(), board_.now_path.size());
    board_.now_address.store(address, std::memory_order_relaxed);
    board_.now_records.store(records, std::memory_order_relaxed);
    if (size > 0) std::memcpy(board_.now_path.data(), path.data(), size);
    board_.now_path_size.store(static_cast<std::uint32_t>(size), std::memory_order_release);
    board_.steps.fetch_add(1, std::memory_order_relaxed);
}

void RecordSender::begin_read(std::uint64_t bytes) {
    board_.bytes_read.fetch_add(bytes, std::memory_order_relaxed);
    board_.read_in_flight.store(1, std::memory_order_relaxed);
}

void RecordSender::end_read() {
    board_.read_in_flight.store(0, std::memory_order_relaxed);
    board_.steps.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace triage
