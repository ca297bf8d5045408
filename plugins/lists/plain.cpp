// SPDX-License-Identifier: Apache-2.0
// One digest a line: MD5, SHA-1 or SHA-256 by its length, mixed as it comes. Blank lines and lines that start with `#`
// are skipped; anything else is rejected.
#include "engine/known/lines.h"

namespace triage {
namespace {

bool is_digest_line(std::string_view line) { return Digest::parse(trimmed(line)).has_value(); }

class Plain : public ListFormat {
  public:
    std::string_view name() const override { return "plain"; }
    std::string_view describes() const override { return "one MD5, SHA-1 or SHA-256 a line"; }
    bool recognises(ListSource& source) const override { return has_line(source.head(), is_digest_line); }

    void read(ListSource& source, const ListOptions&, const ImportSink& sink) const override {
        each_line(source.stream(), sink, [&](std::uint64_t number, std::string_view line) {
            const std::string_view text = trimmed(line);
            if (text.empty() || text.starts_with('#')) return;
            const auto digest = Digest::parse(text);
            if (!digest) return sink.reject({number, why_no_digest(text)});
            KnownRecord record;
            record.digests.set(*digest);
            record.position = number;
            sink.record(std::move(record));
        });
    }
};

}  // namespace

const ListFormat& plain_list() {
    static const Plain format;
    return format;
}

}  // namespace triage
