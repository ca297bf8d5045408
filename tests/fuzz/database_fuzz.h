// SPDX-License-Identifier: Apache-2.0
// A database list over a fuzzer's input, in a file without name: SQLite opens files itself.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>

#include "engine/base/error.h"
#include "engine/known/list_format.h"

namespace triage::test {

class MemoryFile : public ListSource {
  public:
    MemoryFile(const std::uint8_t* data, std::size_t size)
        : fd_(::memfd_create("list", MFD_CLOEXEC)),
          path_("/proc/self/fd/" + std::to_string(fd_)),
          head_(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 64 << 10)) {
        if (fd_ < 0 || ::write(fd_, data, size) != static_cast<ssize_t>(size)) std::abort();
    }
    ~MemoryFile() override { ::close(fd_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    std::string_view head() const override { return head_; }
    std::istream& stream() override { return stream_; }
    const std::string& path() const override { return path_; }
    std::unique_ptr<std::istream> sibling(std::string_view) override { return nullptr; }
    std::string_view name() const override { return "list"; }

  private:
    int fd_;
    std::string path_;
    std::string_view head_;
    std::istringstream stream_;
};

inline int fuzz_database(const ListFormat& format, const std::uint8_t* data, std::size_t size) {
    MemoryFile list(data, size);
    format.recognises(list);
    try {
        format.read(list, {},
                    {[](const KnownRecord& record) {
                         if (record.digests.algorithms().empty()) std::abort();
                     },
                     [](const Rejection&) {}, [](const ListSays&) {}});
    } catch (const Error&) {
        return 0;  // the list as a whole cannot be read
    }
    return 0;
}

}  // namespace triage::test
