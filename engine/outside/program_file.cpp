// SPDX-License-Identifier: Apache-2.0
#include "engine/outside/program_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "engine/base/error.h"
#include "engine/hash/hasher.h"
#include "engine/outside/trusted.h"
#include "engine/worker/spawn.h"

namespace triage {
namespace {

std::string name_of(const std::string& path) { return "program " + path; }

[[noreturn]] void refuse(const std::string& path, const std::string& why, const std::string& advice = {}) {
    throw Error(name_of(path), why, advice);
}

// It is started by its path later: no link and no folder on the way may be another's.
void require_real(const std::string& path) {
    const std::unique_ptr<char, decltype(&free)> real(realpath(path.c_str(), nullptr), free);
    if (!real) refuse(path, fmt::format("cannot be opened: {}", strerror(errno)));
    if (path != real.get()) refuse(path, "is reached by a link or by dots", fmt::format("name it as {}", real.get()));
}

// Where the sticky bit is set, others may write beside what is in the folder and cannot put something in its place.
void require_trusted_folder(const std::string& path, int folder, bool is_its_own) {
    struct stat status = status_of(name_of(path), "a folder above it", folder);
    if (!is_its_own && (status.st_mode & S_ISVTX) != 0) status.st_mode &= ~static_cast<mode_t>(S_IWGRP | S_IWOTH);
    require_trusted(name_of(path), is_its_own ? "its folder" : "a folder above it", status);
}

UniqueFd open_folder_of(const std::string& path) {
    UniqueFd folder(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    for (std::size_t at = 1, slash; (slash = path.find('/', at)) != std::string::npos; at = slash + 1) {
        require_trusted_folder(path, folder.get(), false);
        const std::string name = path.substr(at, slash - at);
        folder = UniqueFd(openat(folder.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    }
    require_trusted_folder(path, folder.get(), true);
    return folder;
}

std::string sha256_of(const std::string& path, int fd) {
    AlgorithmSet sha256;
    sha256.add(Algorithm::sha256);
    Hasher hasher(sha256);
    hasher.begin();
    Bytes bytes(1 << 20);
    for (ssize_t n; (n = ::read(fd, bytes.data(), bytes.size())) != 0;) {
        if (n > 0) hasher.update(ByteView(bytes).first(static_cast<std::size_t>(n)));
        else if (errno != EINTR) refuse(path, fmt::format("cannot be read: {}", strerror(errno)));
    }
    return hasher.finish().sha256->hex();
}

}  // namespace

ProgramFile open_program(const ExecOptions& options) {
    if (options.command.empty())
        throw Error("report exec", "reports.exec.command names no program",
                    "give it in a configuration, with --config");
    const std::string& path = options.command.front();
    if (!path.starts_with('/')) refuse(path, "is not given by its absolute path");
    require_real(path);
    const UniqueFd folder = open_folder_of(path);
    const char* name = path.c_str() + path.rfind('/') + 1;
    const UniqueFd file(openat(folder.get(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    const struct stat status = status_of(name_of(path), "the file", file.get());
    if (!S_ISREG(status.st_mode)) refuse(path, "is no regular file");
    require_trusted(name_of(path), "the file", status);
    if (faccessat(folder.get(), name, X_OK, AT_EACCESS) != 0) refuse(path, "may not be executed");
    return {path, sha256_of(path, file.get())};
}

bool names_exec(const std::vector<std::string>& reports) {
    return std::find(reports.begin(), reports.end(), exec_report) != reports.end();
}

}  // namespace triage
