// SPDX-License-Identifier: Apache-2.0
#include "config/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "engine/base/text.h"

namespace triage {
namespace {

constexpr std::size_t deepest = 32;
constexpr std::size_t most_nodes = 100'000;
constexpr std::size_t most_keys = 1'000;  // of one map

std::uint32_t one_based(int zero_based) { return zero_based < 0 ? 1 : static_cast<std::uint32_t>(zero_based) + 1; }

// Builds the tree from events: yaml-cpp's own nodes would expand aliases and hide duplicate keys.
class TreeBuilder : public YAML::EventHandler {
  public:
    explicit TreeBuilder(const std::string& origin) : origin_(origin) {}

    YamlNode root;

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        attach(node(mark, YamlNode::Kind::nothing, "", anchor));
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        fail_at(place(mark), "aliases are not allowed", "write the value out");
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        YamlNode scalar = node(mark, YamlNode::Kind::scalar, tag, anchor);
        scalar.is_plain = tag != "!";
        scalar.text = value;
        attach(std::move(scalar));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(node(mark, YamlNode::Kind::list, tag, anchor));
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(node(mark, YamlNode::Kind::map, tag, anchor));
    }
    void OnMapEnd() override { close(); }

  private:
    Place place(const YAML::Mark& mark) const { return {origin_, one_based(mark.line), one_based(mark.column)}; }

    YamlNode node(const YAML::Mark& mark, YamlNode::Kind kind, const std::string& tag, YAML::anchor_t anchor) {
        YamlNode result;
        result.kind = kind;
        result.place = place(mark);
        if (anchor != 0) fail_at(result.place, "anchors are not allowed", "write the value out where it is needed");
        if (tag.size() > 1) fail_at(result.place, "tags are not allowed", "remove the word that starts with !");
        if (++nodes_ > most_nodes) fail_at(result.place, fmt::format("more than {} values", most_nodes));
        return result;
    }

    void open(YamlNode container) {
        if (open_.size() == deepest) fail_at(container.place, fmt::format("nested deeper than {} levels", deepest));
        open_.push_back(std::move(container));
    }
    void close() {
        YamlNode done = std::move(open_.back());
        open_.pop_back();
        attach(std::move(done));
    }
    void attach(YamlNode child) {
        if (open_.empty()) {
            root = std::move(child);
            return;
        }
        YamlNode& parent = open_.back();
        const bool is_key = parent.kind == YamlNode::Kind::map && parent.keys.size() == parent.items.size();
        if (is_key) check_key(parent, child);
        (is_key ? parent.keys : parent.items).push_back(std::move(child));
    }
    static void check_key(const YamlNode& map, const YamlNode& key) {
        if (key.kind != YamlNode::Kind::scalar)
            fail_at(key.place, fmt::format("{} stands where a key is expected", to_string(key.kind)));
        if (map.keys.size() == most_keys) fail_at(key.place, fmt::format("more than {} keys in one map", most_keys));
        for (const YamlNode& earlier : map.keys)
            if (earlier.text == key.text)
                fail_at(key.place,
                        fmt::format("the key {} stands twice; it was given in line {}", quoted(key.text),
                                    earlier.place.line),
                        "keep one of them");
    }

    const std::string& origin_;
    std::vector<YamlNode> open_;
    std::size_t nodes_ = 0;
};

void check_bytes(std::string_view text, const std::string& origin) {
    const Place start{origin, 1, 1};
    if (text.size() > largest_yaml) fail_at(start, "larger than 1 MiB, the limit of a configuration file");
    if (!is_valid_utf8(text)) fail_at(start, "not UTF-8 text", "save the file as UTF-8");
    if (text.find('\0') != std::string_view::npos) fail_at(start, "holds a NUL byte: not a text file");
}

// The text with a mark of its end: without one yaml-cpp 0.7 takes a quoted text that is never closed as it stands.
std::string with_end(std::string_view text) {
    std::string result(text);
    if (!result.empty() && result.back() != '\n') result += '\n';
    return result + "...\n";
}

bool is_word(std::string_view text) {
    if (text.empty() || text[0] < 'a' || text[0] > 'z') return false;
    return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

// Words that some reader of YAML takes for something else than text.
bool is_reserved(std::string_view word) {
    for (const std::string_view reserved : {"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
        if (word == reserved) return true;
    return false;
}

}  // namespace

std::string to_string(const Place& place) {
    if (place.origin.starts_with("option ")) return place.origin;
    return fmt::format("{}, line {}, column {}", place.origin, place.line, place.column);
}

void fail_at(const Place& place, const std::string& why, const std::string& advice) {
    throw Error(to_string(place), why, advice);
}

std::string_view to_string(YamlNode::Kind kind) {
    switch (kind) {
        case YamlNode::Kind::nothing: return "nothing";
        case YamlNode::Kind::scalar: return "a value";
        case YamlNode::Kind::list: return "a list";
        case YamlNode::Kind::map: return "a map";
    }
    return "?";
}

YamlNode parse_yaml(std::string_view text, const std::string& origin) {
    check_bytes(text, origin);
    std::istringstream stream(with_end(text));
    TreeBuilder builder(origin);
    builder.root.place = {origin, 1, 1};
    try {
        YAML::Parser parser(stream);
        if (!parser.HandleNextDocument(builder)) return builder.root;
        for (TreeBuilder next(origin); parser.HandleNextDocument(next);)
            if (next.root.kind != YamlNode::Kind::nothing)
                fail_at(next.root.place, "a second document begins", "one file holds one document");
    } catch (const YAML::Exception& error) {
        fail_at({origin, one_based(error.mark.line), one_based(error.mark.column)}, "not valid YAML: " + error.msg);
    }
    return std::move(builder.root);
}

Result<std::string> read_yaml_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return Failure{std::strerror(errno)};
    std::string text(largest_yaml + 1, '\0');
    errno = 0;
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    // A directory opens, and fails here.
    if (file.bad() || (file.gcount() == 0 && errno != 0)) return Failure{std::strerror(errno != 0 ? errno : EIO)};
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

std::string to_yaml(std::string_view text) {
    if (is_word(text) && !is_reserved(text)) return std::string(text);
    return to_json_string(text);
}

std::string quoted(std::string_view text) {
    constexpr std::size_t longest = 80;
    const bool is_long = text.size() > longest;
    return fmt::format("\"{}{}\"", escape_for_terminal(text.substr(0, longest)), is_long ? "..." : "");
}

}  // namespace triage
