// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "config/config.h"
#include "config/yaml.h"

namespace triage {
namespace {

nlohmann::ordered_json to_json(const YamlNode& node) {
    nlohmann::ordered_json json;
    switch (node.kind) {
        case YamlNode::Kind::nothing: break;
        case YamlNode::Kind::scalar:
            // A plain scalar that is a number or a truth value reads the same in JSON.
            if (node.is_plain) json = nlohmann::ordered_json::parse(node.text, nullptr, false);
            if (!node.is_plain || json.is_discarded()) json = node.text;
            break;
        case YamlNode::Kind::list:
            json = nlohmann::ordered_json::array();
            for (const YamlNode& item : node.items) json.push_back(to_json(item));
            break;
        case YamlNode::Kind::map:
            json = nlohmann::ordered_json::object();
            for (std::size_t i = 0; i < node.keys.size(); ++i) json[node.keys[i].text] = to_json(node.items[i]);
            break;
    }
    return json;
}

}  // namespace

std::string configuration_as_json(const Configuration& configuration) {
    nlohmann::ordered_json json = to_json(parse_yaml(configuration.resolved_yaml, "resolved configuration"));
    json["sha256"] = configuration.sha256;
    return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace triage
