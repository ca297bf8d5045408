// SPDX-License-Identifier: Apache-2.0
#include "cli/case_info.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "config/suggest.h"
#include "engine/base/text.h"

namespace triage {
namespace {

constexpr std::size_t longest_value = 4096;

CaseInfoGiven parse_option(const std::string& option) {
    const std::size_t equals = option.find('=');
    const std::string left = option.substr(0, equals);
    const std::size_t at = left.find('@');
    const std::string exhibit = at == std::string::npos ? "" : left.substr(at + 1);
    return {exhibit, left.substr(0, at), option.substr(equals + 1), "--case-info " + option};
}

void put(std::vector<CaseInfoGiven>& given, CaseInfoGiven value, std::size_t of_files) {
    const auto same = std::find_if(given.begin(), given.end(), [&](const CaseInfoGiven& other) {
        return other.key == value.key && other.exhibit == value.exhibit;
    });
    if (same == given.end()) return given.push_back(std::move(value));
    if (static_cast<std::size_t>(same - given.begin()) >= of_files)
        throw Error(value.where, "is given twice", "give each key once");
    *same = std::move(value);
}

const CaseInfoKey& key_of(const CaseInfoGiven& given) {
    std::vector<std::string> names;
    for (const CaseInfoKey& key : case_info_keys()) {
        if (key.name == given.key) return key;
        names.emplace_back(key.name);
    }
    throw Error(given.where, fmt::format("unknown key \"{}\"", given.key), suggestion(given.key, names));
}

void check_value(const CaseInfoGiven& given) {
    if (given.value.empty()) throw Error(given.where, "the value is empty", "leave the key out when it is not known");
    if (given.value.size() > longest_value) throw Error(given.where, "the value is longer than 4,096 bytes");
    if (!is_valid_utf8(given.value)) throw Error(given.where, "the value is not UTF-8");
}

std::uint32_t evidence_named(const CaseInfoGiven& given, const std::vector<EvidenceSpec>& evidence) {
    for (std::string EvidenceSpec::*called : {&EvidenceSpec::exhibit, &EvidenceSpec::name})
        for (std::uint32_t i = 0; i < evidence.size(); ++i)
            if (evidence[i].*called == given.exhibit) return i;
    throw Error(given.where, fmt::format("there is no exhibit \"{}\"", given.exhibit),
                "name it by its reference (--exhibit REF=PATH) or by the file name of its evidence");
}

void give_reference(EvidenceSpec& spec, const CaseInfoGiven& given, const std::vector<EvidenceSpec>& evidence) {
    if (!spec.exhibit.empty() && spec.exhibit != given.value)
        throw Error(given.where, fmt::format("it is exhibit {} already", spec.exhibit));
    for (const EvidenceSpec& other : evidence)
        if (&other != &spec && other.exhibit == given.value)
            throw Error(given.where, fmt::format("{} is exhibit {} already", other.name, given.value));
    spec.exhibit = given.value;
}

std::string ask(const std::string& question) {
    std::fputs((question + ": ").c_str(), stderr);
    std::string answer;
    if (!std::getline(std::cin, answer)) throw Error("--case-info ask", "the question was not answered");
    const std::size_t begin = answer.find_first_not_of(" \t\r");
    if (begin == std::string::npos) return {};
    return answer.substr(begin, answer.find_last_not_of(" \t\r") + 1 - begin);
}

void ask_for(CaseInfoInput& input, const CaseInfoKey& key, const std::string& exhibit, const std::string& shown) {
    const bool is_given = std::any_of(input.given.begin(), input.given.end(), [&](const CaseInfoGiven& given) {
        return given.key == key.name && given.exhibit == exhibit;
    });
    if (is_given) return;
    const std::string question = fmt::format("{}{} ({})", shown, in_words(key), key.meaning);
    if (std::string answer = ask(question); !answer.empty())
        input.given.push_back({exhibit, std::string(key.name), std::move(answer), "the answer to " + in_words(key)});
}

}  // namespace

CaseInfoInput read_case_info(const std::vector<std::string>& options) {
    CaseInfoInput input;
    for (const std::string& option : options) {
        if (option == "ask" || option.find('=') != std::string::npos) continue;
        for (CaseInfoGiven& value : read_case_info_file(option)) put(input.given, std::move(value), 0);
    }
    const std::size_t of_files = input.given.size();
    for (const std::string& option : options) {
        if (option == "ask") input.is_asked = true;
        else if (option.find('=') != std::string::npos) put(input.given, parse_option(option), of_files);
    }
    if (input.is_asked && (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)))
        throw Error("--case-info ask", "there is no terminal to ask at", "use KEY=VALUE or a file");
    return input;
}

void ask_for_case(CaseInfoInput& input) {
    std::fputs("Case information; an empty answer is recorded as missing.\n", stderr);
    for (const CaseInfoKey& key : case_info_keys())
        if (key.is_of_case) ask_for(input, key, {}, "");
}

void ask_for_exhibits(CaseInfoInput& input, const std::vector<EvidenceSpec>& evidence) {
    for (const EvidenceSpec& spec : evidence)
        for (const CaseInfoKey& key : case_info_keys()) {
            if (key.is_of_case || (key.name == "reference" && !spec.exhibit.empty())) continue;
            const std::string& by = spec.exhibit.empty() ? spec.name : spec.exhibit;
            ask_for(input, key, by, escape_for_terminal(by) + ", ");
        }
}

CaseInfo resolve_case_info(const CaseInfoInput& input, std::vector<EvidenceSpec>& evidence) {
    CaseInfo info;
    std::vector<const CaseInfoGiven*> references;
    for (const CaseInfoGiven& given : input.given) {
        const CaseInfoKey& key = key_of(given);
        check_value(given);
        if (given.exhibit.empty() && !key.is_of_case)
            throw Error(given.where, "belongs to an exhibit",
                        fmt::format("for example --case-info {}@EXHIBIT=VALUE", key.name));
        if (!given.exhibit.empty() && !key.is_of_exhibit) throw Error(given.where, "belongs to the case as a whole");
        if (key.name == "reference") references.push_back(&given);
        else if (given.exhibit.empty()) info.push_back({{}, given.key, given.value});
        else info.push_back({evidence_named(given, evidence), given.key, given.value});
    }
    for (const CaseInfoGiven* given : references)
        give_reference(evidence[evidence_named(*given, evidence)], *given, evidence);
    return info;
}

void audit_case_info(AuditLog& audit, const CaseInfo& info) {
    for (const CaseInfoValue& value : info) {
        std::vector<AuditField> fields;
        if (value.evidence) fields.emplace_back("evidence", *value.evidence);
        fields.emplace_back("key", value.key);
        fields.emplace_back("value", value.value);
        audit.record("case-info", fields);
    }
}

}  // namespace triage
