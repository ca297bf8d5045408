// SPDX-License-Identifier: Apache-2.0
#include "config/case_info_file.h"

#include <fmt/format.h>

#include "config/yaml.h"
#include "engine/base/error.h"

namespace triage {
namespace {

void take_values(const YamlNode& map, const std::string& exhibit, std::vector<CaseInfoGiven>& given) {
    if (map.kind != YamlNode::Kind::map)
        fail_at(map.place, fmt::format("expected a map of keys; found {}", to_string(map.kind)));
    for (std::size_t i = 0; i < map.keys.size(); ++i) {
        const YamlNode &key = map.keys[i], &value = map.items[i];
        if (exhibit.empty() && key.text == "exhibits") continue;
        if (value.kind != YamlNode::Kind::scalar)
            fail_at(value.place, fmt::format("{} is a text; found {}", quoted(key.text), to_string(value.kind)));
        given.push_back({exhibit, key.text, value.text, to_string(key.place)});
    }
}

}  // namespace

std::vector<CaseInfoGiven> read_case_info_file(const std::string& path) {
    const Result<std::string> text = read_yaml_file(path);
    if (!text) throw Error(path, text.why(), "--case-info takes KEY=VALUE, a YAML file, or the word ask");
    const YamlNode root = parse_yaml(*text, path);
    std::vector<CaseInfoGiven> given;
    take_values(root, {}, given);
    for (std::size_t i = 0; i < root.keys.size(); ++i) {
        if (root.keys[i].text != "exhibits") continue;
        const YamlNode& exhibits = root.items[i];
        if (exhibits.kind != YamlNode::Kind::map)
            fail_at(exhibits.place, fmt::format("exhibits is a map by reference; found {}", to_string(exhibits.kind)));
        for (std::size_t k = 0; k < exhibits.keys.size(); ++k) {
            if (exhibits.keys[k].text.empty()) fail_at(exhibits.keys[k].place, "an exhibit without a reference");
            take_values(exhibits.items[k], exhibits.keys[k].text, given);
        }
    }
    return given;
}

}  // namespace triage
