// SPDX-License-Identifier: Apache-2.0
// Our own reports/entries.jsonl as a list: what an earlier exhibit held. One object a line (docs: reports, JSON Lines,
// entries). Only entries whose status is `hashed` have `hashes`; the others (skipped, partial, unreadable) and
// directories are no records and are passed over.
#include <array>

#include "engine/base/error.h"
#include "engine/known/json_reader.h"
#include "engine/known/lines.h"

namespace triage {
namespace {

enum Member : std::size_t { md5, sha1, sha256, size, path, stream, status, evidence, kind };
constexpr std::array<std::string_view, kind + 1> members = {
    "hashes/md5", "hashes/sha1", "hashes/sha256", "size", "path", "stream", "status", "evidence", "kind"};

struct Line {
    KnownRecord record;
    std::string path, stream;
    bool has_status = false, is_hashed = false, has_evidence = false, has_kind = false;
};

std::string put_digest(Algorithm algorithm, const JsonValue& value, Digests& digests) {
    if (value.kind != JsonValue::Kind::string) return "a digest is no text";
    return triage::put_digest(value.text, algorithm, digests);
}

std::string put_size(const JsonValue& value, std::optional<std::uint64_t>& size) {
    size = value.kind == JsonValue::Kind::number ? parse_list_size(value.text) : std::nullopt;
    return size ? "" : "the size is no number";
}

std::string put(const JsonValue& value, Line& line) {
    if (value.kind == JsonValue::Kind::null) return {};
    switch (value.member) {
        case md5: return put_digest(Algorithm::md5, value, line.record.digests);
        case sha1: return put_digest(Algorithm::sha1, value, line.record.digests);
        case sha256: return put_digest(Algorithm::sha256, value, line.record.digests);
        case size: return put_size(value, line.record.size);
        case path: line.path = value.text; return {};
        case stream: line.stream = value.text; return {};
        case status:
            line.has_status = true;
            line.is_hashed = value.text == "hashed";
            return {};
        case evidence: line.has_evidence = true; return {};
        case kind: line.has_kind = true; return {};
        default: return {};
    }
}

Result<Line> parse_line(std::string_view text) {
    Line line;
    std::string why;
    auto why_not_json = read_json_object(text, members, [&](const JsonObject& object) {
        why = object.fault;
        for (const JsonValue& value : object.values)
            if (why.empty()) why = put(value, line);
    });
    if (!why_not_json.empty()) return Failure{"no JSON object: " + why_not_json};
    if (!why.empty()) return Failure{std::move(why)};
    line.record.label = line.stream.empty() ? line.path : line.path + ":" + line.stream;
    return line;
}

// Findings have the same members, and are entries too.
bool is_entry(std::string_view text) {
    const auto line = parse_line(text);
    return line && line->has_evidence && line->has_kind &&
           (line->has_status || !line->record.digests.algorithms().empty());
}

class Entries : public ListFormat {
  public:
    std::string_view name() const override { return "entries"; }
    std::string_view describes() const override { return "entries.jsonl of an earlier case"; }
    bool recognises(ListSource& source) const override { return has_line(source.head(), is_entry); }

    void read(ListSource& source, const ListOptions&, const ImportSink& sink) const override {
        each_line(source.stream(), sink, [&](std::uint64_t number, std::string_view text) {
            if (trimmed(text).empty()) return;
            auto line = parse_line(text);
            if (!line) return sink.reject({number, line.why()});
            if (line->record.digests.algorithms().empty()) {
                if (line->is_hashed || !line->has_status) sink.reject({number, "no digest"});
                return;
            }
            if (line->has_status && !line->is_hashed)
                return sink.reject({number, "it has digests, but its status is not `hashed`"});
            line->record.position = number;
            sink.record(std::move(line->record));
        });
    }
};

}  // namespace

const ListFormat& entries_list() {
    static const Entries format;
    return format;
}

}  // namespace triage
