// SPDX-License-Identifier: Apache-2.0
// Project VIC's VICS 2.0 and 1.3 and the VICS 1.2 of CAID: one JSON object with an OData context and the array `value`
// of media; in a case export (`#Cases`) the media are the arrays `Media` of its elements. Layout: the data models that
// the context names, VICSDATAMODEL/ProjectVic (2.0.xml) and ICMEC/ProjectVic (1.2.xml, 1.3.xml), entity Media. Tools
// differ: sizes and booleans come as strings, SHA-256 stands among AlternativeHashes or as a member, the context may
// follow the array. `MediaFiles` and `Exifs` repeat the MD5 of their medium; only the medium's own counts.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <sstream>

#include "engine/base/error.h"
#include "engine/known/json_reader.h"
#include "engine/known/list_format.h"
#include "engine/known/list_values.h"

namespace triage {
namespace {

enum Member : std::size_t {
    context,
    old_context,
    media_id,
    category,
    md5,
    sha1,
    sha256,
    other_name,
    other_value,
    size,
    series,
    file_name,
    updated,
    distributed,
    victim,
    offender,
    precategorised,
};
constexpr std::array<std::string_view, precategorised + 1> members = {"@odata.context",
                                                                      "odata.metadata",
                                                                      "MediaID",
                                                                      "Category",
                                                                      "MD5",
                                                                      "SHA1",
                                                                      "SHA256",
                                                                      "AlternativeHashes[]/HashName",
                                                                      "AlternativeHashes[]/HashValue",
                                                                      "MediaSize",
                                                                      "Series",
                                                                      "MediaFiles[]/FileName",
                                                                      "DateUpdated",
                                                                      "IsDistributed",
                                                                      "VictimIdentified",
                                                                      "OffenderIdentified",
                                                                      "IsPrecategorized"};
constexpr std::array<std::string_view, 2> arrays = {"value", "value[]/Media"};
constexpr std::size_t longest_category = 64;

// ".../ProjectVic/DataModels/2.0.xml/US/$metadata#Media" → "2.0 US"; older ones name no namespace.
struct Context {
    bool is_vics = false;
    std::string model;  // empty when it is not understood
};

Context parse_context(std::string_view text) {
    constexpr std::string_view folder = "ProjectVic/DataModels/", suffix = ".xml";
    Context result;
    result.is_vics = text.ends_with("#Media") || text.ends_with("#Cases");
    const std::size_t start = text.find(folder);
    if (start == std::string_view::npos) return result;
    result.is_vics = true;
    text.remove_prefix(start + folder.size());
    const std::size_t version = text.find(suffix);
    if (version == std::string_view::npos || version > 16) return result;
    result.model = text.substr(0, version);
    text.remove_prefix(version + suffix.size());
    const std::size_t end = text.find("/$");
    if (text.starts_with('/') && end != std::string_view::npos && end > 1 && end < longest_category)
        result.model += " " + std::string(text.substr(1, end - 1));
    return result;
}

bool is_absent(const JsonValue& value) {
    return value.kind == JsonValue::Kind::null ||
           (value.kind == JsonValue::Kind::string && trimmed(value.text).empty());
}

bool is_word(std::string_view text, std::string_view lower) {
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

// "SHA-256", "SHA2_256" → "sha256"; nothing for PhotoDNA and the like.
std::optional<Algorithm> algorithm_of(std::string_view name) {
    std::string letters;
    for (const char c : name.substr(0, 32))
        if (c != '-' && c != '_' && c != ' ') letters += c;
    if (is_word(letters, "md5")) return Algorithm::md5;
    if (is_word(letters, "sha1")) return Algorithm::sha1;
    if (is_word(letters, "sha256") || is_word(letters, "sha2256")) return Algorithm::sha256;
    return std::nullopt;
}

// Each puts one value into the record and says what is wrong with it, or nothing.
std::string put_digest(Algorithm algorithm, const JsonValue& value, Digests& digests) {
    if (is_absent(value)) return {};
    if (value.kind != JsonValue::Kind::string) return "a digest is no text";
    return triage::put_digest(trimmed(value.text), algorithm, digests);
}

std::string put_size(const JsonValue& value, std::optional<std::uint64_t>& size) {
    if (is_absent(value)) return {};
    size = value.kind == JsonValue::Kind::boolean ? std::nullopt : parse_list_size(trimmed(value.text));
    return size ? "" : "the size is no number";
}

std::string put_category(const JsonValue& value, std::string& number) {
    if (is_absent(value)) return {};
    const std::string_view text = trimmed(value.text);
    const bool is_integer = text.find_first_not_of("-0123456789") == std::string_view::npos;
    if (value.kind == JsonValue::Kind::boolean || (value.kind == JsonValue::Kind::number && !is_integer))
        return "the category is no integer";
    if (text.size() > longest_category) return "the category is longer than 64 bytes";
    number = text;
    return {};
}

std::string put_flag(RecordFlag flag, const JsonValue& value, RecordFlags& flags) {
    if (is_absent(value)) return {};
    const std::string_view text = trimmed(value.text);
    const bool is_set = is_word(text, "true") || text == "1";
    if (!is_set && !is_word(text, "false") && text != "0") return "a flag is neither true nor false";
    if (is_set) flags.add(flag);
    return {};
}

// Those of one nested object stand together; name and value come in either order.
std::string put_other_digests(const std::vector<JsonValue>& values, Digests& digests) {
    std::string why;
    const JsonValue *name = nullptr, *digest = nullptr;
    for (const JsonValue& value : values) {
        if (value.member != other_name && value.member != other_value) continue;
        const JsonValue* other = value.member == other_name ? digest : name;
        (value.member == other_name ? name : digest) = &value;
        if (other == nullptr || other->nested != value.nested || name->kind != JsonValue::Kind::string) continue;
        const auto algorithm = algorithm_of(name->text);
        if (algorithm && why.empty()) why = put_digest(*algorithm, *digest, digests);
    }
    return why;
}

std::string put(const JsonValue& value, KnownRecord& record) {
    switch (value.member) {
        case category: return put_category(value, record.category.number);
        case md5: return put_digest(Algorithm::md5, value, record.digests);
        case sha1: return put_digest(Algorithm::sha1, value, record.digests);
        case sha256: return put_digest(Algorithm::sha256, value, record.digests);
        case size: return put_size(value, record.size);
        case distributed: return put_flag(RecordFlag::distributed, value, record.flags);
        case victim: return put_flag(RecordFlag::victim_identified, value, record.flags);
        case offender: return put_flag(RecordFlag::offender_identified, value, record.flags);
        case precategorised: return put_flag(RecordFlag::precategorised, value, record.flags);
        default: return {};
    }
}

Result<KnownRecord> parse_medium(const JsonObject& object) {
    if (!object.fault.empty()) return Failure{std::string(object.fault)};
    KnownRecord record;
    for (const JsonValue& value : object.values) {
        auto why = put(value, record);
        if (!why.empty()) return Failure{std::move(why)};
    }
    auto why = put_other_digests(object.values, record.digests);
    if (!why.empty()) return Failure{std::move(why)};
    if (record.digests.algorithms().empty()) return Failure{"no digest"};
    return record;
}

struct Label {
    std::string_view text;
    bool is_series = false;
};

// The series, then the names of its files; each once. At least one, which may be empty.
std::vector<Label> labels_of(const JsonObject& object) {
    std::vector<Label> labels;
    std::set<std::string_view> seen;
    for (const Member wanted : {series, file_name})
        for (const JsonValue& value : object.values)
            if (value.member == wanted && value.kind == JsonValue::Kind::string && !value.text.empty() &&
                seen.insert(value.text).second)
                labels.push_back({value.text, wanted == series});
    if (labels.empty()) labels.emplace_back();
    return labels;
}

// "2025-01-02T03:04:05-05:00" → "2025-01-02"; empty when it is no date.
std::string_view date_of(std::string_view text) {
    constexpr std::string_view pattern = "0000-00-00";
    if (text.size() < pattern.size()) return {};
    for (std::size_t i = 0; i < pattern.size(); ++i)
        if (pattern[i] == '-' ? text[i] != '-' : text[i] < '0' || text[i] > '9') return {};
    return text.substr(0, pattern.size());
}

// What the first 64 KiB show.
struct Head {
    bool has_media = false;
    Context context;
};

bool is_medium(const JsonObject& object) {
    const auto has = [&](Member member) {
        return std::any_of(object.values.begin(), object.values.end(),
                           [&](const JsonValue& value) { return value.member == member; });
    };
    return has(media_id) && (has(category) || has(md5));
}

void take_context(const JsonValue& value, Context& found) {
    if (value.member != context && value.member != old_context) return;
    if (value.kind != JsonValue::Kind::string) return;
    const Context parsed = parse_context(value.text);
    if (parsed.is_vics && found.model.empty()) found = parsed;
}

Head read_head(std::string_view text) {
    Head head;
    const std::size_t start = text.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos || text[start] != '{') return head;
    std::istringstream stream{std::string(text)};
    read_json_arrays(stream, arrays, members,
                     {[&](const JsonObject& object) { head.has_media |= is_medium(object); },
                      [&](const JsonValue& value) { take_context(value, head.context); }});
    return head;
}

class Reading {
  public:
    Reading(Context context, const ImportSink& sink) : context_(std::move(context)), sink_(sink) {
        set_ = context_.model.empty() ? "VICS" : "VICS " + context_.model;
    }

    void take(const JsonObject& object) {
        ++position_;
        auto record = parse_medium(object);
        if (!record) return sink_.reject({position_, fmt::format("{} (byte {})", record.why(), object.offset)});
        record->position = position_;
        record->category.set = set_;
        for (const JsonValue& value : object.values)
            if (value.member == updated && date_of(value.text) > latest_) latest_ = date_of(value.text);
        const RecordFlags flags = record->flags;
        for (const Label& label : labels_of(object)) {
            record->label = label.text;
            record->flags = flags;
            if (label.is_series) record->flags.add(RecordFlag::series);
            sink_.record(*record);
        }
    }
    void take_outside(const JsonValue& value) { take_context(value, context_); }

    void end(const JsonEnd& end) {
        if (!end.why.empty())
            sink_.reject({position_ + 1,
                          fmt::format("JSON ends or breaks at byte {}: {}; reading ended here", end.offset, end.why)});
        else if (!end.found_array) sink_.reject({1, "no array of media under `value`"});
        sink_.says({"Project VIC" + (context_.model.empty() ? "" : " " + context_.model), latest_});
    }

  private:
    Context context_;
    const ImportSink& sink_;
    std::string set_, latest_;
    std::uint64_t position_ = 0;
};

class Vics : public ListFormat {
  public:
    std::string_view name() const override { return "vics"; }
    std::string_view describes() const override { return "Project VIC and CAID: VICS 1.2, 1.3 and 2.0 (JSON)"; }
    std::string_view counts() const override { return "object"; }
    bool recognises(ListSource& source) const override {
        const Head head = read_head(source.head());
        return head.context.is_vics || head.has_media;
    }

    // A context behind the first 64 KiB names the list but not its categories: their records are already given.
    void read(ListSource& source, const ListOptions&, const ImportSink& sink) const override {
        Reading reading(read_head(source.head()).context, sink);
        reading.end(read_json_arrays(source.stream(), arrays, members,
                                     {[&](const JsonObject& object) { reading.take(object); },
                                      [&](const JsonValue& value) { reading.take_outside(value); }}));
    }
};

}  // namespace

const ListFormat& vics_list() {
    static const Vics format;
    return format;
}

}  // namespace triage
