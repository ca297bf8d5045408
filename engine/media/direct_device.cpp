// SPDX-License-Identifier: Apache-2.0
#include "engine/media/direct_device.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace triage {
namespace {

constexpr std::size_t smallest_sector = 512, largest_sector = 64u << 10;
constexpr std::size_t alignment = 4096;  // of memory: more than any device asks for

std::size_t sector_size_of(int fd) {
    struct stat status {};
    int bytes = 0;
    if (fstat(fd, &status) != 0 || !S_ISBLK(status.st_mode) || ioctl(fd, BLKSSZGET, &bytes) != 0) return 0;
    const auto size = static_cast<std::size_t>(std::max(bytes, 0));
    return size < smallest_sector || size > largest_sector ? 0 : size;
}

}  // namespace

std::unique_ptr<DirectDevice> DirectDevice::of(int fd) {
    const std::size_t sector_size = sector_size_of(fd);
    if (sector_size != 0) return std::unique_ptr<DirectDevice>(new DirectDevice(fd, sector_size));
    close(fd);
    return nullptr;
}

DirectDevice::~DirectDevice() { close(fd_); }

std::ptrdiff_t DirectDevice::pread(std::uint64_t position, MutableBytes out) const {
    const auto before = static_cast<std::size_t>(position % sector_size_);
    const std::size_t size = (before + out.size() + sector_size_ - 1) / sector_size_ * sector_size_;
    const std::size_t memory_size = (size + alignment - 1) / alignment * alignment;
    const std::unique_ptr<void, decltype(&std::free)> memory(std::aligned_alloc(alignment, memory_size), std::free);
    if (!memory) return errno = ENOMEM, -1;
    const ssize_t got = ::pread(fd_, memory.get(), size, static_cast<off_t>(position - before));
    if (got <= static_cast<ssize_t>(before)) return std::min<ssize_t>(got, 0);
    const std::size_t length = std::min(static_cast<std::size_t>(got) - before, out.size());
    std::memcpy(out.data(), static_cast<const std::byte*>(memory.get()) + before, length);
    return static_cast<std::ptrdiff_t>(length);
}

}  // namespace triage
