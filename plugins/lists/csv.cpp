// SPDX-License-Identifier: Apache-2.0
// Generic CSV, with commas, semicolons or tabs (RFC 4180). The first record names the columns, or `--columns` says
// which column holds what: "md5=3,size=Length", by number from 1 or by the header's name. Columns that mean nothing to
// us are ignored. Of several that could be the label the most telling one is taken; a series follows it.
#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/known/csv.h"
#include "engine/known/list_values.h"

namespace triage {
namespace {

enum class Field : std::uint8_t { md5, sha1, sha256, size, category, label, series };
constexpr std::size_t field_count = 7;
constexpr std::string_view field_names = "md5, sha1, sha256, size, category, label, series";

// Names in comparable form; the earlier of two for the same field is preferred where `is_choice`.
struct Name {
    std::string_view name;
    Field field;
};
constexpr Name known_names[] = {
    {"md5", Field::md5},           {"md5hash", Field::md5},       {"hashmd5", Field::md5},
    {"md5sum", Field::md5},        {"sha1", Field::sha1},         {"sha1hash", Field::sha1},
    {"hashsha1", Field::sha1},     {"sha1sum", Field::sha1},      {"sha256", Field::sha256},
    {"sha2256", Field::sha256},    {"sha256hash", Field::sha256}, {"hashsha256", Field::sha256},
    {"sha256sum", Field::sha256},  {"size", Field::size},         {"filesize", Field::size},
    {"length", Field::size},       {"mediasize", Field::size},    {"sizebytes", Field::size},
    {"category", Field::category}, {"label", Field::label},       {"name", Field::label},
    {"filename", Field::label},    {"file", Field::label},        {"path", Field::label},
    {"filepath", Field::label},    {"description", Field::label}, {"series", Field::series},
    {"seriesname", Field::series},
};

const Name* find_name(std::string_view column) {
    const auto found = std::find_if(std::begin(known_names), std::end(known_names),
                                    [word = csv::comparable(column)](const Name& n) { return n.name == word; });
    return found == std::end(known_names) ? nullptr : found;
}

constexpr Algorithm algorithm_of(Field field) {
    return field == Field::md5 ? Algorithm::md5 : field == Field::sha1 ? Algorithm::sha1 : Algorithm::sha256;
}
constexpr bool is_digest(Field field) { return field <= Field::sha256; }
bool is_digest_text(std::string_view text) { return Digest::parse(trimmed(text)).has_value(); }

// Where the fields of a record stand, and how many columns it has.
struct Layout {
    std::array<std::optional<std::size_t>, field_count> places;
    std::size_t columns = 0;
    bool has_header = false;

    std::optional<std::size_t>& operator[](Field field) { return places[static_cast<std::size_t>(field)]; }
    std::optional<std::size_t> operator[](Field field) const { return places[static_cast<std::size_t>(field)]; }
    bool has_digest() const { return places[0] || places[1] || places[2]; }
};

// One "md5=3" of `--columns`.
struct Request {
    Field field;
    std::string column;
    std::optional<std::size_t> number;  // from 0
};

[[noreturn]] void refuse_columns(const std::string& why) {
    throw Error("--columns", why, fmt::format("Give a list such as \"md5=1,size=Length\"; fields: {}.", field_names));
}

Request parse_request(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) refuse_columns(fmt::format("\"{}\" has no \"=\"", text));
    const std::string_view word = trimmed(text.substr(0, equals));
    const Name* name = find_name(word);
    if (name == nullptr) refuse_columns(fmt::format("\"{}\" is no field", word));
    Request request{name->field, std::string(trimmed(text.substr(equals + 1))), {}};
    if (request.column.empty()) refuse_columns(fmt::format("\"{}\" has no column", word));
    std::size_t number = 0;
    const char* const end = request.column.data() + request.column.size();
    const auto [stop, error] = std::from_chars(request.column.data(), end, number);
    if (error == std::errc{} && stop == end) {
        if (number < 1 || number > csv::Reader::most_fields) refuse_columns("a column's number is not 1 to 256");
        request.number = number - 1;
    }
    return request;
}

std::vector<Request> parse_requests(std::string_view text) {
    std::vector<Request> requests;
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        Request request = parse_request(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
        for (const Request& earlier : requests) {
            if (earlier.field == request.field) refuse_columns("a field is given twice");
            if (csv::comparable(earlier.column) == csv::comparable(request.column))
                refuse_columns(fmt::format("column \"{}\" is given twice", request.column));
        }
        requests.push_back(std::move(request));
    }
    const bool has_digest = std::any_of(requests.begin(), requests.end(), [](auto& r) { return is_digest(r.field); });
    if (!has_digest) refuse_columns("no digest column is given: md5, sha1 or sha256");
    return requests;
}

// By the names in the header.
Layout layout_of(const std::vector<std::string>& header) {
    std::array<const Name*, field_count> chosen{};
    Layout layout{{}, header.size(), true};
    for (std::size_t i = 0; i < header.size(); ++i) {
        const Name* name = find_name(header[i]);
        if (name == nullptr) continue;
        auto& earlier = chosen[static_cast<std::size_t>(name->field)];
        if (earlier != nullptr && name->field != Field::label)
            throw Error("the list", fmt::format("two columns of its header are {}", name->name),
                        "Say with --columns which one counts.");
        if (earlier != nullptr && earlier <= name) continue;
        earlier = name;
        layout[name->field] = i;
    }
    return layout;
}

std::size_t find_column(const std::vector<std::string>& header, const Request& request) {
    for (std::size_t i = 0; i < header.size(); ++i)
        if (csv::comparable(header[i]) == csv::comparable(request.column)) return i;
    refuse_columns(fmt::format("the list's first line names no column \"{}\"", request.column));
}

// A first line without a digest is a header, unless what stands there looks like a damaged one.
bool is_header(const std::vector<std::string>& first, const Layout& layout) {
    const auto is_hex = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    };
    for (const Field field : {Field::md5, Field::sha1, Field::sha256}) {
        if (!layout[field]) continue;
        const std::string_view text = trimmed(first[*layout[field]]);
        if (text.size() >= 16 && std::all_of(text.begin(), text.end(), is_hex)) return false;
    }
    return true;
}

Layout layout_of(const std::vector<std::string>& first, const std::vector<Request>& requests) {
    Layout layout{{}, first.size(), false};
    for (const Request& request : requests) {
        const std::size_t place = request.number ? *request.number : find_column(first, request);
        if (place >= first.size()) refuse_columns(fmt::format("the list has {} columns only", first.size()));
        if (std::count(layout.places.begin(), layout.places.end(), std::optional(place)) > 0)
            refuse_columns(fmt::format("column {} is given twice", place + 1));
        layout[request.field] = place;
        layout.has_header |= !request.number;
    }
    layout.has_header = layout.has_header || is_header(first, layout);
    return layout;
}

// How well a separator makes sense of the first line: columns that are digests or have a known name.
std::size_t score(const std::vector<std::string>& first) {
    const auto makes_sense = [](const std::string& text) { return is_digest_text(text) || find_name(text) != nullptr; };
    return static_cast<std::size_t>(std::count_if(first.begin(), first.end(), makes_sense));
}

struct Start {
    char separator = ',';
    std::vector<std::string> first;
    std::size_t score = 0;
};

Start find_start(std::string_view head) {
    Start best;
    for (const char separator : {',', ';', '\t'}) {
        const auto first = csv::first_record(head, separator);
        if (!first) continue;
        const std::size_t points = score(*first);
        if (std::pair(points, first->size()) > std::pair(best.score, best.first.size()))
            best = {separator, *first, points};
    }
    return best;
}

Layout choose_layout(const Start& start, const std::string& columns) {
    if (!columns.empty()) return layout_of(start.first, parse_requests(columns));
    const Layout layout = layout_of(start.first);
    if (layout.has_digest()) return layout;
    throw Error("the list", "no column of its first line is named md5, sha1 or sha256",
                "Say which column holds what, for example --columns md5=1,size=3.");
}

std::string put(Field field, std::string_view text, KnownRecord& record) {
    if (is_digest(field)) return csv::put_digest(text, algorithm_of(field), record);
    if (field == Field::size) return csv::put_size(text, record);
    if (field == Field::category && !csv::is_null(trimmed(text))) record.category.number = trimmed(text);
    if (field == Field::label) record.label = text;
    if (field == Field::series && !trimmed(text).empty())
        record.label += (record.label.empty() ? "" : ", ") + std::string(trimmed(text));
    return {};
}

Result<KnownRecord> parse_record(const std::vector<std::string_view>& fields, const Layout& layout) {
    if (fields.size() != layout.columns) return Failure{"not as many fields as the first line has"};
    KnownRecord record;
    for (std::size_t i = 0; i < field_count; ++i) {
        if (!layout.places[i]) continue;
        auto why = put(static_cast<Field>(i), fields[*layout.places[i]], record);
        if (!why.empty()) return Failure{std::move(why)};
    }
    if (record.digests.algorithms().empty()) return Failure{"no digest"};
    return record;
}

class Csv : public ListFormat {
  public:
    std::string_view name() const override { return "csv"; }
    std::string_view describes() const override { return "CSV with commas, semicolons or tabs; --columns"; }
    bool takes_columns() const override { return true; }
    // A header that names a digest, or a first record of several columns of which one is a digest.
    bool recognises(ListSource& source) const override {
        const auto first = find_start(source.head()).first;
        const auto names_digest = [](const std::string& text) {
            const Name* name = find_name(text);
            return name != nullptr && is_digest(name->field);
        };
        return std::any_of(first.begin(), first.end(), names_digest) ||
               (first.size() > 1 && std::any_of(first.begin(), first.end(), is_digest_text));
    }

    void read(ListSource& source, const ListOptions& options, const ImportSink& sink) const override {
        const Start start = find_start(source.head());
        const Layout layout = choose_layout(start, options.columns);
        bool is_first = layout.has_header;
        csv::Reader reader(source.stream(), start.separator);
        csv::each_record(reader, sink, [&](std::uint64_t line, const std::vector<std::string_view>& fields) {
            if (std::exchange(is_first, false)) return;
            auto record = parse_record(fields, layout);
            if (!record) return sink.reject({line, record.why()});
            record->position = line;
            sink.record(std::move(*record));
        });
    }
};

}  // namespace

const ListFormat& csv_list() {
    static const Csv format;
    return format;
}

}  // namespace triage
