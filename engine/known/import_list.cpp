// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <streambuf>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/base/time.h"
#include "engine/hash/hasher.h"
#include "engine/known/list_format.h"

namespace triage {
namespace {

constexpr std::size_t head_size = 64 << 10;
constexpr std::size_t named_rejections = 5;

AlgorithmSet only_sha256() {
    AlgorithmSet set;
    set.add(Algorithm::sha256);
    return set;
}

// The list as a stream, hashed as it is read: one pass serves a pipe too, and what was hashed is what was parsed.
class HashedFile : public std::streambuf {
  public:
    explicit HashedFile(const std::string& path)
        : path_(path), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), hasher_(only_sha256()), buffer_(1 << 20) {
        if (fd_ < 0 || ::fstat(fd_, &stat_) != 0) fail(errno);
        if (S_ISDIR(stat_.st_mode)) fail(EISDIR);
        while (end_ < head_size && read_more()) {
        }
        setg(buffer_.data(), buffer_.data(), buffer_.data() + end_);
        if (head().starts_with("\xEF\xBB\xBF")) gbump(3);
    }
    ~HashedFile() override {
        if (fd_ >= 0) ::close(fd_);
    }
    HashedFile(const HashedFile&) = delete;
    HashedFile& operator=(const HashedFile&) = delete;

    // Before anything was taken from the stream; without a byte order mark.
    std::string_view head() const { return {gptr(), std::min(head_size, static_cast<std::size_t>(egptr() - gptr()))}; }

    // Of the whole file. Throws when it could not be read to its end.
    std::string sha256() {
        while (underflow() != traits_type::eof()) setg(eback(), egptr(), egptr());
        if (failed_ != 0) throw_unreadable(failed_);
        return hasher_.finish().sha256->hex();
    }

    std::uint64_t size() const { return S_ISREG(stat_.st_mode) ? static_cast<std::uint64_t>(stat_.st_size) : 0; }
    std::string modification_date() const {
        return format_time({stat_.st_mtim.tv_sec, 0}, {.fraction_digits = 0, .is_utc = true, .is_date_only = true});
    }

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
    // Reads behind `end_`; false at the end of the file or on an error, which sha256() reports.
    bool read_more() {
        ssize_t got;
        do got = ::read(fd_, buffer_.data() + end_, buffer_.size() - end_);
        while (got < 0 && errno == EINTR);
        if (got < 0) failed_ = errno;
        if (got <= 0) return false;
        hasher_.update(as_bytes({buffer_.data() + end_, static_cast<std::size_t>(got)}));
        end_ += static_cast<std::size_t>(got);
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
    int failed_ = 0;
};

std::string formats_read(const std::vector<const ListFormat*>& formats) {
    std::string text = "this build reads ";
    for (const ListFormat* format : formats) {
        if (format != formats.front()) text += "; ";
        text += fmt::format("{}: {}", format->name(), format->describes());
    }
    return text;
}

const ListFormat& format_of(const std::string& path, std::string_view head,
                            const std::vector<const ListFormat*>& formats) {
    if (head.find_first_not_of(" \t\r\n") == std::string_view::npos) throw Error(path, "the list is empty");
    if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF"))
        throw Error(path, "is UTF-16 text", "save the list as UTF-8; " + formats_read(formats));
    for (const ListFormat* format : formats)
        if (format->recognises(head)) return *format;
    throw Error(path, "is no hash list that this build reads", formats_read(formats));
}

// The digests of a content of no bytes (RFC 1321, FIPS 180-4): every empty file would match.
const Digests& trivial_digests() {
    static const Digests digests = hash_of({});
    return digests;
}

// Takes the empty file's digests out; true when there were any.
bool drop_trivial(Digests& digests) {
    bool dropped = false;
    for (auto* digest : {&digests.md5, &digests.sha1, &digests.sha256}) {
        if (!*digest || **digest != *trivial_digests().get((*digest)->algorithm)) continue;
        digest->reset();
        dropped = true;
    }
    return dropped;
}

std::string sentence_of(const std::vector<Rejection>& rejections) {
    std::string text;
    for (const Rejection& r : rejections) text += fmt::format("{}line {}: {}", text.empty() ? "" : "; ", r.line, r.why);
    return text;
}

// What a reading brings together.
struct Import {
    const std::string& path;
    const ImportOptions& options;
    KnownSetBuilder builder;
    std::vector<Rejection> rejections;  // the first ones
    std::uint64_t rejected = 0, trivial = 0, partly_trivial = 0;

    void record(KnownRecord record) {
        const bool dropped = drop_trivial(record.digests);
        if (record.digests.algorithms().empty()) {
            ++trivial;
            return;
        }
        if (dropped) ++partly_trivial;
        builder.add(record);
    }
    void reject(Rejection rejection) {
        ++rejected;
        if (rejections.size() < named_rejections) rejections.push_back(std::move(rejection));
        if (!options.lenient && rejections.size() == named_rejections) refuse(" (reading ended here)");
    }
    [[noreturn]] void refuse(std::string_view end) const {
        throw Error(path, "lines of the list cannot be read: " + sentence_of(rejections) + std::string(end),
                    "mend the lines, or give --lenient to leave them out");
    }
};

void check(const Import& import) {
    if (!import.options.lenient && import.rejected > 0) import.refuse("");
    if (import.builder.size() > 0) return;
    if (import.trivial > 0)
        throw Error(import.path, "the list holds no usable record: only the empty file's digest, which is dropped");
    if (import.rejected > 0)
        throw Error(import.path, "the list holds no usable record: " + sentence_of(import.rejections));
    throw Error(import.path, "the list holds no record");
}

std::string counted(std::uint64_t number, std::string_view thing) {
    return fmt::format("{} {}{}", with_commas(number), thing, number == 1 ? "" : "s");
}

std::vector<std::string> warnings_of(const Import& import) {
    std::vector<std::string> warnings;
    if (import.trivial > 0)
        warnings.push_back(fmt::format("{}: the empty file's digest was dropped ({}); it would match every empty file",
                                       import.path, counted(import.trivial, "record")));
    if (import.partly_trivial > 0)
        warnings.push_back(
            fmt::format("{}: {} mixed the empty file's digest with another content's; the empty file's "
                        "was dropped",
                        import.path, counted(import.partly_trivial, "record")));
    if (import.rejected > 0)
        warnings.push_back(fmt::format("{}: {} left out: {}{}", import.path, counted(import.rejected, "line"),
                                       sentence_of(import.rejections),
                                       import.rejected > import.rejections.size() ? "; and more" : ""));
    return warnings;
}

KnownSetIdentity identity_of(const std::string& path, const ListFormat& format, HashedFile& file,
                             const Import& import) {
    KnownSetIdentity identity;
    identity.name = path.substr(path.find_last_of('/') + 1);
    identity.version = file.modification_date();
    identity.format = format.name();
    identity.source_path = path;
    identity.source_sha256 = file.sha256();
    identity.polarity = import.options.polarity;
    identity.records_read = import.builder.size() + import.trivial + import.rejected;
    identity.records_rejected = import.rejected;
    identity.records_trivial = import.trivial;
    return identity;
}

// The records of the whole file when its lines are as long as those of its head.
std::uint64_t expected_records(std::string_view head, std::uint64_t size) {
    const auto lines = static_cast<std::uint64_t>(std::count(head.begin(), head.end(), '\n'));
    return static_cast<std::uint64_t>(static_cast<double>(size) / static_cast<double>(head.size()) *
                                      static_cast<double>(lines) * 1.02) +
           1;
}

}  // namespace

Imported import_list(const std::string& path, const std::vector<const ListFormat*>& formats,
                     const ImportOptions& options) {
    HashedFile file(path);
    const ListFormat& format = format_of(path, file.head(), formats);
    Import import{path, options, {}, {}};
    import.builder.expect(expected_records(file.head(), file.size()));

    std::istream stream(&file);
    format.read(stream, {[&](KnownRecord record) { import.record(std::move(record)); },
                         [&](Rejection rejection) { import.reject(std::move(rejection)); }});
    KnownSetIdentity identity = identity_of(path, format, file, import);  // throws when reading failed
    check(import);
    auto warnings = warnings_of(import);
    return {std::move(import.builder).build(std::move(identity)), std::move(warnings)};
}

}  // namespace triage
