// SPDX-License-Identifier: Apache-2.0
#include "engine/known/list_source.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <streambuf>

#include "engine/base/archive.h"
#include "engine/base/error.h"
#include "engine/base/time.h"
#include "engine/hash/hasher.h"

namespace triage {
namespace {

constexpr std::size_t head_size = 64 << 10;
constexpr std::size_t most_members = 4096;  // of an archive
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view sqlite_magic("SQLite format 3\0", 16);
constexpr const char* unpack = "unpack it, and name the list that is meant";

AlgorithmSet only_sha256() {
    AlgorithmSet set;
    set.add(Algorithm::sha256);
    return set;
}

std::string name_in(std::string_view path) { return std::string(path.substr(path.find_last_of('/') + 1)); }

bool is_same_name(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

// A file as a stream, hashed as it is read: one pass serves a pipe too, and what was hashed is what was parsed.
class HashedFile : public std::streambuf {
  public:
    explicit HashedFile(const std::string& path)
        : path_(path), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), hasher_(only_sha256()), buffer_(1 << 20) {
        if (fd_ < 0 || ::fstat(fd_, &stat_) != 0) fail(errno);
        if (S_ISDIR(stat_.st_mode)) fail(EISDIR);
        hasher_.begin();
        while (end_ < head_size && read_more()) {
        }
        setg(buffer_.data(), buffer_.data(), buffer_.data() + end_);
        if (head().starts_with(byte_order_mark)) gbump(static_cast<int>(byte_order_mark.size()));
    }
    ~HashedFile() override {
        if (fd_ >= 0) ::close(fd_);
    }
    HashedFile(const HashedFile&) = delete;
    HashedFile& operator=(const HashedFile&) = delete;

    // Before anything was taken from the stream; without a byte order mark.
    std::string_view head() const { return {gptr(), std::min(head_size, static_cast<std::size_t>(egptr() - gptr()))}; }

    // Of the whole file. Throws when it could not be read to its end.
    SetSource finish() {
        while (underflow() != traits_type::eof()) setg(eback(), egptr(), egptr());
        if (failed_ != 0) throw_unreadable(failed_);
        SetSource source;
        source.name = name_in(path_);
        source.sha256 = hasher_.finish().sha256->hex();
        source.modified = format_time({stat_.st_mtim.tv_sec, 0}, {.fraction_digits = 0, .is_utc = true});
        return source;
    }

    std::uint64_t size() const { return S_ISREG(stat_.st_mode) ? static_cast<std::uint64_t>(stat_.st_size) : 0; }
    std::uint64_t bytes_read() const { return bytes_read_; }

  protected:
    int_type underflow() override {
        if (gptr() == egptr()) {
            end_ = 0;
            const bool is_more = read_more();
            setg(buffer_.data(), buffer_.data(), buffer_.data() + end_);
            if (!is_more) return traits_type::eof();
        }
        return traits_type::to_int_type(*gptr());
    }

  private:
    // Reads behind `end_`; false at the end of the file or on an error, which finish() reports.
    bool read_more() {
        ssize_t got;
        do got = ::read(fd_, buffer_.data() + end_, buffer_.size() - end_);
        while (got < 0 && errno == EINTR);
        if (got < 0) failed_ = errno;
        if (got <= 0) return false;
        hasher_.update(as_bytes({buffer_.data() + end_, static_cast<std::size_t>(got)}));
        end_ += static_cast<std::size_t>(got);
        bytes_read_ += static_cast<std::uint64_t>(got);
        return true;
    }
    [[noreturn]] void throw_unreadable(int error) const {
        throw Error(path_, fmt::format("the list cannot be read: {}", std::strerror(error)));
    }
    // For the constructor, whose destructor will not run.
    [[noreturn]] void fail(int error) const {
        if (fd_ >= 0) ::close(fd_);
        throw_unreadable(error);
    }

    const std::string path_;
    int fd_;
    struct stat stat_ {};
    Hasher hasher_;
    std::vector<char> buffer_;
    std::size_t end_ = 0;
    std::uint64_t bytes_read_ = 0;
    int failed_ = 0;
};

// The path of the file of this name beside `path`, whatever its case; empty when there is none.
std::string path_beside(const std::string& path, std::string_view name) {
    const std::size_t slash = path.find_last_of('/');
    const std::string folder = slash == std::string::npos ? "./" : path.substr(0, slash + 1);
    DIR* entries = ::opendir(folder.c_str());
    if (!entries) return {};
    std::string found;
    while (const dirent* entry = ::readdir(entries))
        if (is_same_name(entry->d_name, name) && (found.empty() || found > folder + entry->d_name))
            found = folder + entry->d_name;
    ::closedir(entries);
    return found;
}

class FileList : public OpenList {
  public:
    explicit FileList(const std::string& path) : path_(path), name_(name_in(path)), file_(path), stream_(&file_) {}

    std::string_view head() const override { return file_.head(); }
    std::istream& stream() override { return stream_; }
    const std::string& path() const override { return path_; }
    std::string_view name() const override { return name_; }
    std::uint64_t bytes_read() const override { return file_.bytes_read(); }
    std::uint64_t size() const override { return file_.size(); }

    std::unique_ptr<std::istream> sibling(std::string_view name) override {
        const std::string beside = path_beside(path_, name);
        if (beside.empty()) return nullptr;
        siblings_.push_back(std::make_unique<HashedFile>(beside));
        return std::make_unique<std::istream>(siblings_.back().get());
    }

    std::vector<SetSource> finish() override {
        std::vector<SetSource> sources{file_.finish()};
        for (const auto& sibling : siblings_) sources.push_back(sibling->finish());
        return sources;
    }

  private:
    const std::string path_, name_;
    HashedFile file_;
    std::istream stream_;
    std::vector<std::unique_ptr<HashedFile>> siblings_;
};

using Members = std::shared_ptr<const std::vector<ArchiveMember>>;

[[noreturn]] void throw_damaged(const std::string& archive) {
    throw Error(archive, "the list cannot be read: the archive is damaged");
}

// A member and those beside it. What is hashed is the archive.
class ArchivedList : public OpenList {
  public:
    ArchivedList(const std::string& path, Members members, std::size_t chosen, std::string head)
        : archive_(path), members_(std::move(members)), chosen_(chosen), head_(std::move(head)) {
        if (head_.starts_with(byte_order_mark)) head_.erase(0, byte_order_mark.size());
        name_ = name_in(members_->at(chosen).name);
    }

    std::string_view head() const override { return head_; }
    // From its first byte again: the head was read to look at it.
    std::istream& stream() override {
        stream_ = open_archive_member(archive_, chosen_);
        char mark[3];
        for (std::size_t i = 0; i < 3; ++i) mark[i] = static_cast<char>(stream_->get());
        if (std::string_view(mark, 3) != byte_order_mark) stream_ = open_archive_member(archive_, chosen_);
        return *stream_;
    }
    const std::string& path() const override { return no_path_; }
    std::string_view name() const override { return name_; }
    std::uint64_t bytes_read() const override { return 0; }
    std::uint64_t size() const override { return 0; }

    std::unique_ptr<std::istream> sibling(std::string_view name) override {
        for (std::size_t i = 0; i < members_->size(); ++i)
            if (i != chosen_ && is_same_name(name_in(members_->at(i).name), name))
                return open_archive_member(archive_, i);
        return nullptr;
    }

    std::vector<SetSource> finish() override {
        if (stream_ && stream_->bad()) throw_damaged(archive_);
        SetSource source = HashedFile(archive_).finish();
        source.name += "/" + name_;
        return {source};
    }

  private:
    const std::string archive_, no_path_;
    const Members members_;
    std::size_t chosen_;
    std::unique_ptr<std::istream> stream_;
    std::string head_, name_;
};

std::string formats_read(const std::vector<const ListFormat*>& formats) {
    std::string text = "this build reads ";
    for (const ListFormat* format : formats) {
        if (format != formats.front()) text += "; ";
        text += fmt::format("{}: {}", format->name(), format->describes());
    }
    return text;
}

const ListFormat* format_of(OpenList& list, const std::vector<const ListFormat*>& formats) {
    for (const ListFormat* format : formats)
        if (format->recognises(list)) return format;
    return nullptr;
}

// The format that stands first wins: a read-me with digests must not stand before the list. Two lists of that format
// are not for this program to choose from.
std::unique_ptr<OpenList> open_in_archive(const std::string& path, const std::vector<const ListFormat*>& formats,
                                          bool is_forced, const ListFormat*& format) {
    const auto members = std::make_shared<const std::vector<ArchiveMember>>(list_archive(path, most_members + 1));
    if (members->size() > most_members)
        throw Error(path, fmt::format("is an archive of more than {} files", most_members), unpack);
    std::unique_ptr<OpenList> best;
    std::size_t best_rank = formats.size(), lists_like_it = 0;
    read_archive_heads(path, members->size(), head_size, [&](std::size_t index, std::string head, bool is_damaged) {
        if (is_damaged) throw_damaged(path);  // it may be one of two lists
        auto list = std::make_unique<ArchivedList>(path, members, index, std::move(head));
        if (list->head().starts_with(sqlite_magic))
            throw Error(path, "is a database inside an archive: unpack it first");
        const ListFormat* found = is_forced && members->size() == 1 ? formats.front() : format_of(*list, formats);
        const auto rank = static_cast<std::size_t>(std::ranges::find(formats, found) - formats.begin());
        if (rank == best_rank && found) ++lists_like_it;
        if (rank >= best_rank) return;
        best_rank = rank, best = std::move(list), format = found, lists_like_it = 1;
    });
    if (!best && is_forced)
        throw Error(path, fmt::format("is an archive without a list of the format {}", formats.front()->name()),
                    unpack);
    if (!best) throw Error(path, "is an archive without a hash list that this build reads", formats_read(formats));
    if (lists_like_it > 1)
        throw Error(path, fmt::format("is an archive of {} lists of the format {}", lists_like_it, format->name()),
                    unpack);
    return best;
}

}  // namespace

std::unique_ptr<OpenList> open_list(const std::string& path, const std::vector<const ListFormat*>& formats,
                                    bool is_forced, const ListFormat*& format) {
    auto list = std::make_unique<FileList>(path);
    const std::string_view head = list->head();
    if (head.find_first_not_of(" \t\r\n") == std::string_view::npos) throw Error(path, "the list is empty");
    if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF"))
        throw Error(path, "is UTF-16 text", "save the list as UTF-8; " + formats_read(formats));
    if (head.starts_with("PK\3\4")) return open_in_archive(path, formats, is_forced, format);
    format = is_forced ? formats.front() : format_of(*list, formats);
    if (!format) throw Error(path, "is no hash list that this build reads", formats_read(formats));
    return list;
}

}  // namespace triage
