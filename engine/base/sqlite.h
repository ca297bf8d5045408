// SPDX-License-Identifier: Apache-2.0
// The only adaptor of SQLite: a connection and a prepared statement as values, and typed binding and reading.
// A Database and its Statements belong to one thread. Every failure throws SqliteError with SQLite's own words, naming
// the file; is_disk_full() tells a full disk, quota or file-size limit from everything else, is_damage() a file that is
// no sound database, is_too_long() a row over the limit of a hostile one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace triage {

class SqliteError : public Error {
  public:
    // `code` is SQLite's; 0 when nothing but `why` is known.
    SqliteError(const std::string& path, const std::string& why, bool is_disk_full, int code = 0);
    bool is_disk_full() const { return is_disk_full_; }
    bool is_damage() const;
    bool is_too_long() const;

  private:
    bool is_disk_full_;
    int code_;
};

enum class ValueKind { null, integer, real, text, blob };

class Statement {
  public:
    Statement() = default;
    Statement(sqlite3* connection, std::string path, std::string_view sql);
    ~Statement();
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&& other) noexcept;

    // Binds all parameters in order. Text and blobs are borrowed: they must live until the statement is reset.
    template <class... Values>
    Statement& bind(const Values&... values) {
        [[maybe_unused]] int index = 0;
        (bind_value(++index, values), ...);
        return *this;
    }
    // One parameter, counted from 1, where their number is known only as the program runs.
    template <class Value>
    void bind_at(int index, const Value& value) {
        bind_value(index, value);
    }
    // Binds, executes to the end, resets.
    template <class... Values>
    void run(const Values&... values) {
        bind(values...);
        while (step()) {
        }
        reset();
    }
    bool step();  // true: a row is there
    void reset() noexcept;

    ValueKind kind(int column) const;
    bool is_null(int column) const { return kind(column) == ValueKind::null; }
    std::int64_t integer(int column) const;
    double real(int column) const;
    // Values of 2^63 and more are stored as their two's complement; `ORDER BY x < 0, x` sorts them as unsigned.
    std::uint64_t unsigned_integer(int column) const { return static_cast<std::uint64_t>(integer(column)); }
    std::string_view text(int column) const;  // of TEXT (as UTF-8) and BLOB; valid until the next step or reset
    ByteView blob(int column) const { return as_bytes(text(column)); }

  private:
    void bind_value(int index, std::int64_t value);
    void bind_value(int index, std::uint64_t value) { bind_value(index, static_cast<std::int64_t>(value)); }
    void bind_value(int index, std::uint32_t value) { bind_value(index, static_cast<std::int64_t>(value)); }
    void bind_value(int index, int value) { bind_value(index, static_cast<std::int64_t>(value)); }
    void bind_value(int index, bool value) { bind_value(index, static_cast<std::int64_t>(value)); }
    void bind_value(int index, double value);
    void bind_value(int index, std::string_view text);
    void bind_value(int index, const std::string& text) { bind_value(index, std::string_view(text)); }
    void bind_value(int index, const char* text) { bind_value(index, std::string_view(text)); }
    void bind_value(int index, ByteView blob);
    void bind_value(int index, std::nullopt_t);
    template <class T>
    void bind_value(int index, const std::optional<T>& value) {
        value ? bind_value(index, *value) : bind_value(index, std::nullopt);
    }
    void check(int code) const;

    sqlite3* connection_ = nullptr;
    sqlite3_stmt* statement_ = nullptr;
    std::string path_;
};

class Database {
  public:
    enum class Mode {
        read_write,  // an existing file (it may be empty)
        immutable,   // read-only, never locked, nothing written beside it; its schema is not trusted
        hostile,     // immutable, from a stranger: no extensions either; see longest_row
    };
    static constexpr int longest_row = 1 << 20;  // bytes of a row or value of a hostile database: is_too_long()
    Database(const std::string& path, Mode mode);
    ~Database();
    Database(Database&& other) noexcept;
    Database& operator=(Database&& other) noexcept;

    void distrust_schema();  // no triggers or views in it are run, and no functions with side effects
    Statement prepare(std::string_view sql) const { return Statement(connection_, path_, sql); }
    void execute(const std::string& sql);              // one or several statements, rows ignored
    std::int64_t integer(std::string_view sql) const;  // first column of the first row; 0 when there is none
    bool is_in_transaction() const;
    std::uint64_t last_row_id() const;  // of the row inserted last
    const std::string& path() const { return path_; }

    // Where SQLite sorts what does not fit into memory. Process-wide, as SQLite has it: set before any sort runs.
    static void set_temp_folder(const std::string& folder);

  private:
    void distrust();

    std::string path_;
    sqlite3* connection_ = nullptr;
};

}  // namespace triage
