// SPDX-License-Identifier: Apache-2.0
#include "engine/known/load_set.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "engine/base/error.h"
#include "engine/hash/hasher.h"
#include "engine/known/row_spool.h"
#include "engine/known/set_file.h"
#include "engine/known/tks_layout.h"

namespace triage {
namespace {

namespace fs = std::filesystem;

int open_to_read(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) throw Error(path, fmt::format("the list cannot be read: {}", std::strerror(errno)));
    return fd;
}

LoadedSet load_list(const std::string& path, const std::vector<const ListFormat*>& formats,
                    const ImportOptions& options) {
    const TemporaryFile file(options.writer.temporary_folder);
    Imported imported = import_lists({path}, formats, options, file.fd());
    KnownSet set = KnownSet::open(::fcntl(file.fd(), F_DUPFD_CLOEXEC, 0), path);
    set.came_from(path, imported.identity.sources.front().sha256);
    return {std::move(set), std::move(imported.warnings)};
}

// What decides what a list compiles to, beside its bytes and the program.
std::string cache_name(const std::string& list_sha256, const ImportOptions& o) {
    std::string options = fmt::format("{} {} {} {} {}\n{}\n{}\n{}\n", tks::version, static_cast<int>(o.polarity),
                                      o.lenient, o.keep_trivial, o.format, o.columns, o.name, o.version);
    for (const std::string& category : o.alert_categories) options += category + "\n";
    return list_sha256.substr(0, 32) + "-" + hash_of(as_bytes(options)).sha256->hex().substr(0, 16) + ".tks";
}

LoadedSet load_cached(const std::string& path, const std::vector<const ListFormat*>& formats,
                      const LoadOptions& options) {
    const std::string sha256 = sha256_of_file(path);
    const std::string kept = options.cache_folder + "/" + cache_name(sha256, options.import);
    std::vector<std::string> warnings;
    if (!fs::exists(kept)) {
        fs::create_directories(options.cache_folder);
        fs::permissions(options.cache_folder, fs::perms::owner_all);
        std::string work = options.cache_folder + "/.set-XXXXXX";  // made with mode 0600
        const int fd = ::mkostemp(work.data(), O_CLOEXEC);
        if (fd < 0) throw Error(options.cache_folder, fmt::format("cannot be written: {}", std::strerror(errno)));
        try {
            warnings = import_lists({path}, formats, options.import, fd).warnings;
        } catch (...) {
            ::close(fd);
            ::unlink(work.c_str());
            throw;
        }
        ::close(fd);
        fs::rename(work, kept);
    }
    KnownSet set = KnownSet::open(open_to_read(kept), path);
    set.came_from(path, sha256);
    return {std::move(set), std::move(warnings)};
}

}  // namespace

bool is_compiled_set(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) return false;  // a pipe is read once
    const int fd = open_to_read(path);
    char head[8] = {};
    const ssize_t got = ::pread(fd, head, sizeof head, 0);
    ::close(fd);
    return got == sizeof head && std::string_view(head, sizeof head) == tks::magic;
}

std::optional<std::string> find_damage(const std::string& path) {
    if (!is_compiled_set(path)) throw Error(path, "is no compiled set");
    try {
        SetFile(open_to_read(path), path).check_all();
    } catch (const Error& error) {
        return error.what();
    }
    return std::nullopt;
}

KnownSet open_set(const std::string& path, const Secret* secret) {
    return KnownSet::open(open_to_read(path), path, secret);
}

LoadedSet load_set(const std::string& path, const std::vector<const ListFormat*>& formats, const LoadOptions& options) {
    if (!is_compiled_set(path)) {
        const bool is_cached = !options.cache_folder.empty() && fs::is_regular_file(path);  // a pipe is read once
        return is_cached ? load_cached(path, formats, options) : load_list(path, formats, options.import);
    }
    KnownSet set = open_set(path, options.secret);
    if (set.identity().polarity != options.import.polarity)
        throw Error(path,
                    fmt::format("was imported as {}, but is given as {}", to_string(set.identity().polarity),
                                to_string(options.import.polarity)),
                    fmt::format("give it with --{}", to_string(set.identity().polarity)));
    return {std::move(set), {}};
}

std::size_t clear_cache(const std::string& cache_folder) {
    std::size_t count = 0;
    if (!fs::is_directory(cache_folder)) return 0;
    for (const fs::directory_entry& entry : fs::directory_iterator(cache_folder)) {
        const std::string name = entry.path().filename().string();
        if (!name.ends_with(".tks") && !name.starts_with(".set-")) continue;
        fs::remove(entry.path());
        ++count;
    }
    return count;
}

}  // namespace triage
