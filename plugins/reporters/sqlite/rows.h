// SPDX-License-Identifier: Apache-2.0
// Rows on their way from the threads that make them to the one that inserts them, as a run of bytes: a mark of the
// table, then each value with a mark of its type. Both ends are this program, so the form has no version. A RowWriter
// and a RowReader borrow their text and belong to one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/sqlite.h"

namespace triage::sqlite_report {

class RowWriter {
  public:
    explicit RowWriter(std::string& out) : out_(out) {}

    void begin(char table) { out_ += table; }
    void null() { out_ += 'n'; }
    void integer(std::uint64_t value);
    void text(std::string_view value) { put('t', value); }
    void blob(std::string_view value) { put('b', value); }
    void owner() { out_ += 'o'; }  // whatever the reader then says: the number of the row that this one belongs to
    void end() { out_ += '.'; }

  private:
    void put(char mark, std::string_view bytes);
    std::string& out_;
};

class RowReader {
  public:
    explicit RowReader(std::string_view rows) : rest_(rows) {}

    bool is_at_end() const { return rest_.empty(); }
    char begin() { return take(); }                     // the mark of the next row's table
    void insert(Statement& into, std::uint64_t owner);  // binds the values of that row in their order, and runs it

  private:
    char take();
    std::uint64_t number();
    std::string_view bytes();
    std::string_view rest_;
};

}  // namespace triage::sqlite_report
