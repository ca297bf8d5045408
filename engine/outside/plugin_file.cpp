// SPDX-License-Identifier: Apache-2.0
#include "engine/outside/plugin_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "engine/base/error.h"
#include "engine/hash/hasher.h"
#include "engine/outside/trusted.h"
#include "engine/worker/spawn.h"

namespace triage {
namespace {

constexpr off_t most_bytes = 64 << 20;

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

std::string name_of(const std::string& path) { return "plug-in " + path; }

[[noreturn]] void refuse(const std::string& path, const std::string& why) { throw Error(name_of(path), why); }

Bytes content_of(const std::string& path, int fd, off_t size) {
    Bytes bytes(static_cast<std::size_t>(size));
    for (std::size_t at = 0; at < bytes.size();) {
        const ssize_t n = ::read(fd, bytes.data() + at, bytes.size() - at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) refuse(path, "the file cannot be read to its end");
        at += static_cast<std::size_t>(n);
    }
    return bytes;
}

}  // namespace

std::string report_of_plugin(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (!path.starts_with('/') || !path.ends_with(".so")) return {};
    const std::string name = path.substr(slash + 1, path.size() - slash - 4);
    const bool is_good = !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), is_plain);
    return is_good ? "plugin-" + name : "";
}

PluginFile open_plugin(const std::string& path) {
    PluginFile plugin{path, report_of_plugin(path), {}, {}};
    if (plugin.report.empty()) refuse(path, "is not the absolute path of a shared object, /FOLDER/NAME.so");
    const std::size_t slash = path.rfind('/');
    const UniqueFd folder(open(path.substr(0, slash + 1).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    require_trusted(name_of(path), "its folder", status_of(name_of(path), "its folder", folder.get()));
    // By the opened folder, and without waiting for a pipe that has the name.
    const UniqueFd file(openat(folder.get(), path.c_str() + slash + 1, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    const struct stat status = status_of(name_of(path), "the file", file.get());
    if (!S_ISREG(status.st_mode)) refuse(path, "is no regular file");
    require_trusted(name_of(path), "the file", status);
    if (status.st_size > most_bytes) refuse(path, "is longer than 64 MiB");
    plugin.bytes = content_of(path, file.get(), status.st_size);
    plugin.sha256 = hash_of(plugin.bytes).sha256->hex();
    return plugin;
}

}  // namespace triage
