// SPDX-License-Identifier: Apache-2.0
// EnCase hash set of versions 4 to 6 (.hash): a header of 0x480 bytes with the set's name (UTF-16LE, at 0x408) and
// category (at 0x458), then entries of 18 bytes: an MD5 and two bytes without meaning to us. After the forensics wiki's
// page "EnCase hash files" and the layout that The Sleuth Kit reads (tsk/hashdb/encase.cpp). Zeros that reach to the
// end of the list are padding; an entry of zeros with others behind it is rejected.
#include <algorithm>
#include <array>

#include "engine/base/text.h"
#include "engine/known/list_format.h"
#include "engine/known/list_values.h"

namespace triage {
namespace {

constexpr std::string_view magic("HASH\r\n\xFF\0", 8);
constexpr std::size_t header_bytes = 0x480, entry_bytes = 18;
constexpr std::size_t name_at = 0x408, category_at = 0x458;

// The text in a field, up to its first zero. Surrogates without their other half become U+FFFD.
std::string utf8_of(std::string_view field) {
    const auto unit = [&](std::size_t i) -> std::uint32_t {
        return load_le<std::uint16_t>(as_bytes(field), 2 * i).value_or(0);
    };
    std::string text;
    for (std::size_t i = 0; unit(i) != 0; ++i) {
        std::uint32_t c = unit(i);
        if (c >= 0xD800 && c < 0xDC00 && unit(i + 1) >= 0xDC00 && unit(i + 1) < 0xE000)
            c = 0x10000 + ((c - 0xD800) << 10) + (unit(++i) - 0xDC00);
        else if (c >= 0xD800 && c < 0xE000) c = 0xFFFD;
        append_utf8(text, c);
    }
    return std::string(trimmed(text));
}

bool is_zero(std::string_view bytes) { return bytes.find_first_not_of('\0') == std::string_view::npos; }

std::size_t read_up_to(std::istream& list, char* to, std::size_t size) {
    list.read(to, static_cast<std::streamsize>(size));
    return static_cast<std::size_t>(list.gcount());
}

class Entries {
  public:
    Entries(Category category, const ImportSink& sink) : category_(std::move(category)), sink_(sink) {}
    void take(std::uint64_t offset, std::string_view entry) {
        if (is_zero(entry)) {
            if (!zeros_since_) zeros_since_ = offset;
            return;
        }
        if (zeros_since_) sink_.reject({*zeros_since_, "entries of zeros"});
        zeros_since_.reset();
        if (entry.size() < entry_bytes) return sink_.reject({offset, "the list ends within an entry"});
        KnownRecord record;
        Digest md5{Algorithm::md5, {}};
        std::copy_n(as_bytes(entry).begin(), digest_size(Algorithm::md5), md5.bytes.begin());
        record.digests.set(md5);
        record.category = category_;
        record.position = offset;
        sink_.record(std::move(record));
    }

  private:
    const Category category_;
    const ImportSink& sink_;
    std::optional<std::uint64_t> zeros_since_;
};

class Encase : public ListFormat {
  public:
    std::string_view name() const override { return "encase"; }
    std::string_view describes() const override { return "EnCase hash set (.hash), MD5"; }
    std::string_view counts() const override { return "byte"; }
    bool recognises(ListSource& source) const override { return source.head().starts_with(magic); }

    void read(ListSource& source, const ListOptions&, const ImportSink& sink) const override {
        std::istream& list = source.stream();
        std::array<char, header_bytes> header{};
        const std::size_t length = read_up_to(list, header.data(), header.size());
        if (!std::string_view(header.data(), length).starts_with(magic)) return sink.reject({0, "no EnCase hash set"});
        if (length < header.size()) return sink.reject({length, "the list ends within its header"});
        const std::string_view fields(header.data(), header.size());
        const std::string name = utf8_of(fields.substr(name_at, category_at - name_at));
        sink.says({name, {}});

        Entries entries({name, utf8_of(fields.substr(category_at))}, sink);
        std::array<char, entry_bytes * 4096> block{};
        std::uint64_t offset = header.size();
        while (const std::size_t size = read_up_to(list, block.data(), block.size())) {
            for (std::size_t at = 0; at < size; at += entry_bytes)
                entries.take(offset + at, {block.data() + at, std::min(entry_bytes, size - at)});
            offset += size;
        }
    }
};

}  // namespace

const ListFormat& encase_list() {
    static const Encase format;
    return format;
}

}  // namespace triage
