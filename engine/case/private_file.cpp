// SPDX-License-Identifier: Apache-2.0
#include "engine/case/private_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
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

// Where the file system cannot promise it (NFS), what stands there is replaced.
int rename_to_nothing(const std::string& from, const std::string& to) {
    const int failed = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
    return failed != 0 && (errno == EINVAL || errno == ENOSYS) ? ::rename(from.c_str(), to.c_str()) : failed;
}

// A pipe or a device in its place would keep whoever opens it, or end never.
void require_regular(const std::string& what, const std::string& path, int descriptor) {
    struct stat status {};
    if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) return;
    throw Error(what + " " + escape_for_terminal(path), "it is not a regular file");
}

// A file of a case, to be read from its beginning.
class CaseFile {
  public:
    explicit CaseFile(const std::string& path)
        : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)) {
        if (descriptor_ < 0 && errno == ELOOP)
            throw Error("cannot read " + escape_for_terminal(path), "it is a symbolic link");
        if (descriptor_ < 0) fail("cannot read", path, errno, ErrorKind::usage);
        try {
            require_regular("cannot read", path, descriptor_);
        } catch (...) {
            ::close(descriptor_);  // no destructor runs for what was never constructed
            throw;
        }
    }
    ~CaseFile() { ::close(descriptor_); }
    CaseFile(const CaseFile&) = delete;
    CaseFile& operator=(const CaseFile&) = delete;

    // Up to 1 MiB more at the end of `bytes`; false where there is none.
    bool append_to(std::string& bytes) const {
        const std::size_t before = bytes.size();
        bytes.resize(before + buffer_bytes);
        ssize_t got = 0;
        do got = ::read(descriptor_, bytes.data() + before, buffer_bytes);
        while (got < 0 && errno == EINTR);
        if (got < 0) fail("cannot read", path_, errno, ErrorKind::usage);
        bytes.resize(before + static_cast<std::size_t>(got));
        return got > 0;
    }

  private:
    const std::string& path_;
    const int descriptor_;
};

}  // namespace

PrivateFile::PrivateFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

PrivateFile PrivateFile::create(const std::string& path) {
    return {path, open_or_throw(path, O_WRONLY | O_CREAT | O_EXCL)};
}

PrivateFile PrivateFile::append(const std::string& path) {
    PrivateFile file(path, open_or_throw(path, O_WRONLY | O_APPEND | O_NONBLOCK));
    require_regular("cannot write", path, file.descriptor_);
    return file;
}

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

void PrivateFile::cut_to(std::size_t bytes) {
    if (::ftruncate(descriptor_, static_cast<off_t>(bytes)) != 0)
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

void write_private_file_at_once(const std::string& path, std::string_view bytes) {
    const std::string draft = path + ".new";
    write_private_file(draft, bytes);
    if (rename_to_nothing(draft, path) != 0) fail("cannot create", path, errno, ErrorKind::interrupted);
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

std::string read_whole_file(const std::string& path, std::size_t most_bytes) {
    const CaseFile file(path);
    std::string bytes;
    while (bytes.size() <= most_bytes && file.append_to(bytes)) {
    }
    if (bytes.size() > most_bytes)
        throw Error("cannot read " + escape_for_terminal(path), fmt::format("it is longer than {} bytes", most_bytes));
    return bytes;
}

void for_each_line(const std::string& path, const std::function<bool(std::string_view line, bool is_ended)>& on_line,
                   std::size_t most_bytes) {
    const CaseFile file(path);
    std::string bytes;
    for (std::size_t searched = 0; file.append_to(bytes); searched = bytes.size()) {
        std::size_t begin = 0;
        for (std::size_t end = bytes.find('\n', searched); end != bytes.npos; end = bytes.find('\n', begin)) {
            if (!on_line(std::string_view(bytes).substr(begin, end - begin), true)) return;
            begin = end + 1;
        }
        bytes.erase(0, begin);
        if (bytes.size() > most_bytes)
            throw Error("cannot read " + escape_for_terminal(path),
                        fmt::format("a line of it is longer than {} bytes", most_bytes));
    }
    if (!bytes.empty()) on_line(bytes, false);
}

}  // namespace triage
