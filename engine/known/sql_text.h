// SPDX-License-Identifier: Apache-2.0
// SQL scripts read as data: statements cut out of a text of any length in bounded memory, and the rows of INSERT
// statements. Nothing is executed. What a line break, a lost quote or a lost semicolon damages ends where a line begins
// with the next statement.
// One reader belongs to one thread.
#pragma once

#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/known/lines.h"

namespace triage {

class SqlReader {
  public:
    static constexpr std::size_t longest_statement = 1 << 20;
    explicit SqlReader(std::istream& script) : lines_(script) {}
    bool next();                                        // false: there is no further statement
    std::uint64_t line() const { return given_line_; }  // on which it begins, 1-based
    std::string_view text() const { return given_; }    // without its semicolon
    // Why it cannot be read; empty when it can.
    std::string_view fault() const { return fault_; }

  private:
    enum class Mode : char { plain, line_comment = '\n', block_comment = '/', quoted = '\'' };
    bool cut();
    void scan(char c, char following);
    bool give(std::string_view text, std::string_view fault);
    void append(std::string_view line);
    void forget();

    LineReader lines_;
    std::string pending_;
    std::size_t begin_ = 0, scanned_ = 0;  // of the statement that is not yet whole; what of it was looked at
    Mode mode_ = Mode::plain;
    char quote_ = 0;
    bool is_too_long_ = false;
    std::uint64_t start_line_ = 0, given_line_ = 0;
    std::string_view given_, fault_;
};

struct SqlValue {
    enum class Kind : std::uint8_t { null, text, number, other };
    Kind kind = Kind::null;
    std::string text;  // without quotes
};

struct SqlStatement {
    std::string verb;                  // first word: "INSERT", "BEGIN"; empty where there is only a comment
    std::string table;                 // of INSERT, DELETE and UPDATE, without its database
    std::vector<std::string> columns;  // of INSERT, empty when it names none
    std::vector<std::vector<SqlValue>> rows;
};  // words, tables and columns in upper case

Result<SqlStatement> parse_sql(std::string_view text);

}  // namespace triage
