// SPDX-License-Identifier: Apache-2.0
// Records of comma-separated lists (RFC 4180, section 2), streamed: quoted fields may hold separators, doubled quotes
// and line ends; LF and CRLF end a record. Laxer than the RFC in one point: a quote within an unquoted field is text.
// A record is views into a buffer of bounded size, valid until the next one. One reader belongs to one thread.
//
// A record that cannot be read is a fault at its first line, and reading goes on at the line after that one. An
// unclosed quote is often noticed far behind its line: the lines in between are read again, and there a quoted field
// must end on its own line, so that no byte is read more than twice however hostile the list.
#pragma once

#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/known/list_format.h"

namespace triage::csv {

class Reader {
  public:
    static constexpr std::size_t longest_record = 1 << 20;  // bytes, and so the longest field
    static constexpr std::size_t most_fields = 256;

    Reader(std::istream& list, char separator);
    bool next();                                                             // false: there is no further record
    std::uint64_t number() const { return number_; }                         // of the record, 1-based
    std::uint64_t line() const { return line_; }                             // where it starts, 1-based
    const std::vector<std::string_view>& fields() const { return fields_; }  // a blank line has one empty field
    bool is_blank() const { return fields_.size() == 1 && fields_.front().empty(); }
    // Why the record cannot be read; empty when it can. There are no fields then.
    std::string_view fault() const { return fault_; }

  private:
    // A field within the record: offsets from its start, without the quotes around it.
    struct Place {
        std::size_t begin, length;
        bool has_doubled_quotes;
    };
    const char* data() const { return buffer_.data() + begin_; }  // of the record
    std::size_t available() const { return end_ - begin_; }
    bool fill();
    bool find_line_end(std::size_t from);
    std::string_view parse();
    std::string_view parse_quoted(std::size_t& at);
    std::optional<std::size_t> find_quote(std::size_t from);
    std::size_t without_carriage_return(std::size_t begin, std::size_t end) const;
    void consume(std::size_t length);
    void skip_rest_of_line();
    void give_out();

    std::istream& list_;
    const char separator_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0, end_ = 0;  // what is read and not yet given out
    bool is_at_end_ = false;
    std::uint64_t offset_ = 0;         // of the record in the list
    std::uint64_t read_again_to_ = 0;  // before this offset quoted fields end on their own line
    std::size_t line_end_ = 0;         // of the line that is being parsed, from the record's start
    std::size_t first_line_end_ = 0, reached_ = 0;
    std::uint64_t number_ = 0, line_ = 0, next_line_ = 1;
    std::vector<Place> places_;
    std::vector<std::string_view> fields_;
    std::string unescaped_;
    std::string_view fault_;
};

// Calls `f(line, fields)` for each readable record of the list that is not blank and rejects the others.
template <class F>
void each_record(Reader& list, const ImportSink& sink, F&& f) {
    while (list.next()) {
        if (!list.fault().empty()) sink.reject({list.line(), std::string(list.fault())});
        else if (!list.is_blank()) f(list.line(), list.fields());
    }
}

// The first record of a list's head that is not blank; nothing when it is faulty or there is none.
std::optional<std::vector<std::string>> first_record(std::string_view head, char separator);

// A column's name, made comparable: lower case, letters and digits only ("SHA-1", "sha_1" are "sha1").
std::string comparable(std::string_view name);

bool is_null(std::string_view field);  // empty, or the word null

// What is wrong with the field, or nothing. An empty or null digest is absent and leaves the record as it is.
std::string put_digest(std::string_view field, Algorithm algorithm, KnownRecord& record);
std::string put_size(std::string_view field, KnownRecord& record);  // an empty size is absent

// Where columns stand in a header: one place a wanted name, nothing for a name that is not there. Names are comparable.
using Places = std::vector<std::optional<std::size_t>>;
Result<Places> find_columns(const std::vector<std::string_view>& header,
                            std::initializer_list<std::string_view> wanted);

}  // namespace triage::csv
