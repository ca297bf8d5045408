// SPDX-License-Identifier: Apache-2.0
#include "cli/known_sets.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "engine/base/error.h"

namespace triage {
namespace {

constexpr std::size_t least_key_bytes = 16, most_key_bytes = 64 << 10;

Bytes read_all(int fd, const std::string& name) {
    Bytes bytes(most_key_bytes + 1);
    std::size_t size = 0;
    while (size < bytes.size()) {
        const ssize_t got = ::read(fd, bytes.data() + size, bytes.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw Error(name, fmt::format("the key cannot be read: {}", std::strerror(errno)));
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    if (size > most_key_bytes) throw Error(name, "is too large for a key");
    wipe(MutableBytes(bytes).subspan(size));
    bytes.resize(size);
    return bytes;
}

// A line from the terminal, not shown.
Bytes ask(const char* prompt) {
    const int terminal = ::open("/dev/tty", O_RDWR | O_CLOEXEC);
    termios shown{};
    if (terminal < 0 || ::tcgetattr(terminal, &shown) != 0)
        throw Error("passphrase", "there is no terminal to ask at", "give it by a descriptor: fd:3 3<file");
    termios hidden = shown;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(terminal, TCSAFLUSH, &hidden);
    if (::write(terminal, prompt, std::strlen(prompt)) < 0) hidden = shown;
    Bytes line(1024);
    const ssize_t got = ::read(terminal, line.data(), line.size());
    ::tcsetattr(terminal, TCSAFLUSH, &shown);
    if (::write(terminal, "\n", 1) < 0) hidden = shown;
    ::close(terminal);
    line.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return line;
}

// The bytes without the end of their line.
Bytes first_line(Bytes bytes) {
    const auto end = std::find_if(bytes.begin(), bytes.end(),
                                  [](std::byte b) { return b == std::byte{'\n'} || b == std::byte{'\r'}; });
    Bytes line(bytes.begin(), end);
    wipe(bytes);
    return line;
}

Secret passphrase(Bytes line) {
    if (line.empty()) throw Error("passphrase", "is empty");
    return Secret(Secret::Kind::passphrase, std::move(line));
}

Secret from_terminal(bool is_new) {
    Bytes line = first_line(ask("Passphrase: "));
    if (is_new) {
        Bytes again = first_line(ask("Once more: "));
        const bool is_same = line == again;
        wipe(again);
        if (!is_same) throw Error("passphrase", "the two differ");
    }
    return passphrase(std::move(line));
}

Secret from_descriptor(const std::string& from) {
    int fd = -1;
    const auto [end, error] = std::from_chars(from.data() + 3, from.data() + from.size(), fd);
    if (error != std::errc{} || end != from.data() + from.size() || fd < 0)
        throw Error(from, "names no descriptor", "for example fd:3");
    return passphrase(first_line(read_all(fd, from)));
}

Secret from_file(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        throw Error(path, fmt::format("the key file cannot be read: {}", std::strerror(errno)),
                    "make one with: head -c 32 /dev/urandom >KEYFILE");
    Bytes bytes = read_all(fd, path);
    ::close(fd);
    if (bytes.size() < least_key_bytes)
        throw Error(path, fmt::format("has {} bytes; a key file has {} or more", bytes.size(), least_key_bytes));
    return Secret(Secret::Kind::key_file, std::move(bytes));
}

}  // namespace

std::unique_ptr<Secret> read_secret(const std::string& from, bool is_new) {
    if (from.empty()) return nullptr;
    forbid_core_dumps();
    if (from == "ask") return std::make_unique<Secret>(from_terminal(is_new));
    return std::make_unique<Secret>(from.starts_with("fd:") ? from_descriptor(from) : from_file(from));
}

Secret read_passphrase(const std::string& from, bool is_new) {
    forbid_core_dumps();
    if (from == "ask") return from_terminal(is_new);
    if (from.starts_with("fd:")) return from_descriptor(from);
    const int fd = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) throw Error(from, fmt::format("the passphrase cannot be read: {}", std::strerror(errno)));
    Bytes bytes = read_all(fd, from);
    ::close(fd);
    return passphrase(first_line(std::move(bytes)));
}

std::string temporary_folder() {
    const char* given = std::getenv("TMPDIR");
    return given && *given ? given : "/var/tmp";
}

std::string list_cache_folder() {
    const char *cache = std::getenv("XDG_CACHE_HOME"), *home = std::getenv("HOME");
    if (cache && *cache) return std::string(cache) + "/triage/sets";
    if (!home || !*home) throw Error("--cache", "neither XDG_CACHE_HOME nor HOME says where the cache is");
    return std::string(home) + "/.cache/triage/sets";
}

}  // namespace triage
