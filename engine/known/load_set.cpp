// SPDX-License-Identifier: Apache-2.0
#include "engine/known/load_set.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/text.h"
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

// What decides what a list compiles to, beside its bytes.
std::string cache_name(const std::string& list_sha256, const std::string& path, const LoadOptions& options) {
    const ImportOptions& o = options.import;
    std::string text = fmt::format("{} {} {} {} {}\n", tks::version, static_cast<int>(o.polarity), o.lenient,
                                   o.keep_trivial, o.format);
    for (const std::string& part :
         {options.build, o.importer, fs::path(path).filename().string(), o.columns, o.name, o.version})
        text += part + "\n";
    for (const std::string& category : o.alert_categories) text += category + "\n";
    return list_sha256.substr(0, 32) + "-" + hash_of(as_bytes(text)).sha256->hex().substr(0, 16);
}

[[noreturn]] void fail_to_cache(const std::string& folder, const std::string& why) {
    throw Error(folder, "the cache cannot be written: " + why, "leave --cache out, or set XDG_CACHE_HOME");
}

void make_cache(const std::string& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (!error) fs::permissions(folder, fs::perms::owner_all, error);
    if (error) fail_to_cache(folder, error.message());
}

// A file of the cache under way, with mode 0600; gone unless it is published.
class CacheFile {
  public:
    explicit CacheFile(const std::string& folder) : folder_(folder), work_(folder + "/.set-XXXXXX") {
        fd_ = ::mkostemp(work_.data(), O_CLOEXEC);
        if (fd_ < 0) fail_to_cache(folder_, std::strerror(errno));
    }
    ~CacheFile() {
        ::close(fd_);
        if (!work_.empty()) ::unlink(work_.c_str());
    }
    CacheFile(const CacheFile&) = delete;
    CacheFile& operator=(const CacheFile&) = delete;
    int fd() const { return fd_; }
    void write(std::string_view text) {
        if (::write(fd_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
            fail_to_cache(folder_, std::strerror(errno));
    }
    void publish(const std::string& path) {
        if (::rename(work_.c_str(), path.c_str()) != 0) fail_to_cache(folder_, std::strerror(errno));
        work_.clear();
    }

  private:
    const std::string folder_;
    std::string work_;
    int fd_ = -1;
};

// Warnings as lines of JSON texts: names in them may hold line ends. That of age is told by the day.
std::string kept_warnings(const std::vector<std::string>& warnings, const std::vector<std::string>& of_age) {
    nlohmann::json kept = nlohmann::json::array();
    for (const std::string& warning : warnings)
        if (std::ranges::find(of_age, warning) == of_age.end()) kept.push_back(to_valid_utf8(warning));
    return kept.dump();
}

// What the cache has, or nothing; what is damaged is removed.
std::optional<LoadedSet> find_cached(const std::string& kept, const std::string& path, const std::string& sha256) {
    std::error_code unknown;
    if (!fs::exists(kept + ".tks", unknown) || !fs::exists(kept + ".json", unknown)) return std::nullopt;
    try {
        KnownSet set = KnownSet::open(open_to_read(kept + ".tks"), path);
        set.check();
        if (set.identity().sources.size() != 1 || set.identity().sources.front().sha256 != sha256)
            throw Error(kept, "is a set of another list");
        std::ifstream file(kept + ".json");
        LoadedSet loaded{std::move(set), nlohmann::json::parse(file).get<std::vector<std::string>>()};
        for (std::string& warning : warnings_of_age(loaded.set.identity(), path))
            loaded.warnings.push_back(std::move(warning));
        return loaded;
    } catch (const std::exception&) {
        std::error_code ignored;  // what cannot be removed is replaced
        fs::remove(kept + ".tks", ignored);
        return std::nullopt;
    }
}

LoadedSet load_cached(const std::string& path, const std::vector<const ListFormat*>& formats,
                      const LoadOptions& options) {
    const std::string sha256 = sha256_of_file(path);
    const std::string kept = options.cache_folder + "/" + cache_name(sha256, path, options);
    std::optional<LoadedSet> loaded = find_cached(kept, path, sha256);
    if (!loaded) {
        make_cache(options.cache_folder);
        CacheFile file(options.cache_folder);
        Imported imported = import_lists({path}, formats, options.import, file.fd());
        if (imported.identity.sources.front().sha256 != sha256)
            throw Error(path, "changed while it was read", "give it again when nothing writes to it");
        loaded = LoadedSet{KnownSet::open(::fcntl(file.fd(), F_DUPFD_CLOEXEC, 0), path), std::move(imported.warnings)};
        if (imported.identity.sources.size() == 1) {
            CacheFile warnings(options.cache_folder);
            warnings.write(kept_warnings(loaded->warnings, warnings_of_age(imported.identity, path)));
            warnings.publish(kept + ".json");
            file.publish(kept + ".tks");
        }
    }
    loaded->set.came_from(path, sha256);
    return std::move(*loaded);
}

// What a list says when it is imported, a set says when it is used.
std::vector<std::string> warnings_of(const KnownSetIdentity& identity, const std::string& path) {
    std::vector<std::string> warnings = warnings_of_age(identity, path);
    if (!identity.sources.empty() && identity.name == identity.sources.front().name)
        warnings.push_back(path +
                           ": the set has no name of its own, but that of its list's file; --name of `triage "
                           "known import` gives one");
    return warnings;
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

bool is_protected_set(const std::string& path) {
    return (SetFile(open_to_read(path), path).superblock().flags & tks::flag_protected) != 0;
}

std::optional<std::string> find_damage(const std::string& path, const Advance& advance) {
    if (!is_compiled_set(path)) throw Error(path, "is no compiled set");
    try {
        SetFile(open_to_read(path), path).check_all(advance);
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
    std::vector<std::string> warnings = warnings_of(set.identity(), path);
    return {std::move(set), std::move(warnings)};
}

std::size_t clear_cache(const std::string& cache_folder) {
    std::size_t count = 0;
    if (!fs::is_directory(cache_folder)) return 0;
    for (const fs::directory_entry& entry : fs::directory_iterator(cache_folder)) {
        const std::string name = entry.path().filename().string();
        const bool is_set = name.ends_with(".tks");
        if (!is_set && !name.ends_with(".json") && !name.starts_with(".set-")) continue;
        fs::remove(entry.path());
        if (is_set) ++count;
    }
    return count;
}

}  // namespace triage
