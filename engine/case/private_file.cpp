// SPDX-License-Identifier: Apache-2.0
#include "engine/case/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace triage {
namespace {

constexpr std::size_t buffer_bytes = 256 << 10;

[[noreturn]] void fail(const std::string& what, const std::string& path, int cause, ErrorKind kind) {
    throw Error(what + " " + escape_for_terminal(path), std::strerror(cause),
                cause == ENOSPC || cause == EDQUOT || cause == EFBIG ? "make room where the case is" : "", kind);
}

int open_or_throw(const std::string& path, int flags) {
    const int descriptor = ::open(path.c_str(), flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
    if (descriptor < 0) fail("cannot create", path, errno, ErrorKind::usage);
    return descriptor;
}

}  // namespace

PrivateFile::PrivateFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

PrivateFile PrivateFile::create(const std::string& path) {
    return {path, open_or_throw(path, O_WRONLY | O_CREAT | O_EXCL)};
}

PrivateFile PrivateFile::append(const std::string& path) { return {path, open_or_throw(path, O_WRONLY | O_APPEND)}; }

PrivateFile::~PrivateFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

PrivateFile::PrivateFile(PrivateFile&& other) noexcept
    : path_(std::move(other.path_)),
      buffer_(std::move(other.buffer_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

PrivateFile& PrivateFile::operator=(PrivateFile&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(buffer_, other.buffer_);
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

void PrivateFile::write(std::string_view bytes) {
    if (bytes.size() >= buffer_bytes) return flush(), write_through(bytes);
    buffer_ += bytes;
    if (buffer_.size() >= buffer_bytes) flush();
}

void PrivateFile::write_through(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail("cannot write", path_, errno, ErrorKind::interrupted);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

void PrivateFile::flush() {
    write_through(buffer_);
    buffer_.clear();
}

void PrivateFile::sync() {
    flush();
    // EINVAL and EROFS: the file system has nothing to sync.
    if (::fsync(descriptor_) != 0 && errno != EINVAL && errno != EROFS)
        fail("cannot write", path_, errno, ErrorKind::interrupted);
}

void PrivateFile::rewrite_beginning(std::string_view bytes) {
    flush();
    if (::pwrite(descriptor_, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        fail("cannot write", path_, errno, ErrorKind::interrupted);
}

void write_private_file(const std::string& path, std::string_view bytes) {
    PrivateFile file = PrivateFile::create(path);
    file.write(bytes);
    file.sync();
}

void make_private_folder(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) != 0) fail("cannot create", path, errno, ErrorKind::usage);
}

void sync_folder(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return;
    ::fsync(descriptor);
    ::close(descriptor);
}

std::string read_whole_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw Error("cannot read " + escape_for_terminal(path), std::strerror(errno));
    std::string bytes{std::istreambuf_iterator<char>(file), {}};
    if (file.bad()) throw Error("cannot read " + escape_for_terminal(path), "read error");
    return bytes;
}

}  // namespace triage
