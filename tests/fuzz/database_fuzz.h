// SPDX-License-Identifier: Apache-2.0
// A database list over a fuzzer's input, in a file with a name: SQLite opens files itself, and follows no link to one
// without.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/base/error.h"
#include "engine/known/list_format.h"

namespace triage::test {

// Rewritten for each input, removed when the process ends by itself.
inline const std::string& scratch_path() {
    struct Scratch {
        std::string path = std::filesystem::temp_directory_path() / ("triage-fuzz-" + std::to_string(::getpid()));
        ~Scratch() { ::unlink(path.c_str()); }
    };
    static const Scratch scratch;
    return scratch.path;
}

class DatabaseFile : public ListSource {
  public:
    DatabaseFile(const std::uint8_t* data, std::size_t size)
        : head_(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 64 << 10)) {
        std::ofstream file(scratch_path(), std::ios::binary | std::ios::trunc);
        file.write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
        if (!file.flush()) std::abort();
    }
    std::string_view head() const override { return head_; }
    std::istream& stream() override { return stream_; }
    const std::string& path() const override { return scratch_path(); }
    std::unique_ptr<std::istream> sibling(std::string_view) override { return nullptr; }
    std::string_view name() const override { return "list"; }

  private:
    std::string_view head_;
    std::istringstream stream_;
};

inline int fuzz_database(const ListFormat& format, const std::uint8_t* data, std::size_t size) {
    DatabaseFile list(data, size);
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
