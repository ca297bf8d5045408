// SPDX-License-Identifier: Apache-2.0
#include "engine/known/database_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "engine/known/list_values.h"

namespace triage {
namespace {

constexpr std::string_view magic("SQLite format 3\0", 16);
constexpr std::int64_t lowest_id = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t highest_id = std::numeric_limits<std::int64_t>::max();

// SQLite stores the statement that made a table with these words in front, whatever its author wrote; views and
// virtual tables begin otherwise. It refuses a schema whose rows name another object than their statement.
bool is_real_table(const Database& database, std::string_view table) {
    Statement schema = database.prepare(
        "SELECT count(*) FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE AND type = 'table' AND rootpage > 0 AND "
        "substr(sql, 1, 13) = 'CREATE TABLE '");
    schema.bind(table);
    return schema.step() && schema.integer(0) == 1;
}

// Without computed columns: table_info does not list them.
std::vector<std::string> columns_of(const Database& database, std::string_view table) {
    std::vector<std::string> columns;
    Statement rows = database.prepare("SELECT name FROM pragma_table_info(?1)");
    rows.bind(table);
    while (rows.step()) columns.push_back(lower(rows.text(0)));
    return columns;
}

bool contains(const std::vector<std::string>& columns, const std::string& column) {
    return std::find(columns.begin(), columns.end(), column) != columns.end();
}

// What the row id is called in this table; empty when it has none.
std::string id_of(const Database& database, const std::string& table) {
    const auto columns = columns_of(database, table);
    for (const char* name : {"rowid", "_rowid_", "oid"}) {
        if (contains(columns, name)) continue;
        try {
            database.prepare(fmt::format("SELECT {} FROM {}", name, table));
            return name;
        } catch (const SqliteError& e) {
            if (e.is_damage()) throw;
            return {};
        }
    }
    return {};
}

enum class Step { row, end, too_long, damage };

Step next_row(Statement& rows) {
    try {
        return rows.step() ? Step::row : Step::end;
    } catch (const SqliteError& e) {
        return e.is_too_long() ? Step::too_long : Step::damage;
    }
}

constexpr std::string_view ended = "the database is damaged here: reading ended";

}  // namespace

DatabaseList::DatabaseList(const std::string& path) : database_(path, Database::Mode::hostile) {
    pages_ = static_cast<std::uint64_t>(database_.integer("PRAGMA page_count"));
    page_size_ = static_cast<std::uint64_t>(database_.integer("PRAGMA page_size"));
}

bool DatabaseList::has(std::string_view table, std::string_view columns) const {
    if (!is_real_table(database_, table)) return false;
    const auto present = columns_of(database_, table);
    while (!columns.empty()) {
        const std::size_t length = std::min(columns.find(','), columns.size());
        if (!contains(present, lower(trimmed(columns.substr(0, length))))) return false;
        columns.remove_prefix(std::min(length + 1, columns.size()));
    }
    return true;
}

void DatabaseList::each_row(std::string_view table, std::string_view columns, const ImportSink& sink,
                            const Row& row) const {
    const std::string id = id_of(database_, std::string(table));
    if (id.empty()) each_row_by_number(std::string(columns), std::string(table), sink, row);
    else each_row_by_id(std::string(columns), id, std::string(table), sink, row);
}

// The first row id that is not below `from`; reads no column.
std::optional<std::int64_t> DatabaseList::first_id(const std::string& id, const std::string& table,
                                                   std::int64_t from) const {
    try {
        Statement rows = database_.prepare(
            fmt::format("SELECT {0} FROM {1} NOT INDEXED WHERE {0} >= ?1 ORDER BY {0} LIMIT 1", id, table));
        rows.bind(from);
        if (rows.step() && rows.integer(0) >= from) return rows.integer(0);
    } catch (const SqliteError&) {
    }
    return std::nullopt;
}

// NOT INDEXED: an index over all columns would be read in its order, which is none of the disk's. Ids only rise; where
// they do not, pages are linked in circles.
void DatabaseList::each_row_by_id(const std::string& columns, const std::string& id, const std::string& table,
                                  const ImportSink& sink, const Row& row) const {
    const int id_column = 1 + static_cast<int>(std::count(columns.begin(), columns.end(), ','));
    Statement rows = database_.prepare(
        fmt::format("SELECT {1}, {0} FROM {2} NOT INDEXED WHERE {0} >= ?1 ORDER BY {0}", id, columns, table));
    const auto reject = [&](std::int64_t at, std::string_view why) {
        sink.reject({static_cast<std::uint64_t>(std::max<std::int64_t>(at, 0)), std::string(why)});
    };
    std::int64_t last = lowest_id;  // rows up to it are done; SQLite never gives this id out
    rows.bind(last);
    for (;;) {
        const Step step = next_row(rows);
        if (step == Step::end) return;
        const std::int64_t at = step == Step::row ? rows.integer(id_column) : highest_id;
        if (step == Step::damage || at <= last) return reject(last, ended);
        if (step == Step::too_long) {  // it is the row behind the last one
            const auto behind = first_id(id, table, last + 1);
            if (!behind) return reject(last, ended);
            last = *behind;
            reject(last, "the row is longer than 1 MiB");
            if (last == highest_id) return;
            rows.bind(last + 1);
            continue;
        }
        last = at;
        if (last < 0) reject(0, "the row id is negative");
        else row(static_cast<std::uint64_t>(last), rows);
    }
}

void DatabaseList::each_row_by_number(const std::string& columns, const std::string& table, const ImportSink& sink,
                                      const Row& row) const {
    const std::uint64_t most = pages_ * page_size_ / 4;  // a row takes at least so many bytes
    Statement rows = database_.prepare(fmt::format("SELECT {} FROM {}", columns, table));
    for (std::uint64_t number = 0;; row(++number, rows)) {
        const Step step = next_row(rows);
        if (step == Step::end) return;
        if (step == Step::damage || number == most) return sink.reject({number, std::string(ended)});
        if (step == Step::too_long)
            return sink.reject({number + 1, "the row is longer than 1 MiB and has no id: reading ended"});
    }
}

Statement DatabaseList::search(std::string_view table, std::string_view columns, std::string_view key) const {
    const std::string sql = fmt::format("SELECT {} FROM {} WHERE {} = ?1", columns, table, key);
    Statement plan = database_.prepare("EXPLAIN QUERY PLAN " + sql);
    while (plan.step())
        if (plan.text(3).starts_with("SEARCH")) return database_.prepare(sql);
    throw Error(database_.path(), fmt::format("its table {} has no index by {}", table, key));
}

DatabaseList open_database_list(ListSource& source, IsWanted is_wanted, const ImportSink& sink) {
    const std::string name(source.name());
    if (source.path().empty()) throw Error(name, "a database inside an archive cannot be read", "unpack it first");
    for (const char* suffix : {"-wal", "-journal"}) {
        const auto beside = source.sibling(name + suffix);
        if (beside != nullptr && beside->peek() != std::istream::traits_type::eof())
            sink.reject({0, "the database was not closed: changes that lie beside it are not read"});
    }
    try {
        DatabaseList list(source.path());
        if (is_wanted(list)) return list;
    } catch (const SqliteError&) {
        throw Error(source.path(), "no SQLite database, or one that is cut or whose schema is damaged");
    }
    throw Error(source.path(), "not a database of this format: it lacks its tables or columns");
}

bool is_database_list(ListSource& source, IsWanted is_wanted) {
    if (!source.head().starts_with(magic) || source.path().empty()) return false;
    try {
        return is_wanted(DatabaseList(source.path()));
    } catch (const SqliteError&) {
        return false;
    }
}

std::string put_digest(Algorithm algorithm, const Statement& values, int column, Digests& digests) {
    const ValueKind kind = values.kind(column);
    if (kind == ValueKind::null) return {};
    if (kind == ValueKind::integer || kind == ValueKind::real) return "a digest is a number";
    const std::string_view text = values.text(column);
    if (kind == ValueKind::blob && text.size() == digest_size(algorithm)) {
        Digest digest{algorithm, {}};
        std::copy_n(as_bytes(text).begin(), text.size(), digest.bytes.begin());
        digests.set(digest);
        return {};
    }
    const std::string_view hex = trimmed(text);
    if (hex.empty()) return {};
    if (kind == ValueKind::text || Digest::parse(hex)) return put_digest(hex, algorithm, digests);
    return fmt::format("a digest of {} bytes where {} are expected", text.size(), digest_size(algorithm));
}

std::string put_size(const Statement& values, int column, std::optional<std::uint64_t>& size) {
    constexpr const char* why = "the size is no number of bytes";
    switch (values.kind(column)) {
        case ValueKind::null: return {};
        case ValueKind::integer:
            if (values.integer(column) < 0) return why;
            size = values.unsigned_integer(column);
            return {};
        case ValueKind::text:
            if (trimmed(values.text(column)).empty()) return {};
            size = parse_list_size(trimmed(values.text(column)));
            return size ? "" : why;
        default: return why;
    }
}

bool NumberedTexts::add(std::int64_t number, std::string_view text) {
    if (texts_.size() + text.size() + (places_.size() + 1) * sizeof(Place) > most_bytes) return false;
    places_.push_back({number, static_cast<std::uint32_t>(texts_.size()), static_cast<std::uint32_t>(text.size())});
    texts_ += text;
    return true;
}

void NumberedTexts::sort() {
    std::sort(places_.begin(), places_.end(), [&](const Place& a, const Place& b) {
        return a.number != b.number ? a.number < b.number : text(a) < text(b);
    });
    const auto last = std::unique(places_.begin(), places_.end(), [&](const Place& a, const Place& b) {
        return a.number == b.number && text(a) == text(b);
    });
    places_.erase(last, places_.end());
}

std::vector<std::string_view> NumberedTexts::of(std::int64_t number) const {
    std::vector<std::string_view> result;
    auto place = std::lower_bound(places_.begin(), places_.end(), number,
                                  [](const Place& a, std::int64_t wanted) { return a.number < wanted; });
    for (; place != places_.end() && place->number == number; ++place) result.push_back(text(*place));
    return result;
}

NumberedTexts::Joined NumberedTexts::joined(std::int64_t number, std::string_view separator,
                                            std::size_t longest) const {
    Joined result;
    for (const std::string_view text : of(number)) {
        if (result.text.size() + separator.size() + text.size() > longest) return result.is_whole = false, result;
        if (!result.text.empty()) result.text += separator;
        result.text += text;
    }
    return result;
}

}  // namespace triage
