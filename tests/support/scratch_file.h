// SPDX-License-Identifier: Apache-2.0
// A file with given bytes that vanishes with its value; where the shared samples lie; random text for hostile input.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>

namespace triage::test {

class ScratchFile {
  public:
    explicit ScratchFile(std::string_view bytes, const std::string& suffix = ".txt") {
        path_ = "/tmp/triage-test-XXXXXX" + suffix;
        const int fd = ::mkstemps(path_.data(), static_cast<int>(suffix.size()));
        if (fd < 0) throw std::runtime_error("no scratch file can be made in /tmp");
        ::close(fd);
        std::ofstream(path_, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
    ~ScratchFile() { ::unlink(path_.c_str()); }
    ScratchFile(const ScratchFile&) = delete;
    ScratchFile& operator=(const ScratchFile&) = delete;
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

inline std::string shared_path(const std::string& below) {
    const char* given = std::getenv("TRIAGE_SHARED");
    return std::string(given != nullptr ? given : TRIAGE_SOURCE_DIR "/../shared") + "/" + below;
}

inline std::optional<std::string> file_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(file), {});
}

// `seed` with some of its bytes cut, repeated, replaced or swapped for pieces that parsers fear. Same number, same
// text.
inline std::string mutated(std::string_view seed, unsigned number) {
    static constexpr std::string_view pieces[] = {"\n",
                                                  "\r\n",
                                                  "\r",
                                                  std::string_view("\0", 1),
                                                  "\xEF\xBB\xBF",
                                                  "\xFF",
                                                  "\\",
                                                  ",",
                                                  "(",
                                                  ")",
                                                  " = ",
                                                  "%%%%",
                                                  "#",
                                                  ":",
                                                  "- ",
                                                  "{",
                                                  "}",
                                                  "[",
                                                  "]",
                                                  "&a ",
                                                  "*a",
                                                  "!t ",
                                                  "\"",
                                                  "'",
                                                  "|\n",
                                                  "? ",
                                                  "---\n",
                                                  "...\n",
                                                  "  ",
                                                  "\t",
                                                  "d41d8cd98f00b204e9800998ecf8427e",
                                                  "18446744073709551616",
                                                  "-1"};
    std::mt19937 random(number);
    std::string text(seed);
    for (unsigned i = 0, n = 1 + random() % 8; i < n; ++i) {
        const std::size_t at = text.empty() ? 0 : random() % text.size();
        switch (random() % 5) {
            case 0: text.resize(at); break;
            case 1: text.insert(at, pieces[random() % std::size(pieces)]); break;
            case 2: text.erase(at, random() % 40); break;
            case 3: text.insert(at, text.substr(random() % (text.size() + 1), random() % 200)); break;
            default:
                if (!text.empty()) text[at] = static_cast<char>(random());
        }
    }
    return text;
}

inline std::string random_bytes(unsigned number) {
    std::mt19937 random(number);
    std::string bytes(random() % 4096, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
}

}  // namespace triage::test
