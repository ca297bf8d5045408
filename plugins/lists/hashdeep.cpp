// SPDX-License-Identifier: Apache-2.0
// hashdeep 1.0: a header line, a line that names the columns, then one line a file. All digests of a line stand
// together. The name is not quoted and may hold commas; other columns never do. Digests other than MD5, SHA-1 and
// SHA-256 (tiger, whirlpool) are ignored. Lists may be joined: each header begins anew.
#include "engine/base/error.h"
#include "engine/known/lines.h"

namespace triage {
namespace {

constexpr std::string_view mark = "%%%%";
constexpr std::string_view version_word = "HASHDEEP-1.0";

enum class Column : std::uint8_t { size, md5, sha1, sha256, filename, ignored };

Column column_of(std::string_view word) {
    constexpr std::pair<std::string_view, Column> known[] = {{"size", Column::size},
                                                             {"md5", Column::md5},
                                                             {"sha1", Column::sha1},
                                                             {"sha256", Column::sha256},
                                                             {"filename", Column::filename}};
    for (const auto& [name, column] : known)
        if (lower(word) == name) return column;
    return Column::ignored;
}

std::optional<Algorithm> algorithm_of(Column column) {
    switch (column) {
        case Column::md5: return Algorithm::md5;
        case Column::sha1: return Algorithm::sha1;
        case Column::sha256: return Algorithm::sha256;
        default: return std::nullopt;
    }
}

// Cuts `line` at its first comma and returns what stood before.
std::string_view cut_first(std::string_view& line) {
    const std::size_t comma = std::min(line.find(','), line.size());
    const std::string_view field = line.substr(0, comma);
    line.remove_prefix(std::min(comma + 1, line.size()));
    return field;
}

using Columns = std::vector<Column>;

Result<Columns> parse_columns(std::string_view line) {
    Columns columns;
    bool has_digest = false;
    while (!line.empty()) {
        const Column column = column_of(trimmed(cut_first(line)));
        const bool is_repeated = std::find(columns.begin(), columns.end(), column) != columns.end();
        if (is_repeated && column != Column::ignored) return Failure{"a column is named twice"};
        has_digest |= algorithm_of(column).has_value();
        columns.push_back(column);
        if (columns.size() > 64) return Failure{"more than 64 columns"};
    }
    if (!has_digest) return Failure{"no column is md5, sha1 or sha256"};
    return columns;
}

// One field a column. The name takes what is left when the columns before it and behind it have theirs.
std::optional<std::vector<std::string_view>> split(std::string_view line, const Columns& columns) {
    const auto commas = static_cast<std::size_t>(std::count(line.begin(), line.end(), ','));
    if (commas + 1 < columns.size()) return std::nullopt;
    std::size_t surplus = commas + 1 - columns.size();
    std::vector<std::string_view> fields;
    for (const Column column : columns) {
        const char* start = line.data();
        std::string_view field = cut_first(line);
        for (; column == Column::filename && surplus > 0; --surplus) {
            const std::string_view more = cut_first(line);
            field = {start, static_cast<std::size_t>(more.data() + more.size() - start)};
        }
        fields.push_back(field);
    }
    if (surplus > 0) return std::nullopt;
    return fields;
}

// Puts the field into the record; says what is wrong with it, or nothing.
std::string put(Column column, std::string_view field, KnownRecord& record) {
    if (column == Column::filename) record.label = field;
    if (column == Column::size && !(record.size = parse_list_size(trimmed(field)))) return "the size is no number";
    const auto algorithm = algorithm_of(column);
    return algorithm ? put_digest(trimmed(field), *algorithm, record.digests) : std::string();
}

Result<KnownRecord> parse_record(std::string_view line, const Columns& columns) {
    if (columns.empty()) return Failure{"no valid line with the names of the columns stands before it"};
    const auto fields = split(line, columns);
    if (!fields) return Failure{"not as many fields as columns"};
    KnownRecord record;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        auto why = put(columns[i], (*fields)[i], record);
        if (!why.empty()) return Failure{std::move(why)};
    }
    return record;
}

// A line that starts with the mark: the version, which forgets the columns, or the names of the columns.
std::string read_header(std::string_view line, Columns& columns) {
    line = trimmed(line.substr(mark.size()));
    columns.clear();
    if (line == version_word) return {};
    if (line.starts_with("HASHDEEP-")) return "not version 1.0 of hashdeep";
    auto parsed = parse_columns(line);
    if (!parsed) return parsed.why();
    columns = std::move(*parsed);
    return {};
}

class Hashdeep : public ListFormat {
  public:
    std::string_view name() const override { return "hashdeep"; }
    std::string_view describes() const override { return "hashdeep 1.0, with sizes"; }
    bool recognises(ListSource& source) const override {
        std::string_view head = source.head();
        if (!head.starts_with(mark)) return false;
        head.remove_prefix(mark.size());
        return trimmed(head.substr(0, 64)).starts_with(version_word);
    }

    void read(ListSource& source, const ListOptions&, const ImportSink& sink) const override {
        Columns columns;
        each_line(source.stream(), sink, [&](std::uint64_t number, std::string_view line) {
            if (trimmed(line).empty() || line.starts_with('#')) return;
            if (line.starts_with(mark)) {
                auto why = read_header(line, columns);
                if (!why.empty()) sink.reject({number, std::move(why)});
                return;
            }
            auto record = parse_record(line, columns);
            if (!record) return sink.reject({number, record.why()});
            record->position = number;
            sink.record(std::move(*record));
        });
    }
};

}  // namespace

const ListFormat& hashdeep_list() {
    static const Hashdeep format;
    return format;
}

}  // namespace triage
