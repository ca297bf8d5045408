// SPDX-License-Identifier: Apache-2.0
// JSON hash lists, however large: the objects of named arrays one after the other, each as a flat row of the members
// that its reader wants. The only place that knows rapidjson. Memory is bounded whatever the text says: a string at
// most 1 MiB, an object's wanted text 16 MiB, nesting 64. Bytes that are not UTF-8 pass through strings as they are.
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace triage {

// A path names members from the outside in: "hashes/md5"; what lies in an array has "[]" behind the array's name:
// "MediaFiles[]/FileName". A name that holds '/' itself never matches.
using JsonPaths = std::span<const std::string_view>;

struct JsonValue {
    enum class Kind : std::uint8_t { string, number, boolean, null };
    std::size_t member = 0;  // which of the wanted paths
    Kind kind = Kind::null;
    std::uint64_t nested = 0;  // same number: members of the same nested object; 0: of the row's object itself
    std::string_view text;     // string decoded; number as written; "true", "false"; valid during the call
};

struct JsonObject {
    std::uint64_t offset = 0;  // of its first byte
    std::string_view fault;    // why it cannot be used; then `values` are not complete
    std::vector<JsonValue> values;
};

// How reading came to its end.
struct JsonEnd {
    std::string why;           // empty when the whole text was read
    std::uint64_t offset = 0;  // where reading ended
    bool found_array = false;  // one of the arrays was there
};

struct JsonReaders {
    std::function<void(const JsonObject&)> object;  // an element of the arrays
    std::function<void(const JsonValue&)> outside;  // a wanted member outside of them; may be empty
};

// `arrays`: paths of the arrays from the root: "value", "value[]/Media"; within an element, paths of members begin
// anew. Where an element holds one of the arrays itself, only what lies in the inner array counts. What is cut short or
// broken keeps the objects before it.
JsonEnd read_json_arrays(std::istream& list, JsonPaths arrays, JsonPaths members, const JsonReaders& readers);

// Calls `object` with the object that the text is, or says why it is none: then nothing was called.
std::string read_json_object(std::string_view text, JsonPaths members,
                             const std::function<void(const JsonObject&)>& object);

}  // namespace triage
