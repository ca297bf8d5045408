// SPDX-License-Identifier: Apache-2.0
// DFXML as fiwalk, hashdeep -d and this program write it: each `fileobject` is a record. Layout: DFXML schema 2.0
// (dfxml.xsd, element fileobject) and 1.0. Only what stands directly in the fileobject counts: `byte_run` and
// `parent_object` carry digests, names and sizes of their own. Elements of other namespaces than the root's are
// ignored. fiwalk also digests directories: objects that say that they are no regular file are passed over, and so are
// those without digest that are empty. The only place that knows expat: no external entity is read, a list that
// declares entities is not read on, and all that expat holds is bounded together.
#include <expat.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <memory>
#include <new>
#include <utility>

#include "engine/base/error.h"
#include "engine/known/list_format.h"
#include "engine/known/list_values.h"

namespace triage {
namespace {

constexpr std::size_t chunk_size = 64 << 10;
constexpr std::size_t most_parser_memory = 16 << 20;  // one tag, names of elements, document type
constexpr std::size_t deepest = 64, longest_text = 1 << 20, longest_word = 256;
constexpr char separator = '\n';  // between namespace and name; cannot stand in either

// Memory of the parser that runs on this thread, each block behind its size. Over the limit the parser fails.
thread_local std::size_t parser_memory = 0;
constexpr std::size_t size_space = alignof(std::max_align_t);

void free_block(void* block) {
    if (block == nullptr) return;
    char* start = static_cast<char*>(block) - size_space;
    parser_memory -= *reinterpret_cast<std::size_t*>(start);
    std::free(start);
}

void* resize_block(void* block, std::size_t size) {
    char* old = block == nullptr ? nullptr : static_cast<char*>(block) - size_space;
    const std::size_t old_size = old == nullptr ? 0 : *reinterpret_cast<std::size_t*>(old);
    if (size > most_parser_memory || parser_memory - old_size + size > most_parser_memory) return nullptr;
    void* start = std::realloc(old, size_space + size);
    if (start == nullptr) return nullptr;
    parser_memory += size - old_size;
    *static_cast<std::size_t*>(start) = size;
    return static_cast<char*>(start) + size_space;
}

void* new_block(std::size_t size) { return resize_block(nullptr, size); }

struct ParserFree {
    void operator()(XML_ParserStruct* parser) const { XML_ParserFree(parser); }
};
using Parser = std::unique_ptr<XML_ParserStruct, ParserFree>;

Parser new_parser() {
    constexpr XML_Memory_Handling_Suite memory{new_block, resize_block, free_block};
    constexpr XML_Char between[] = {separator, 0};
    Parser parser(XML_ParserCreate_MM(nullptr, &memory, between));
    if (parser == nullptr) throw std::bad_alloc();
    XML_SetParamEntityParsing(parser.get(), XML_PARAM_ENTITY_PARSING_NEVER);
    return parser;
}

struct Name {
    explicit Name(const XML_Char* text) : local(text) {
        const std::size_t at = local.rfind(separator);
        if (at == std::string_view::npos) return;
        space = local.substr(0, at);
        local.remove_prefix(at + 1);
    }
    std::string_view space, local;
};

bool is_root(std::string_view local) { return local == "dfxml" || local == "fiwalk"; }

std::optional<Algorithm> algorithm_of(std::string_view type) {
    std::string lower;
    for (const char c : type.substr(0, longest_word))
        if (c != '-') lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    for (const Algorithm a : all_algorithms)
        if (to_string(a) == lower) return a;
    return std::nullopt;
}

std::string_view trimmed_lines(std::string_view text) {
    constexpr std::string_view white = " \t\r\n";
    const std::size_t first = text.find_first_not_of(white);
    return first == std::string_view::npos ? std::string_view{}
                                           : text.substr(first, text.find_last_not_of(white) - first + 1);
}

// A fileobject whose end has not come. One may stand in another.
struct Open {
    std::size_t depth = 0;
    KnownRecord record;
    std::string fault;
    bool has_digest = false, has_name = false, is_regular = true;
};

class Reading {
  public:
    Reading(XML_Parser parser, const ImportSink* sink) : parser_(parser), sink_(sink) {
        XML_SetUserData(parser, this);
        XML_SetElementHandler(
            parser,
            [](void* self, const XML_Char* name, const XML_Char** more) {
                of(self).guard([&](Reading& r) { r.start(Name(name), more); });
            },
            [](void* self, const XML_Char*) { of(self).guard([](Reading& r) { r.end(); }); });
        XML_SetCharacterDataHandler(parser, [](void* self, const XML_Char* text, int size) {
            of(self).guard([&](Reading& r) { r.add_text({text, static_cast<std::size_t>(size)}); });
        });
        XML_SetEntityDeclHandler(
            parser, [](void* self, const XML_Char*, int, const XML_Char*, int, const XML_Char*, const XML_Char*,
                       const XML_Char*, const XML_Char*) { of(self).stop("it declares entities"); });
    }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;

    void read(std::istream& list);
    bool has_root() const { return has_root_; }

  private:
    static Reading& of(void* self) { return *static_cast<Reading*>(self); }
    // No exception may pass through the parser, which is C.
    template <class F>
    void guard(F&& f) {
        if (thrown_) return;
        try {
            f(*this);
        } catch (...) {
            thrown_ = std::current_exception();
            stop("interrupted");
        }
    }
    void start(const Name& name, const XML_Char** attributes);
    void start_child(std::string_view local, const XML_Char** attributes);
    void end();
    void add_text(std::string_view text);
    void take_text();
    void take_digest(Open& object);
    void take_word();
    void give(Open object);
    void stop(std::string_view why) {
        if (why_.empty()) why_ = why;
        XML_StopParser(parser_, XML_FALSE);
    }

    XML_Parser parser_;
    const ImportSink* sink_;  // null: only the root is wanted
    std::exception_ptr thrown_;
    bool has_root_ = false;
    std::string why_;  // reading was ended here
    std::string space_;
    std::size_t depth_ = 0;
    std::uint64_t position_ = 0;
    std::vector<Open> open_;
    std::size_t text_depth_ = 0;  // of the element whose text is wanted; 0: none
    std::string element_, type_, text_;
    ListSays says_;
};

void Reading::start(const Name& name, const XML_Char** attributes) {
    if (++depth_ > deepest) return stop("nested deeper than 64");
    if (depth_ == 1) {
        has_root_ = is_root(name.local);
        space_ = name.space;
        if (!has_root_ || sink_ == nullptr) stop("the root is no dfxml");
        return;
    }
    if (name.space != space_) return;
    if (name.local == "fileobject") {
        open_.emplace_back();
        open_.back().depth = depth_;
        open_.back().record.position = ++position_;
        return;
    }
    const bool is_child = !open_.empty() && depth_ == open_.back().depth + 1;
    if (is_child || (open_.empty() && (name.local == "image_filename" || name.local == "start_time")))
        start_child(name.local, attributes);
}

// Its text may be wanted.
void Reading::start_child(std::string_view local, const XML_Char** attributes) {
    static constexpr std::string_view wanted[] = {"filename", "filesize", "name_type", "meta_type",  "hashdigest",
                                                  "md5",      "sha1",     "sha256",    "start_time", "image_filename"};
    if (std::find(std::begin(wanted), std::end(wanted), local) == std::end(wanted)) return;
    element_ = local;
    type_ = local == "hashdigest" ? std::string() : element_;  // fiwalk before 0.6: <md5>
    for (; *attributes != nullptr; attributes += 2)
        if (std::string_view(attributes[0]) == "type") type_ = attributes[1];
    text_.clear();
    text_depth_ = depth_;
}

void Reading::add_text(std::string_view text) {
    if (text_depth_ == 0 || depth_ != text_depth_) return;
    if (text_.size() <= longest_text) text_ += text;  // at most one piece over the limit: then it is refused
}

void Reading::end() {
    if (text_depth_ != 0 && depth_ == text_depth_) take_text();
    if (!open_.empty() && depth_ == open_.back().depth) {
        Open object = std::move(open_.back());
        open_.pop_back();
        give(std::move(object));
    }
    --depth_;
}

void Reading::take_text() {
    text_depth_ = 0;
    if (open_.empty()) return take_word();
    Open& object = open_.back();
    const auto fault = [&](std::string_view why) {
        if (object.fault.empty()) object.fault = why;
    };
    if (text_.size() > longest_text) return fault("a text is longer than 1 MiB");
    const std::string_view word = trimmed_lines(text_);
    if (element_ == "filename") {
        if (std::exchange(object.has_name, true)) return fault("it has two names");
        object.record.label = text_;
    } else if (element_ == "filesize") {
        const auto size = parse_list_size(word);
        if (!size && !word.empty()) return fault("the size is no number");
        if (object.record.size && object.record.size != size) return fault("it has two sizes");
        object.record.size = size;
    } else if (element_ == "name_type") {
        object.is_regular &= word.empty() || word == "r" || word == "-";
    } else if (element_ == "meta_type") {
        object.is_regular &= word.empty() || word == "1" || word == "0";
    } else {
        take_digest(object);
    }
}

void Reading::take_digest(Open& object) {
    const auto algorithm = algorithm_of(type_);
    const std::string_view text = trimmed_lines(text_);
    if (!algorithm || text.empty()) return;
    object.has_digest = true;
    if (!object.fault.empty()) return;
    object.fault = put_digest(text, *algorithm, object.record.digests);
}

// What the list says of itself, outside of its objects: the first image's name and the date of the run.
void Reading::take_word() {
    const std::string_view word = trimmed_lines(text_);
    if (word.size() > longest_word) return;
    const auto is_date = [](std::string_view text) {
        return text.size() >= 10 && text[4] == '-' && text[7] == '-' && text.find_first_not_of("0123456789-") >= 10;
    };
    if (element_ == "image_filename" && says_.name.empty()) says_.name = word.substr(word.find_last_of("/\\") + 1);
    if (element_ == "start_time" && says_.version.empty() && is_date(word)) says_.version = word.substr(0, 10);
}

void Reading::give(Open object) {
    if (!object.is_regular) return;
    if (!object.has_digest && object.fault.empty()) {
        if (object.record.size == 0) return;
        object.fault = "no digest";
    }
    if (object.fault.empty()) return sink_->record(std::move(object.record));
    sink_->reject({object.record.position,
                   fmt::format("{} (object ends at byte {})", object.fault, XML_GetCurrentByteIndex(parser_))});
}

void Reading::read(std::istream& list) {
    std::vector<char> chunk(chunk_size);
    for (bool is_at_end = false; !is_at_end && why_.empty();) {
        list.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
        is_at_end = !list;
        if (XML_Parse(parser_, chunk.data(), static_cast<int>(list.gcount()), is_at_end) == XML_STATUS_OK) continue;
        if (thrown_) std::rethrow_exception(thrown_);
        const XML_Error error = XML_GetErrorCode(parser_);
        if (error == XML_ERROR_NO_MEMORY) stop("a tag is too long, or there are too many kinds of them");
        else
            stop(is_at_end && (error == XML_ERROR_NO_ELEMENTS || error == XML_ERROR_UNCLOSED_TOKEN) ? "it is cut short"
                                                                                                    : "no valid XML");
    }
    sink_->says(says_);
    if (why_.empty()) return;
    sink_->reject(
        {position_ + (open_.empty() ? 1 : 0),
         fmt::format("XML ends or breaks at byte {}: {}; reading ended here", XML_GetCurrentByteIndex(parser_), why_)});
}

class Dfxml : public ListFormat {
  public:
    std::string_view name() const override { return "dfxml"; }
    std::string_view describes() const override { return "DFXML fileobjects: fiwalk, hashdeep -d"; }
    std::string_view counts() const override { return "object"; }
    bool recognises(ListSource& source) const override {
        const std::string_view head = source.head();
        const std::size_t first = head.find_first_not_of(" \t\r\n");
        if (first == std::string_view::npos || head[first] != '<') return false;
        const Parser parser = new_parser();
        const Reading reading(parser.get(), nullptr);
        XML_Parse(parser.get(), head.data(), static_cast<int>(head.size()), XML_FALSE);
        return reading.has_root();
    }

    void read(ListSource& source, const ListOptions&, const ImportSink& sink) const override {
        const Parser parser = new_parser();
        Reading(parser.get(), &sink).read(source.stream());
    }
};

}  // namespace

const ListFormat& dfxml_list() {
    static const Dfxml format;
    return format;
}

}  // namespace triage
