// SPDX-License-Identifier: Apache-2.0
// Lists that are SQLite databases, for the formats that read them. The database is hostile: opened immutable, only its
// real tables are read, each in the order in which it is stored, without sorting or temporary tables.
// One value belongs to one thread. The constructor throws SqliteError when the file is no database.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/sqlite.h"
#include "engine/known/list_format.h"

namespace triage {

class DatabaseList {
  public:
    explicit DatabaseList(const std::string& path);

    // True when a table `table`, no view or virtual table, has all these columns and none of them is computed. Columns
    // are separated by commas; both are compared as SQL does, without ASCII case.
    bool has(std::string_view table, std::string_view columns) const;

    // Calls `row(position, values)` for each row of a table that `has` these columns; the position is the row id, or
    // the number of the row where the table has none. A row that cannot be read is a Rejection; damage, and a row too
    // long of a table without row ids, is one Rejection that says that reading ended there. Values: the columns as
    // given, from 0.
    using Row = std::function<void(std::uint64_t position, const Statement& values)>;
    void each_row(std::string_view table, std::string_view columns, const ImportSink& sink, const Row& row) const;

    // The rows of such a table in which `key` has the value bound; the table is searched by an index or not at all.
    Statement search(std::string_view table, std::string_view columns, std::string_view key) const;

  private:
    void each_row_by_id(const std::string& columns, const std::string& id, const std::string& table,
                        const ImportSink& sink, const Row& row) const;
    void each_row_by_number(const std::string& columns, const std::string& table, const ImportSink& sink,
                            const Row& row) const;
    std::optional<std::int64_t> first_id(const std::string& id, const std::string& table, std::int64_t from) const;

    Database database_;
    std::uint64_t pages_ = 0, page_size_ = 0;
};

// Opens the list's file. Throws Error when it lies in an archive, is no sound database or not a list as `is_wanted`
// says. What SQLite keeps beside a database that was not closed (a write-ahead log or a journal) is not read: a
// Rejection.
using IsWanted = bool (*)(const DatabaseList& list);
DatabaseList open_database_list(ListSource& source, IsWanted is_wanted, const ImportSink& sink);

// True when the list is a database and `is_wanted` says yes. A damaged database is none.
bool is_database_list(ListSource& source, IsWanted is_wanted);

// Puts the value of a column into the record. Each says what is wrong with it, or nothing; NULL and empty values are
// absent. A digest is raw bytes or hexadecimal text.
std::string put_digest(Algorithm algorithm, const Statement& values, int column, Digests& digests);
std::string put_size(const Statement& values, int column, std::optional<std::uint64_t>& size);

// Texts by number, for tables that are too large to be searched for each row and small enough to be held. Filled, then
// sorted, then asked.
class NumberedTexts {
  public:
    static constexpr std::size_t most_bytes = std::size_t{256} << 20;
    bool add(std::int64_t number, std::string_view text);  // false: it does not fit
    void sort();
    std::vector<std::string_view> of(std::int64_t number) const;  // each once, in order of their bytes
    struct Joined {
        std::string text;
        bool is_whole = true;  // false: more than `longest` bytes, the texts behind are left out
    };
    Joined joined(std::int64_t number, std::string_view separator, std::size_t longest) const;

  private:
    struct Place {
        std::int64_t number;
        std::uint32_t start, length;
    };
    std::string_view text(const Place& place) const { return {texts_.data() + place.start, place.length}; }
    std::vector<Place> places_;
    std::string texts_;
};

}  // namespace triage
