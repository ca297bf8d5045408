// SPDX-License-Identifier: Apache-2.0
// YAML text as a small tree in which every node knows its place; the only adaptor of yaml-cpp. What a configuration
// does not need is refused, so that nothing can grow behind its reader's back: anchors, aliases, tags, duplicate keys,
// several documents, more than 1 MiB, 32 levels or 100,000 nodes. Pure; throws Error that names the place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace triage {

// A place in a configuration: counts from 1.
struct Place {
    std::string origin;  // file as the user named it, "profile default", "option threads"
    std::uint32_t line = 1, column = 1;
};
std::string to_string(const Place& place);  // "case.yaml, line 3, column 5"; a flag has no lines
[[noreturn]] void fail_at(const Place& place, const std::string& why, const std::string& advice = {});

struct YamlNode {
    enum class Kind : std::uint8_t { nothing, scalar, list, map };
    Kind kind = Kind::nothing;
    bool is_plain = false;        // scalar without quotes: may be a number or a truth value
    std::string text;             // scalar
    std::vector<YamlNode> keys;   // map: scalars, as many as values
    std::vector<YamlNode> items;  // list: items; map: values
    Place place;
};
std::string_view to_string(YamlNode::Kind kind);  // "nothing", "a value", "a list", "a map"

inline constexpr std::size_t largest_yaml = 1 << 20;  // bytes
YamlNode parse_yaml(std::string_view text, const std::string& origin);

// The text of a file, up to one byte over the limit, which parse_yaml then refuses.
Result<std::string> read_yaml_file(const std::string& path);

// A text as YAML writes it: as it is where that is safe, else in double quotes.
std::string to_yaml(std::string_view text);

// Text from a configuration in an error: escaped, quoted, of bounded length.
std::string quoted(std::string_view text);

}  // namespace triage
