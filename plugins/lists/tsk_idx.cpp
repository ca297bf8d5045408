// SPDX-License-Identifier: Apache-2.0
// Index files of The Sleuth Kit (`hfind -i`; tsk/hashdb/tsk_hashdb_i.h): a line of 41 zeros, "|" and the kind of the
// indexed list; since TSK 4 a line of 40 zeros and a one, "|" and its name; then sorted lines "DIGEST|OFFSET", all MD5
// or all SHA-1, the offset with 16 digits. TSK 1 and 2 wrote a comma for the bar. What the list says beside the digests
// is not in its index.
#include <algorithm>

#include "engine/base/error.h"
#include "engine/known/lines.h"

namespace triage {
namespace {

constexpr std::size_t mark_length = 41;  // one more than SHA-1, so that headers sort to the top
constexpr std::size_t offset_digits = 16;

bool is_bar(char c) { return c == '|' || c == ','; }

bool is_header(std::string_view line, char last) {
    return line.size() > mark_length && line.find_first_not_of('0') >= mark_length - 1 &&
           line[mark_length - 1] == last && is_bar(line[mark_length]);
}

bool is_offset(std::string_view text) {
    return text.size() == offset_digits && text.find_first_not_of("0123456789") == std::string_view::npos;
}

Result<KnownRecord> parse_record(std::string_view line, std::optional<Algorithm>& algorithm) {
    const std::size_t bar = line.find_first_of("|,");
    if (bar == std::string_view::npos) return Failure{"no digest and offset with a bar between them"};
    const auto digest = Digest::parse(line.substr(0, bar));
    if (!digest) return Failure{why_no_digest(line.substr(0, bar))};
    if (digest->algorithm == Algorithm::sha256) return Failure{"an index holds MD5 or SHA-1 only"};
    if (!is_offset(line.substr(bar + 1))) return Failure{"the offset has not 16 digits"};
    if (!algorithm) algorithm = digest->algorithm;
    if (digest->algorithm != *algorithm) return Failure{"a digest is not as long as those before it"};
    KnownRecord record;
    record.digests.set(*digest);
    return record;
}

class TskIdx : public ListFormat {
  public:
    std::string_view name() const override { return "tsk_idx"; }
    std::string_view describes() const override { return "The Sleuth Kit index (.idx): digests only"; }
    bool recognises(ListSource& source) const override { return is_header(source.head(), '0'); }

    void read(ListSource& source, const ListOptions&, const ImportSink& sink) const override {
        std::optional<Algorithm> algorithm;
        each_line(source.stream(), sink, [&](std::uint64_t number, std::string_view line) {
            if (number == 1 && is_header(line, '0')) return;
            if (number == 2 && is_header(line, '1'))
                return sink.says({std::string(trimmed(line.substr(mark_length + 1))), {}});
            if (line.empty()) return;
            auto record = parse_record(line, algorithm);
            if (!record) return sink.reject({number, record.why()});
            record->position = number;
            sink.record(std::move(*record));
        });
    }
};

}  // namespace

const ListFormat& tsk_idx_list() {
    static const TskIdx format;
    return format;
}

}  // namespace triage
