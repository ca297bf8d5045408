// SPDX-License-Identifier: Apache-2.0
#include "engine/case/case_info.h"

#include <algorithm>

namespace triage {

const std::vector<CaseInfoKey>& case_info_keys() {
    static const std::vector<CaseInfoKey> keys{
        {"operator", true, false, true, "who examines"},
        {"authority", true, false, true, "what allows it: warrant, consent, order"},
        {"place", true, false, true, "where"},
        {"reference_clock", true, false, true, "the clock that the device's was compared with"},
        {"clock_difference", true, true, true, "by how much the device's clock differed from it"},
        {"write_blocker", true, true, true, "make and model, or why none"},
        {"reference", false, true, true, "the exhibit's reference, as --exhibit gives it"},
        {"description", false, true, true, "what it is and where it was found"},
        {"note", false, true, false, "anything else"},
    };
    return keys;
}

std::string in_words(const CaseInfoKey& key) {
    std::string words(key.name);
    std::replace(words.begin(), words.end(), '_', ' ');
    return words;
}

const std::string* find_value(const CaseInfo& info, std::string_view key, std::optional<std::uint32_t> evidence) {
    for (const CaseInfoValue& value : info)
        if (value.key == key && value.evidence == evidence) return &value.value;
    return nullptr;
}

}  // namespace triage
