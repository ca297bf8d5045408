// SPDX-License-Identifier: Apache-2.0
#include "engine/case/case_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/sqlite.h"
#include "engine/base/text.h"
#include "engine/case/audit.h"
#include "engine/case/manifest.h"
#include "engine/case/private_file.h"
#include "engine/case/store.h"
#include "engine/media/stands_on.h"

namespace triage {
namespace {

namespace fs = std::filesystem;

std::string shown(const std::string& path) { return escape_for_terminal(path); }

// The directory that exists already and in which the path lies or will lie, wherever links lead.
fs::path existing_parent(const std::string& path) {
    std::error_code error;
    fs::path found = fs::weakly_canonical(path, error);
    if (error) found = fs::absolute(path).lexically_normal();
    if (!found.has_filename()) found = found.parent_path();  // a trailing slash
    while (!fs::is_directory(found, error) && found.has_relative_path()) found = found.parent_path();
    return found;
}

bool is_inside(const fs::path& inner, const fs::path& outer) {
    std::error_code error;
    const fs::path canonical = fs::canonical(inner, error);
    if (error) return false;
    const fs::path folder = fs::canonical(outer, error);
    if (error) return false;
    return std::mismatch(folder.begin(), folder.end(), canonical.begin(), canonical.end()).first == folder.end();
}

DeviceNumbers numbers_of(dev_t device) { return {major(device), minor(device)}; }

fs::path without_links(const fs::path& path) {
    std::error_code error;
    const fs::path found = fs::canonical(path, error);
    return error ? path : found;
}

void make_or_take(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) == 0) return;
    const int cause = errno;
    if (cause != EEXIST)
        throw Error("cannot create the case directory " + shown(path), std::strerror(cause),
                    "give another place with --out");
    std::error_code error;
    const bool is_empty = fs::is_directory(path, error) && fs::is_empty(path, error) && !error;
    if (!is_empty)
        throw Error("cannot use the case directory " + shown(path), "it exists and is not an empty directory",
                    "give another name with --out, or go on with an interrupted scan: triage scan --resume CASE");
}

int open_and_lock(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) throw Error("cannot open the case " + shown(path), std::strerror(errno));
    // A file system that knows no locks leaves it to SQLite's own.
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        ::close(descriptor);
        throw Error("cannot use the case " + shown(path), "another process is working on it", "wait for it to end");
    }
    return descriptor;
}

// Mode 0700, also of an empty directory that was there before.
std::vector<std::string> make_private(int folder, const std::string& path) {
    struct stat status {};
    if (::fchmod(folder, 0700) == 0 && ::fstat(folder, &status) == 0 && (status.st_mode & 0077) == 0) return {};
    return {"the file system of " + shown(path) +
            " keeps no access modes: everybody who can reach the case directory can read it"};
}

void refuse_read_only(const std::string& path) {
    if (::access(path.c_str(), W_OK | X_OK) != 0)
        throw Error("cannot write into the case directory " + shown(path), std::strerror(errno),
                    "give another place with --out");
}

std::string plain_word(std::string_view text) {
    constexpr std::size_t longest = 64;
    std::string word;
    for (const char c : text.substr(0, longest)) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                              c == '-' || c == '_';
        word += is_plain ? c : '_';
    }
    return word;
}

// In the order in which they may be removed: while the first that is written is there, the others are a scan's.
constexpr std::array beginnings = {"audit.jsonl", "case.sqlite", "case.sqlite-journal", "config.yaml", "command.txt"};

bool is_beginning(const fs::directory_entry& file) {
    const bool is_known = std::find(beginnings.begin(), beginnings.end(), file.path().filename()) != beginnings.end();
    return is_known && fs::is_regular_file(file.symlink_status());
}

bool holds_beginning_only(const std::string& path) {
    const fs::directory_iterator files(path);
    const std::string store = path + "/case.sqlite", audit = path + "/audit.jsonl";
    return fs::exists(path + "/" + beginnings.back()) && std::all_of(begin(files), end(files), is_beginning) &&
           !(fs::exists(store) && Store::holds_evidence_at(store)) &&
           !(fs::exists(audit) && !edges_at_start(audit).empty());  // a store that was lost
}

}  // namespace

void refuse_on_evidence(const std::string& path, const std::vector<std::string>& evidence_paths) {
    const fs::path parent = existing_parent(path);
    struct stat home {};
    const bool has_home = ::stat(parent.c_str(), &home) == 0;
    for (const std::string& evidence : evidence_paths) {
        struct stat status {};
        if (::stat(evidence.c_str(), &status) != 0) continue;
        if (S_ISDIR(status.st_mode) && is_inside(parent, evidence))
            throw Error("cannot write the case to " + shown(path), "it lies inside the evidence " + shown(evidence),
                        "give another place with --out");
        std::vector<DeviceNumbers> devices;
        if (S_ISBLK(status.st_mode)) devices = {numbers_of(status.st_rdev)};
        else if (S_ISREG(status.st_mode)) devices = loop_devices_of(evidence);
        if (has_home && std::any_of(devices.begin(), devices.end(), [&](DeviceNumbers device) {
                return stands_on(without_links(parent), numbers_of(home.st_dev), device);
            }))
            throw Error("cannot write the case to " + shown(path), "it lies on the evidence " + shown(evidence),
                        "give a place on another disk with --out");
    }
}

void refuse_inside_case(const std::string& path) {
    std::error_code error;
    for (fs::path folder = existing_parent(path); !folder.empty() && folder != folder.root_path();
         folder = folder.parent_path())
        if (folder != fs::weakly_canonical(path, error) && fs::exists(folder / "case.sqlite", error))
            throw Error("cannot write to " + shown(path), "it lies inside another case",
                        "give another place with --out");
}

// What is sorted for it, and memory does not hold, is sorted in it: nothing else may be written.
CaseDirectory::CaseDirectory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {
    Database::set_temp_folder(path_);
}

CaseDirectory::~CaseDirectory() {
    if (lock_ >= 0) ::close(lock_);
}

CaseDirectory::CaseDirectory(CaseDirectory&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)), warnings_(std::move(other.warnings_)) {}

CaseDirectory& CaseDirectory::operator=(CaseDirectory&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(lock_, other.lock_);
    std::swap(warnings_, other.warnings_);
    return *this;
}

CaseDirectory CaseDirectory::create(const std::string& path, const std::vector<std::string>& evidence_paths) {
    refuse_on_evidence(path, evidence_paths);
    refuse_inside_case(path);
    make_or_take(path);
    CaseDirectory directory(path, open_and_lock(path));
    make_or_take(path);  // again, under the lock: two processes may have met at one empty directory
    directory.warnings_ = make_private(directory.lock_, path);
    refuse_read_only(path);
    return directory;
}

CaseDirectory CaseDirectory::open_for_resume(const std::string& path) {
    CaseDirectory directory(path, open_and_lock(path));
    std::error_code error;
    if (!fs::is_regular_file(directory.store_path(), error))
        throw Error("cannot resume " + shown(path), "it holds no case.sqlite: this is not a case",
                    holds_beginning_only(path)
                        ? "a scan that ended before it began left it: it may be removed; then start the scan again"
                        : "name the folder of a case, or put back its case.sqlite");
    refuse_read_only(path);
    return directory;
}

CaseDirectory CaseDirectory::open_for_render(const std::string& path) { return {path, open_and_lock(path)}; }

bool CaseDirectory::clear_beginning(const std::string& path) {
    if (std::error_code error; !fs::is_directory(path, error)) return false;
    const CaseDirectory directory(path, open_and_lock(path));
    if (!holds_beginning_only(path)) return false;
    for (const char* name : beginnings)
        if (fs::remove(path + "/" + name)) sync_folder(path);
    return true;
}

void CaseDirectory::write_command(std::string_view command) const { write_private_file(command_path(), command); }
void CaseDirectory::write_config(std::string_view yaml) const { write_private_file(config_path(), yaml); }

bool CaseDirectory::has_manifest() const {
    std::error_code error;
    return fs::exists(path_ + "/manifest.json", error);
}

void CaseDirectory::set_reports_aside() const {
    std::error_code error;
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(path_, error)) {
        const std::string name = entry.path().filename().string();
        if (is_of_seal(name)) names.push_back(name);
    }
    if (names.empty()) return;
    int number = 1;
    while (fs::exists(fmt::format("{}/interrupted-{}", path_, number), error)) ++number;
    const std::string folder = fmt::format("{}/interrupted-{}", path_, number);
    make_private_folder(folder);
    // The manifest first: what it lists is not there in parts while it is.
    std::partition(names.begin(), names.end(), [](const std::string& name) { return name == "manifest.json"; });
    for (const std::string& name : names) fs::rename(path_ + "/" + name, folder + "/" + name);
    sync_folder(folder);  // first: better twice than nowhere
    sync_folder(path_);
}

std::string default_case_name(std::string_view exhibit_or_evidence, Timestamp now) {
    const std::string word = plain_word(exhibit_or_evidence);
    return "./triage-" + (word.empty() ? "evidence" : word) + "-" + format_utc_compact(now);
}

std::string case_folder_name(std::string_view exhibit) {
    std::string word = plain_word(exhibit);
    if (word.empty() || word.front() == '.' || word.front() == '-') word.insert(0, "_");
    return word;
}

std::string next_reports_path(const std::string& case_path) {
    std::error_code error;
    std::string path = case_path + "/reports";
    for (int number = 2; fs::exists(path, error); ++number) path = fmt::format("{}/reports-{}", case_path, number);
    return path;
}

}  // namespace triage
