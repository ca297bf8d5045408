// SPDX-License-Identifier: Apache-2.0
#include "engine/known/csv.h"

#include <algorithm>
#include <cstring>
#include <sstream>

#include "engine/known/list_values.h"

namespace triage::csv {
namespace {

constexpr std::size_t first_buffer = 256 << 10;  // grows with the longest record, to at most 2 MiB
constexpr std::string_view too_long = "longer than 1 MiB";
constexpr std::string_view unclosed = "a quote is not closed";

}  // namespace

Reader::Reader(std::istream& list, char separator) : list_(list), separator_(separator), buffer_(first_buffer) {}

// Reads on behind what is there; false at the end of the list.
bool Reader::fill() {
    if (is_at_end_) return false;
    std::memmove(buffer_.data(), data(), available());
    end_ -= begin_;
    begin_ = 0;
    if (end_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
    list_.read(buffer_.data() + end_, static_cast<std::streamsize>(buffer_.size() - end_));
    end_ += static_cast<std::size_t>(list_.gcount());
    is_at_end_ = !list_;
    return list_.gcount() > 0;
}

// Sets `line_end_` to the line end at or behind `from`, or to the end of the list; false when the record grows too
// long.
bool Reader::find_line_end(std::size_t from) {
    for (std::size_t searched = from;;) {
        const auto* found = static_cast<const char*>(std::memchr(data() + searched, '\n', available() - searched));
        if (found != nullptr) line_end_ = static_cast<std::size_t>(found - data());
        else if (searched = available(); searched <= longest_record + 1 && fill()) continue;
        else line_end_ = available();
        return line_end_ <= longest_record + 1;  // one more for a carriage return
    }
}

bool Reader::next() {
    places_.clear();
    fields_.clear();
    fault_ = {};
    reached_ = line_end_ = first_line_end_ = 0;
    if (available() == 0 && !fill()) return false;
    ++number_;
    line_ = next_line_;
    if (!find_line_end(0)) {
        fault_ = too_long;
        skip_rest_of_line();
        return true;
    }
    first_line_end_ = line_end_;
    fault_ = parse();
    if (fault_.empty()) {
        give_out();
        if (fault_.empty()) return true;
    }
    fields_.clear();
    if (reached_ > first_line_end_) read_again_to_ = std::max(read_again_to_, offset_ + reached_);
    consume(first_line_end_);
    return true;
}

// Finds the places of the record's fields; says what is wrong with it, or nothing.
std::string_view Reader::parse() {
    for (std::size_t at = 0;;) {
        if (places_.size() == most_fields) return "more than 256 fields";
        if (at < line_end_ && data()[at] == '"') {
            const auto why = parse_quoted(at);
            if (!why.empty()) return why;
        } else {
            const auto* found = static_cast<const char*>(std::memchr(data() + at, separator_, line_end_ - at));
            const std::size_t end = found != nullptr ? static_cast<std::size_t>(found - data()) : line_end_;
            const std::size_t text_end = found != nullptr ? end : without_carriage_return(at, end);
            places_.push_back({at, text_end - at, false});
            at = end;
        }
        reached_ = line_end_;
        if (at == line_end_) return line_end_ > longest_record + 1 ? too_long : std::string_view{};
        ++at;
    }
}

// The quoted field that starts at `at`, which is then the separator or line end behind it.
std::string_view Reader::parse_quoted(std::size_t& at) {
    Place place{at + 1, 0, false};
    for (std::size_t from = at + 1;;) {
        const auto quote = find_quote(from);
        if (!quote) return unclosed;
        from = *quote + 2;
        reached_ = *quote;
        if (*quote > line_end_ && !find_line_end(*quote)) return too_long;
        if (*quote + 1 < line_end_ && data()[*quote + 1] == '"') {
            place.has_doubled_quotes = true;
            continue;
        }
        place.length = *quote - place.begin;
        at = *quote + 1;
        if (at < line_end_ && data()[at] == separator_) break;
        if (without_carriage_return(at, line_end_) != at) return "text stands behind a closing quote";
        at = line_end_;
        break;
    }
    places_.push_back(place);
    return {};
}

// The next quote, on this line or, where fields may go on over lines, on a later one.
std::optional<std::size_t> Reader::find_quote(std::size_t from) {
    const bool may_leave_line = offset_ >= read_again_to_;
    for (;;) {
        const std::size_t limit = may_leave_line ? available() : line_end_;
        if (from < limit) {
            const auto* found = static_cast<const char*>(std::memchr(data() + from, '"', limit - from));
            if (found != nullptr) return static_cast<std::size_t>(found - data());
        }
        from = std::max(from, limit);
        reached_ = limit;
        if (!may_leave_line || available() > longest_record || !fill()) return std::nullopt;
    }
}

std::size_t Reader::without_carriage_return(std::size_t begin, std::size_t end) const {
    return end > begin && data()[end - 1] == '\r' ? end - 1 : end;
}

// Turns places into views, and the buffer to the next record.
void Reader::give_out() {
    const std::string_view record(data(), line_end_);
    if (std::memchr(record.data(), '\0', record.size()) != nullptr) {
        fault_ = "holds a NUL byte";
        return;
    }
    unescaped_.clear();
    for (const Place& place : places_) {
        std::string_view field = record.substr(place.begin, place.length);
        if (place.has_doubled_quotes) {
            if (unescaped_.empty()) unescaped_.reserve(record.size());  // views into it stay valid
            const std::size_t begin = unescaped_.size();
            for (std::size_t i = 0; i < field.size(); ++i) {
                unescaped_ += field[i];
                if (field[i] == '"') ++i;
            }
            field = {unescaped_.data() + begin, unescaped_.size() - begin};
        }
        fields_.push_back(field);
    }
    if (line_end_ > first_line_end_)
        next_line_ += static_cast<std::uint64_t>(std::count(record.begin(), record.end(), '\n'));
    consume(line_end_);
}

// Goes on behind `length` bytes of the record and the line end there.
void Reader::consume(std::size_t length) {
    if (length < available()) ++length;
    begin_ += length;
    offset_ += length;
    ++next_line_;
}

// The line is longer than the limit: nothing of it is kept.
void Reader::skip_rest_of_line() {
    do {
        const auto* newline = static_cast<const char*>(std::memchr(data(), '\n', available()));
        if (newline != nullptr) return consume(static_cast<std::size_t>(newline - data()));
        offset_ += available();
        begin_ = end_;
    } while (fill());
    ++next_line_;
}

std::optional<std::vector<std::string>> first_record(std::string_view head, char separator) {
    std::istringstream text{std::string(head)};
    Reader reader(text, separator);
    while (reader.next()) {
        if (!reader.fault().empty()) return std::nullopt;
        if (!reader.is_blank()) return std::vector<std::string>(reader.fields().begin(), reader.fields().end());
    }
    return std::nullopt;
}

std::string comparable(std::string_view name) {
    std::string result;
    for (const char c : lower(name))
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) result += c;
    return result;
}

bool is_null(std::string_view field) { return field.empty() || (field.size() == 4 && comparable(field) == "null"); }

std::string put_digest(std::string_view field, Algorithm algorithm, KnownRecord& record) {
    field = trimmed(field);
    return is_null(field) ? std::string() : triage::put_digest(field, algorithm, record.digests);
}

std::string put_size(std::string_view field, KnownRecord& record) {
    field = trimmed(field);
    if (is_null(field)) return {};
    record.size = parse_list_size(field);
    return record.size ? "" : "the size is no number";
}

Result<Places> find_columns(const std::vector<std::string_view>& header,
                            std::initializer_list<std::string_view> wanted) {
    Places places;
    for (const std::string_view name : wanted) {
        std::optional<std::size_t> place;
        for (std::size_t i = 0; i < header.size(); ++i) {
            if (comparable(header[i]) != name) continue;
            if (place) return Failure{"a column is named twice"};
            place = i;
        }
        places.push_back(place);
    }
    return places;
}

}  // namespace triage::csv
