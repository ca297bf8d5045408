// SPDX-License-Identifier: Apache-2.0
#include "engine/base/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <streambuf>

#include "engine/base/error.h"

namespace triage {
namespace {

struct CloseArchive {
    void operator()(archive* a) const { archive_read_free(a); }
};
using Handle = std::unique_ptr<archive, CloseArchive>;

[[noreturn]] void fail(const std::string& path, archive* a) {
    const char* why = archive_error_string(a);
    throw Error(path, std::string("the archive cannot be read: ") + (why ? why : "it is damaged"));
}

Handle open_zip(const std::string& path) {
    Handle a(archive_read_new());
    constexpr std::size_t block = 1 << 20;
    if (archive_read_support_format_zip(a.get()) != ARCHIVE_OK ||
        archive_read_open_filename(a.get(), path.c_str(), block) != ARCHIVE_OK)
        fail(path, a.get());
    return a;
}

// Moves to the next regular file; null at the end.
archive_entry* next_file(const std::string& path, archive* a) {
    archive_entry* entry = nullptr;
    for (;;) {
        const int got = archive_read_next_header(a, &entry);
        if (got == ARCHIVE_EOF) return nullptr;
        if (got != ARCHIVE_OK && got != ARCHIVE_WARN) fail(path, a);
        if (archive_entry_filetype(entry) == AE_IFREG) return entry;
    }
}

class MemberBuffer : public std::streambuf {
  public:
    explicit MemberBuffer(Handle a) : archive_(std::move(a)), bytes_(1 << 20) {}

  protected:
    int_type underflow() override {
        if (gptr() != egptr()) return traits_type::to_int_type(*gptr());
        const la_ssize_t got = archive_read_data(archive_.get(), bytes_.data(), bytes_.size());
        if (got < 0) throw std::ios_base::failure("the archive is damaged");  // istream makes badbit of it
        if (got == 0) return traits_type::eof();
        setg(bytes_.data(), bytes_.data(), bytes_.data() + got);
        return traits_type::to_int_type(*gptr());
    }

  private:
    Handle archive_;
    std::vector<char> bytes_;
};

class MemberStream : public std::istream {
  public:
    explicit MemberStream(Handle a) : std::istream(nullptr), buffer_(std::move(a)) { rdbuf(&buffer_); }

  private:
    MemberBuffer buffer_;
};

}  // namespace

std::vector<ArchiveMember> list_archive(const std::string& path, std::size_t most) {
    const Handle a = open_zip(path);
    std::vector<ArchiveMember> members;
    while (archive_entry* entry = members.size() < most ? next_file(path, a.get()) : nullptr) {
        const char* name = archive_entry_pathname(entry);
        members.push_back({name ? name : ""});
    }
    return members;
}

void read_archive_heads(const std::string& path, std::size_t most, std::size_t head_bytes, const SeeMember& see) {
    const Handle a = open_zip(path);
    for (std::size_t index = 0; index < most && next_file(path, a.get()); ++index) {
        std::string head(head_bytes, '\0');
        std::size_t filled = 0;
        la_ssize_t got = 1;
        while (got > 0 && filled < head.size()) {
            got = archive_read_data(a.get(), head.data() + filled, head.size() - filled);
            if (got > 0) filled += static_cast<std::size_t>(got);
        }
        head.resize(filled);
        see(index, std::move(head), got < 0);
    }
}

std::unique_ptr<std::istream> open_archive_member(const std::string& path, std::size_t index) {
    Handle a = open_zip(path);
    for (std::size_t i = 0; i <= index; ++i)
        if (!next_file(path, a.get())) throw Error(path, "the archive has fewer members than before");
    return std::make_unique<MemberStream>(std::move(a));
}

}  // namespace triage
