// SPDX-License-Identifier: Apache-2.0
// The checksum files of md5sum, sha1sum and sha256sum, as GNU coreutils 9.1 reads them with --check: the default form
// with either marker, `--tag` (BSD) and `md5 -r`, names escaped by a leading backslash; also what `openssl dgst`
// prints. Algorithms may be mixed. Blank lines and `#` comments are skipped.
#include "engine/base/error.h"
#include "engine/known/lines.h"

namespace triage {
namespace {

struct NamedDigest {
    Digest digest;
    std::string name;
};

// Takes back coreutils' escapes; nothing when one is unknown or incomplete.
std::optional<std::string> unescaped(std::string_view name) {
    std::string plain;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (name[i] != '\\') {
            plain += name[i];
            continue;
        }
        const char escape = ++i < name.size() ? name[i] : '\0';
        if (escape != '\\' && escape != 'n' && escape != 'r') return std::nullopt;
        plain += escape == 'n' ? '\n' : escape == 'r' ? '\r' : '\\';
    }
    return plain;
}

Result<NamedDigest> named(const Digest& digest, std::string_view name, bool is_escaped) {
    if (name.empty()) return Failure{"no name stands with the digest"};
    if (!is_escaped) return NamedDigest{digest, std::string(name)};
    auto plain = unescaped(name);
    if (!plain) return Failure{"the name has an escape other than \\\\, \\n and \\r"};
    return NamedDigest{digest, std::move(*plain)};
}

// "HASH  name" (text), "HASH *name" (binary), "HASH name" (md5 -r).
Result<NamedDigest> parse_gnu(std::string_view line, bool is_escaped) {
    const std::size_t length = std::min(line.find_first_of(" \t"), line.size());
    const auto digest = Digest::parse(line.substr(0, length));
    if (!digest) return Failure{why_no_digest(line.substr(0, length))};
    line.remove_prefix(std::min(length + 1, line.size()));
    const bool has_marker = line.size() > 1 && (line[0] == ' ' || line[0] == '*');
    if (has_marker) line.remove_prefix(1);
    if (trimmed(line).empty()) line = {};
    return named(*digest, line, is_escaped);
}

struct Tag {
    std::string_view word;
    Algorithm algorithm;
};
constexpr Tag tags[] = {
    {"MD5", Algorithm::md5},
    {"SHA1", Algorithm::sha1},
    {"SHA256", Algorithm::sha256},
    {"SHA2-256", Algorithm::sha256},  // openssl dgst, version 3
};

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return upper(x) == upper(y); });
}

std::optional<Algorithm> algorithm_of_tag(std::string_view word) {
    for (const Tag& tag : tags)
        if (equals_ignoring_case(word, tag.word)) return tag.algorithm;
    return std::nullopt;
}

// "MD5 (name) = HASH". The name may hold parentheses: the last one that closes before the digest counts.
Result<NamedDigest> parse_bsd(std::string_view line, bool is_escaped) {
    const std::size_t open = line.find('('), close = line.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open)
        return Failure{"neither \"DIGEST  name\" nor \"ALGORITHM (name) = DIGEST\""};
    const auto algorithm = algorithm_of_tag(trimmed(line.substr(0, open)));
    if (!algorithm) return Failure{"the algorithm is none of MD5, SHA1 and SHA256"};
    std::string_view rest = trimmed(line.substr(close + 1));
    if (!rest.starts_with('=')) return Failure{"no \"= DIGEST\" stands behind the name"};
    rest = trimmed(rest.substr(1));
    const auto digest = Digest::parse(rest);
    if (!digest) return Failure{why_no_digest(rest)};
    if (digest->algorithm != *algorithm) return Failure{"the digest is not as long as its algorithm demands"};
    return named(*digest, line.substr(open + 1, close - open - 1), is_escaped);
}

Result<NamedDigest> parse_line(std::string_view line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    const bool is_escaped = line.starts_with('\\');
    if (is_escaped) line.remove_prefix(1);
    constexpr std::string_view digits = "0123456789abcdefABCDEF";
    const bool is_gnu = !line.empty() && digits.find(line[0]) != std::string_view::npos;
    return is_gnu ? parse_gnu(line, is_escaped) : parse_bsd(line, is_escaped);
}

bool is_checksum_line(std::string_view line) { return static_cast<bool>(parse_line(line)); }

class Md5sum : public ListFormat {
  public:
    std::string_view name() const override { return "md5sum"; }
    std::string_view describes() const override { return "md5sum, sha1sum and sha256sum, also in BSD form"; }
    bool recognises(ListSource& source) const override { return has_line(source.head(), is_checksum_line); }

    void read(ListSource& source, const ListOptions&, const ImportSink& sink) const override {
        each_line(source.stream(), sink, [&](std::uint64_t number, std::string_view line) {
            if (trimmed(line).empty() || line.starts_with('#')) return;
            auto parsed = parse_line(line);
            if (!parsed) return sink.reject({number, parsed.why()});
            KnownRecord record;
            record.digests.set(parsed->digest);
            record.label = std::move(parsed->name);
            record.position = number;
            sink.record(std::move(record));
        });
    }
};

}  // namespace

const ListFormat& md5sum_list() {
    static const Md5sum format;
    return format;
}

}  // namespace triage
