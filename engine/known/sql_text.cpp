// SPDX-License-Identifier: Apache-2.0
#include "engine/known/sql_text.h"

#include <algorithm>

namespace triage {
namespace {

constexpr std::string_view blanks = " \t\r\n\f\v";

std::string upper(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return result;
}

bool begins_statement(std::string_view line) {
    const std::string start = upper(line.substr(0, 12));
    for (const std::string_view words : {"INSERT INTO ", "DELETE FROM ", "UPDATE ", "COMMIT;"})
        if (start.starts_with(words)) return true;
    return false;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_byte(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}

enum class TokenKind : std::uint8_t { end, word, name, text, number, mark, broken };
struct Token {
    TokenKind kind = TokenKind::end;
    std::string value;  // words in upper case; texts and names without their quotes
    bool is(std::string_view wanted) const {
        return (kind == TokenKind::word || kind == TokenKind::mark) && value == wanted;
    }
};

class Lexer {
  public:
    explicit Lexer(std::string_view sql) : rest_(sql) {}
    Token next() {
        if (!skip_blanks()) return {TokenKind::broken, {}};
        if (rest_.empty()) return {};
        const char c = rest_.front();
        if (c == '\'') return quoted(c, TokenKind::text);
        if (c == '"' || c == '`') return quoted(c, TokenKind::name);
        if (c == '[') return quoted(']', TokenKind::name);
        const bool is_signed = (c == '-' || c == '+') && rest_.size() > 1 && is_digit(rest_[1]);
        if (is_signed || is_digit(c)) return take(TokenKind::number, number_length());
        if (is_word_byte(c)) return take(TokenKind::word, word_length());
        return take(TokenKind::mark, 1);
    }

  private:
    bool skip_blanks() {
        for (;;) {
            rest_.remove_prefix(std::min(rest_.find_first_not_of(blanks), rest_.size()));
            if (rest_.starts_with("--")) {
                rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
            } else if (rest_.starts_with("/*")) {
                const std::size_t end = rest_.find("*/", 2);
                if (end == std::string_view::npos) return false;
                rest_.remove_prefix(end + 2);
            } else {
                return true;
            }
        }
    }
    std::size_t word_length() const {
        return static_cast<std::size_t>(std::find_if_not(rest_.begin(), rest_.end(), is_word_byte) - rest_.begin());
    }
    std::size_t number_length() const {  // with its sign, point and exponent
        const auto belongs = [](char c) { return is_word_byte(c) || c == '.'; };
        return static_cast<std::size_t>(std::find_if_not(rest_.begin() + 1, rest_.end(), belongs) - rest_.begin());
    }
    Token take(TokenKind kind, std::size_t length) {
        const std::string_view bytes = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return {kind, kind == TokenKind::word ? upper(bytes) : std::string(bytes)};
    }
    Token quoted(char quote, TokenKind kind) {
        Token token{kind, {}};
        for (rest_.remove_prefix(1);;) {
            const std::size_t end = rest_.find(quote);
            if (end == std::string_view::npos) return rest_ = {}, Token{TokenKind::broken, {}};
            token.value += rest_.substr(0, end);
            rest_.remove_prefix(end + 1);
            if (quote == ']' || !rest_.starts_with(quote)) return token;
            token.value += quote;
            rest_.remove_prefix(1);
        }
    }

    std::string_view rest_;
};

constexpr const char* no_insert = "an INSERT that is no plain list of values";

class Parser {
  public:
    explicit Parser(std::string_view text) : lexer_(text) { step(); }

    Result<SqlStatement> statement() {
        SqlStatement result;
        if (token_.kind == TokenKind::end) return result;
        if (token_.kind != TokenKind::word) return Failure{"no SQL statement"};
        result.verb = take();
        if (result.verb == "CREATE" && is_trigger()) return Failure{"a trigger"};
        if (result.verb == "INSERT") return insert(std::move(result));
        if (result.verb == "DELETE" && !skip("FROM")) return Failure{"a DELETE that names no table"};
        if (result.verb == "DELETE" || result.verb == "UPDATE") {
            skip_conflict_clause();
            if (!name(result.table)) return Failure{"a statement that names no table"};
        }
        return result;
    }

  private:
    void step() { token_ = lexer_.next(); }
    std::string take() {
        std::string value = std::move(token_.value);
        step();
        return value;
    }
    bool skip(std::string_view wanted) {
        if (!token_.is(wanted)) return false;
        step();
        return true;
    }
    void skip_conflict_clause() {
        if (skip("OR")) step();
    }
    // Its body would be cut into statements of its own.
    bool is_trigger() {
        while (token_.is("TEMP") || token_.is("TEMPORARY")) step();
        return token_.is("TRIGGER");
    }
    bool identifier(std::string& into) {
        if (token_.kind != TokenKind::word && token_.kind != TokenKind::name) return false;
        into = upper(take());
        return true;
    }
    bool name(std::string& into) {
        if (!identifier(into)) return false;
        return !skip(".") || identifier(into);
    }

    Result<SqlStatement> insert(SqlStatement result) {
        skip_conflict_clause();
        if (!skip("INTO") || !name(result.table)) return Failure{no_insert};
        if (skip("(")) {
            do result.columns.emplace_back();
            while (identifier(result.columns.back()) && skip(","));
            if (!skip(")")) return Failure{no_insert};
        }
        if (!skip("VALUES")) return Failure{no_insert};
        do {
            if (!skip("(")) return Failure{no_insert};
            auto& row = result.rows.emplace_back();
            do row.push_back(value());
            while (skip(","));
            if (!skip(")")) return Failure{no_insert};
        } while (skip(","));
        if (token_.kind != TokenKind::end) return Failure{no_insert};
        return result;
    }

    SqlValue value() {
        if (skip("NULL")) return {};
        if (token_.kind == TokenKind::text) return {SqlValue::Kind::text, take()};
        if (token_.kind == TokenKind::number) return {SqlValue::Kind::number, take()};
        for (unsigned depth = 0; token_.kind != TokenKind::end && token_.kind != TokenKind::broken; step()) {
            if (depth == 0 && (token_.is(",") || token_.is(")"))) break;
            if (token_.is("(")) ++depth;
            else if (token_.is(")")) --depth;
        }
        return {SqlValue::Kind::other, {}};
    }

    Lexer lexer_;
    Token token_;
};

}  // namespace

void SqlReader::forget() {
    pending_.clear();
    begin_ = scanned_ = 0;
    mode_ = Mode::plain;
    is_too_long_ = false;
    start_line_ = 0;
}

bool SqlReader::give(std::string_view text, std::string_view fault) {
    given_ = text;
    fault_ = fault;
    given_line_ = start_line_;
    start_line_ = 0;
    return true;
}

void SqlReader::append(std::string_view line) {
    if (is_too_long_ || scanned_ - begin_ + line.size() > longest_statement) {
        is_too_long_ |= start_line_ != 0;
        pending_.clear();
    } else {
        pending_.erase(0, begin_);
    }
    begin_ = 0;
    scanned_ = pending_.size();
    pending_ += line;
    pending_ += '\n';
}

// One step of the scan over what stands outside and inside of quotes and comments.
void SqlReader::scan(char c, char following) {
    if (mode_ == Mode::line_comment) {
        if (c == '\n') mode_ = Mode::plain;
    } else if (mode_ == Mode::block_comment) {
        if (c == '*' && following == '/') {
            mode_ = Mode::plain;
            ++scanned_;
        }
    } else if (mode_ == Mode::quoted) {
        if (c == quote_) mode_ = Mode::plain;
    } else if (c == '-' && following == '-') {
        mode_ = Mode::line_comment;
    } else if (c == '/' && following == '*') {
        mode_ = Mode::block_comment;
        ++scanned_;
    } else if (blanks.find(c) == std::string_view::npos) {
        if (start_line_ == 0) start_line_ = lines_.number();
        if (c != '\'' && c != '"' && c != '`' && c != '[') return;
        mode_ = Mode::quoted;
        quote_ = c == '[' ? ']' : c;
    }
}

// Looks for the end of the statement in what is there.
bool SqlReader::cut() {
    while (scanned_ < pending_.size()) {
        const char c = pending_[scanned_];
        if (mode_ == Mode::plain && c == ';') {
            const auto text = std::string_view(pending_).substr(begin_, scanned_ - begin_);
            begin_ = ++scanned_;
            if (start_line_ == 0) continue;  // nothing stands before it
            const bool was_too_long = std::exchange(is_too_long_, false);
            return was_too_long ? give({}, "longer than 1 MiB") : give(text, {});
        }
        scan(c, scanned_ + 1 < pending_.size() ? pending_[scanned_ + 1] : '\0');
        ++scanned_;
    }
    return false;
}

bool SqlReader::next() {
    for (;;) {
        if (cut()) return true;
        const bool is_unfinished = start_line_ != 0 || mode_ == Mode::block_comment;
        if (start_line_ == 0 && is_unfinished) start_line_ = lines_.number();
        if (!lines_.next()) {
            if (!is_unfinished) return false;
            give({}, "the statement has no end");
            forget();
            return true;
        }
        if (!lines_.fault().empty()) {
            if (start_line_ == 0) start_line_ = lines_.number();
            give({}, lines_.fault());
            forget();
            return true;
        }
        if (is_unfinished && begins_statement(lines_.text())) {
            give({}, "the statement has no end");
            forget();
            append(lines_.text());
            return true;
        }
        append(lines_.text());
    }
}

Result<SqlStatement> parse_sql(std::string_view text) { return Parser(text).statement(); }

}  // namespace triage
