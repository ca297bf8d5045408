// SPDX-License-Identifier: Apache-2.0
#include "engine/known/json_reader.h"

#include <rapidjson/reader.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <new>
#include <optional>
#include <utility>

namespace triage {
namespace {

constexpr std::size_t chunk_size = 256 << 10;
constexpr std::size_t longest_string = 1 << 20;
constexpr std::size_t most_parser_memory = 4 << 20;  // a string grows in the parser before the input can cut it
constexpr std::size_t most_text = 16 << 20, most_values = 256 << 10, most_members = 1024;
constexpr std::size_t longest_name = 256, deepest = 64;

struct TokenTooLong {};

// The parser grows one block for the string or number that it reads. Thrown through it safely: it owns nothing else.
struct BoundedAllocator {
    void* Malloc(std::size_t size) { return Realloc(nullptr, 0, size); }
    void* Realloc(void* old, std::size_t, std::size_t size) {
        if (size == 0) return std::free(old), nullptr;
        if (size > most_parser_memory) throw TokenTooLong{};
        void* grown = std::realloc(old, size);
        if (grown == nullptr) throw std::bad_alloc();
        return grown;
    }
    static void Free(void* block) { std::free(block); }
};

// The bytes as rapidjson wants them: a NUL stands at the end. A string far over the limit loses its middle on the way.
class Input {
  public:
    using Ch = char;

    explicit Input(std::istream& list) : list_(&list), chunk_(chunk_size) { refill(); }
    explicit Input(std::string_view text) : at_(text.data()), end_(at_ + text.size()), start_(at_) {
        if (text.empty()) refill();
    }

    Ch Peek() const { return *at_; }
    Ch Take() {
        const char c = *at_++;
        if (at_ == end_) refill();
        return c;
    }
    std::size_t Tell() const { return before_ + static_cast<std::size_t>(at_ - start_); }
    bool is_at_end() const { return is_at_end_; }
    // A token ended here.
    void mark() { marked_ = Tell(); }
    bool take_cut() { return std::exchange(was_cut_, false); }

    // Only for parsing in place, which is not used.
    Ch* PutBegin() { return nullptr; }
    void Put(Ch) {}
    std::size_t PutEnd(Ch*) { return 0; }

  private:
    void refill();
    bool read_chunk();
    std::size_t mend_surrogates(std::size_t size, bool is_last);
    bool is_in_long_string() const;
    void cut_string();

    std::istream* list_ = nullptr;
    std::vector<char> chunk_;
    const char *at_ = nullptr, *end_ = nullptr, *start_ = nullptr;
    std::uint64_t before_ = 0, marked_ = 0;  // bytes before start_; end of the last token
    std::size_t waiting_ = 0;                // bytes behind end_ that belong to the next chunk
    bool is_at_end_ = false, was_cut_ = false;
};

// The four digits of \uXXXX at `escape`, nothing when it is none.
std::optional<unsigned> escaped_unit(std::string_view escape) {
    unsigned unit = 0;
    if (escape.size() < 6 || !escape.starts_with("\\u")) return std::nullopt;
    const auto [end, error] = std::from_chars(escape.data() + 2, escape.data() + 6, unit, 16);
    if (error != std::errc{} || end != escape.data() + 6) return std::nullopt;
    return unit;
}

// A chunk ends between escapes: what begins one too near its end waits for the next chunk.
bool Input::read_chunk() {
    if (list_ == nullptr || is_at_end_) return false;
    before_ += static_cast<std::uint64_t>(end_ - start_);
    std::copy(end_, end_ + waiting_, chunk_.data());
    list_->read(chunk_.data() + waiting_, static_cast<std::streamsize>(chunk_.size() - waiting_));
    const std::size_t size = waiting_ + static_cast<std::size_t>(list_->gcount());
    start_ = at_ = chunk_.data();
    end_ = at_ + mend_surrogates(size, !*list_);
    waiting_ = size - static_cast<std::size_t>(end_ - start_);
    return at_ != end_;
}

// File names may hold half a pair of surrogates, and some tools write it. The parser would end there, so it becomes
// U+FFFD. Returns how much of the chunk is complete.
std::size_t Input::mend_surrogates(std::size_t size, bool is_last) {
    constexpr std::size_t escape = 6, pair = 12;
    const std::string_view chunk(chunk_.data(), size);
    const auto is_half = [](std::optional<unsigned> unit, unsigned first) { return unit && (*unit & 0xFC00) == first; };
    std::size_t i = 0;
    while ((i = chunk.find('\\', i)) != std::string_view::npos) {
        if (!is_last && size - i < pair) return i;
        const auto unit = escaped_unit(chunk.substr(i));
        const bool is_high = is_half(unit, 0xD800);
        if (is_high && is_half(escaped_unit(chunk.substr(i + escape)), 0xDC00)) i += pair;
        else if (is_high || is_half(unit, 0xDC00)) std::copy_n("\\ufffd", escape, chunk_.data() + i), i += escape;
        else i += 2;
    }
    return size;
}

void Input::refill() {
    const bool is_long = is_in_long_string();
    if (read_chunk()) {
        if (is_long) cut_string();
        return;
    }
    static constexpr char nul = 0;
    if (list_ == nullptr) before_ += static_cast<std::uint64_t>(end_ - start_);
    start_ = at_ = end_ = &nul;
    is_at_end_ = true;
}

// No token ended in the last MiB, and what was read last is neither white space nor a number.
bool Input::is_in_long_string() const {
    const std::string_view last(start_, static_cast<std::size_t>(end_ - start_));
    if (list_ == nullptr || before_ + last.size() < marked_ + longest_string) return false;
    return last.find_first_not_of(" \t\r\n0123456789+-.eE") != std::string_view::npos;
}

// Drops what the string still has in this chunk and those behind it.
void Input::cut_string() {
    was_cut_ = true;
    do {
        bool is_escape = false;
        for (at_ = start_; at_ != end_ && (is_escape || *at_ != '"'); ++at_) is_escape = !is_escape && *at_ == '\\';
    } while (at_ == end_ && read_chunk());
    if (at_ == end_) refill();
}

std::uint64_t hash_of(std::string_view name) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return hash;
}

// Follows the parser's events through the text and collects the row of the object that it is in.
class Rows {
  public:
    Rows(Input& input, JsonPaths arrays, JsonPaths members, const JsonReaders& readers)
        : input_(input), arrays_(arrays), members_(members), readers_(readers) {}
    void root_is_row() { root_is_row_ = true; }
    bool is_too_deep() const { return is_too_deep_; }
    bool found_array() const { return found_array_; }
    const JsonObject* row() const { return has_row_ ? &row_ : nullptr; }  // the last one

    // What rapidjson calls, by its names.
    bool Null() { return scalar(JsonValue::Kind::null, {}); }
    bool Bool(bool value) { return scalar(JsonValue::Kind::boolean, value ? "true" : "false"); }
    bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
        return scalar(JsonValue::Kind::number, {text, size});
    }
    bool String(const char* text, rapidjson::SizeType size, bool) {
        return scalar(JsonValue::Kind::string, {text, size});
    }
    bool Key(const char* text, rapidjson::SizeType size, bool);
    bool StartObject();
    bool EndObject(rapidjson::SizeType);
    bool StartArray();
    bool EndArray(rapidjson::SizeType);
    bool Int(int) { return false; }  // numbers come as text
    bool Uint(unsigned) { return false; }
    bool Int64(std::int64_t) { return false; }
    bool Uint64(std::uint64_t) { return false; }
    bool Double(double) { return false; }

  private:
    struct Level {
        std::size_t outer_path = 0, path = 0;  // lengths of path_: of the container's parent, of the container
        bool is_array = false;
        std::uint64_t nested = 0;
        std::vector<std::uint64_t> names;  // hashes of those that it has had
    };
    struct Span {
        std::size_t begin, size;
    };

    bool is_element() const { return depth_ > 0 && levels_[depth_ - 1].is_array && array_at(levels_[depth_ - 1]); }
    bool array_at(const Level& level) const;
    std::optional<std::size_t> wanted() const;
    bool scalar(JsonValue::Kind kind, std::string_view text);
    void keep(const JsonValue& value);
    bool enter(bool is_array);
    void leave();
    void fault(std::string_view why);
    void begin_row();
    void give_row();
    void reject_element(std::string_view why);

    Input& input_;
    const JsonPaths arrays_, members_;
    const JsonReaders& readers_;
    bool root_is_row_ = false, is_too_deep_ = false, found_array_ = false, has_row_ = false, has_outer_fault_ = false;

    std::string path_;                          // of the value that comes next, from the root
    std::array<Level, deepest + 1> levels_;     // the containers around it
    std::size_t depth_ = 0;                     // how many of them
    std::size_t row_depth_ = 0, row_path_ = 0;  // of the row that is being collected; depth 0: none
    std::uint64_t nested_ = 0;                  // nested objects of the row so far
    JsonObject row_;
    std::string text_;         // of the row's values
    std::vector<Span> spans_;  // each value's text in it
};

// Is the array one of those whose elements are wanted? Their paths are from the root.
bool Rows::array_at(const Level& level) const {
    const std::string_view path = std::string_view(path_).substr(0, level.outer_path);
    return std::find(arrays_.begin(), arrays_.end(), path) != arrays_.end();
}

std::optional<std::size_t> Rows::wanted() const {
    std::string_view path = std::string_view(path_).substr(row_path_);
    if (path.starts_with('/')) path.remove_prefix(1);
    for (std::size_t i = 0; i < members_.size(); ++i)
        if (members_[i] == path) return i;
    return std::nullopt;
}

void Rows::fault(std::string_view why) {
    if (row_depth_ > 0 && row_.fault.empty()) row_.fault = why;
    if (row_depth_ == 0 && !std::exchange(has_outer_fault_, true)) reject_element(why);
}

// For what stands where an object is expected, and for the first fault outside of them all.
void Rows::reject_element(std::string_view why) { readers_.object({input_.Tell(), why, {}}); }

bool Rows::Key(const char* text, rapidjson::SizeType size, bool) {
    Level& level = levels_[depth_ - 1];
    const std::string_view name(text, size);
    path_.resize(level.path);
    if (depth_ > 1 || !path_.empty()) path_ += '/';
    const bool can_match = size <= longest_name && name.find('/') == std::string_view::npos;
    path_ += can_match ? name : "/";
    input_.take_cut();
    const std::uint64_t hash = hash_of(name);
    if (level.names.size() == most_members) fault("it has more than 1024 members");
    else if (std::find(level.names.begin(), level.names.end(), hash) != level.names.end())
        fault("a member stands twice");
    else level.names.push_back(hash);
    input_.mark();
    return true;
}

bool Rows::scalar(JsonValue::Kind kind, std::string_view text) {
    const bool is_cut = input_.take_cut() || text.size() > longest_string;
    input_.mark();
    if (row_depth_ == 0 && is_element()) return reject_element("it is no object"), true;
    const auto member = wanted();
    if (!member) return true;
    if (is_cut) return fault("a text is longer than 1 MiB"), true;
    if (text.find('\0') != std::string_view::npos) return fault("a text holds a NUL character"), true;
    const JsonValue value{*member, kind, depth_ > 0 ? levels_[depth_ - 1].nested : 0, text};
    if (row_depth_ > 0) keep(value);
    else if (readers_.outside) readers_.outside(value);
    return true;
}

void Rows::keep(const JsonValue& value) {
    if (!row_.fault.empty()) return;
    if (spans_.size() == most_values || text_.size() + value.text.size() > most_text) return fault("it is too large");
    spans_.push_back({text_.size(), value.text.size()});
    text_ += value.text;
    row_.values.push_back(value);
}

bool Rows::enter(bool is_array) {
    is_too_deep_ = depth_ == deepest;
    if (is_too_deep_) return false;
    Level& level = levels_[depth_++];
    level.outer_path = path_.size();
    level.is_array = is_array;
    level.names.clear();
    if (is_array) path_ += "[]";
    level.path = path_.size();
    input_.mark();
    return true;
}

void Rows::leave() {
    path_.resize(levels_[--depth_].outer_path);
    input_.mark();
}

void Rows::begin_row() {
    row_depth_ = depth_;
    row_path_ = path_.size();
    row_.offset = input_.Tell() - 1;
    row_.fault = {};
    row_.values.clear();
    text_.clear();
    spans_.clear();
    nested_ = 0;
}

bool Rows::StartObject() {
    const bool is_row = depth_ == 0 ? root_is_row_ : is_element();
    if (!is_row && wanted()) fault("an object stands in the place of a value");
    if (!enter(false)) return false;
    if (is_row) begin_row();
    else ++nested_;
    levels_[depth_ - 1].nested = is_row ? 0 : nested_;
    return true;
}

bool Rows::EndObject(rapidjson::SizeType) {
    if (row_depth_ == depth_ && row_depth_ > 0) give_row();
    leave();
    return true;
}

void Rows::give_row() {
    row_depth_ = row_path_ = 0;
    for (std::size_t i = 0; i < row_.values.size(); ++i)
        row_.values[i].text = std::string_view(text_).substr(spans_[i].begin, spans_[i].size);
    if (!row_.fault.empty()) row_.values.clear();
    has_row_ = true;
    readers_.object(row_);
}

bool Rows::StartArray() {
    if (row_depth_ == 0 && is_element()) reject_element("it is no object");
    else if (wanted()) fault("an array stands in the place of a value");
    const std::uint64_t nested = depth_ > 0 ? levels_[depth_ - 1].nested : 0;
    if (!enter(true)) return false;
    levels_[depth_ - 1].nested = nested;
    if (!array_at(levels_[depth_ - 1])) return true;
    found_array_ = true;
    row_depth_ = row_path_ = 0;  // what is around it is no row
    return true;
}

bool Rows::EndArray(rapidjson::SizeType) {
    leave();
    return true;
}

JsonEnd parse(Input& input, Rows& rows) {
    rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>, BoundedAllocator> parser;
    JsonEnd end;
    try {
        const auto result = parser.Parse<rapidjson::kParseNumbersAsStringsFlag>(input, rows);
        if (rows.is_too_deep()) end.why = "nested deeper than 64";
        else if (input.is_at_end() && result.IsError()) end.why = "it is cut short";
        else if (result.IsError()) end.why = "no valid JSON";
        else if (!input.is_at_end()) end.why = "a NUL byte";  // the parser takes it for the end
    } catch (const TokenTooLong&) {
        end.why = "a text or number is too long";
    }
    end.offset = input.Tell();
    end.found_array = rows.found_array();
    return end;
}

}  // namespace

JsonEnd read_json_arrays(std::istream& list, JsonPaths arrays, JsonPaths members, const JsonReaders& readers) {
    Input input(list);
    Rows rows(input, arrays, members, readers);
    return parse(input, rows);
}

std::string read_json_object(std::string_view text, JsonPaths members,
                             const std::function<void(const JsonObject&)>& object) {
    Input input(text);
    const JsonReaders readers{[](const JsonObject&) {}, nullptr};
    Rows rows(input, {}, members, readers);
    rows.root_is_row();
    JsonEnd end = parse(input, rows);
    if (end.why.empty() && rows.row() == nullptr) end.why = "no object";
    if (end.why.empty()) object(*rows.row());
    return std::move(end.why);
}

}  // namespace triage
