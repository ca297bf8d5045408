// SPDX-License-Identifier: Apache-2.0
#include "engine/known/set_identity.h"

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace triage {
namespace {

using json = nlohmann::ordered_json;

json to_json(const SetSource& s) {
    return {{"name", to_valid_utf8(s.name)},
            {"format", s.format},
            {"version", to_valid_utf8(s.version)},
            {"sha256", s.sha256},
            {"modified", s.modified},
            {"importer", s.importer}};
}

json to_json(const CategoryCount& c) {
    return {{"set", to_valid_utf8(c.category.set)},
            {"number", to_valid_utf8(c.category.number)},
            {"records", c.records},
            {"alerts", c.alerts}};
}

}  // namespace

std::string identity_to_json(const KnownSetIdentity& identity) {
    json j = {{"name", to_valid_utf8(identity.name)},
              {"version", to_valid_utf8(identity.version)},
              {"format", identity.format},
              {"polarity", to_string(identity.polarity)},
              {"algorithms", identity.algorithms.bits()},
              {"read", identity.records_read},
              {"accepted", identity.records_accepted},
              {"duplicate", identity.records_duplicate},
              {"rejected", identity.records_rejected},
              {"rejected_by_reason", identity.rejected_by_reason},
              {"trivial", identity.records_trivial},
              {"conflicting", identity.records_conflicting},
              {"sources", json::array()},
              {"categories", json::array()}};
    for (const SetSource& source : identity.sources) j["sources"].push_back(to_json(source));
    for (const CategoryCount& category : identity.categories) j["categories"].push_back(to_json(category));
    return j.dump();
}

KnownSetIdentity identity_from_json(std::string_view text) try {
    const json j = json::parse(text);
    KnownSetIdentity identity;
    identity.name = j.at("name"), identity.version = j.at("version"), identity.format = j.at("format");
    identity.polarity = j.at("polarity") == "ignorable" ? Polarity::ignorable : Polarity::notable;
    if (j.at("polarity") != to_string(identity.polarity)) throw Error("known set", "its polarity is neither");
    identity.algorithms = AlgorithmSet::from_bits(j.at("algorithms"));
    identity.records_read = j.at("read"), identity.records_accepted = j.at("accepted");
    identity.records_duplicate = j.at("duplicate"), identity.records_rejected = j.at("rejected");
    identity.records_trivial = j.at("trivial"), identity.records_conflicting = j.at("conflicting");
    identity.rejected_by_reason = j.at("rejected_by_reason").get<std::map<std::string, std::uint64_t>>();
    for (const json& s : j.at("sources"))
        identity.sources.push_back(
            {s.at("name"), s.at("format"), s.at("version"), s.at("sha256"), s.at("modified"), s.at("importer")});
    for (const json& c : j.at("categories"))
        identity.categories.push_back({{c.at("set"), c.at("number")}, c.at("records"), c.at("alerts")});
    return identity;
} catch (const json::exception&) {
    throw Error("known set", "its identity cannot be read");
}

}  // namespace triage
