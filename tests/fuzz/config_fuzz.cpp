// SPDX-License-Identifier: Apache-2.0
// A configuration is accepted or refused with an Error; what is accepted reads back as the same, and its rules can be
// compiled and asked. A rule file alone is read too, since a whole configuration must have every key.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "config/config.h"
#include "config/rule_file.h"
#include "engine/base/error.h"
#include "engine/rules/rule_book.h"

namespace {

void ask(const triage::Rules& rules) {
    const triage::RuleBook book(rules, {{"set", triage::Polarity::notable}}, {1'714'559'430, 0});
    triage::Entry entry;
    entry.path = "/Users/a/\xFF\n/IMG_1.jpg";
    entry.times.modified = triage::Timestamp{1'700'000'000, 0};
    triage::Examined examined;
    examined.status = triage::Status::hashed;
    examined.type = "image/jpeg";
    examined.matches.emplace_back();
    book.before_reading(entry, {"p0", "ntfs"});
    book.judge(entry, {"p0", "ntfs"}, examined);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    try {
        const triage::Configuration first = triage::parse_resolved(text);
        if (triage::parse_resolved(first.resolved_yaml).resolved_yaml != first.resolved_yaml) std::abort();
        ask(first.rules);
    } catch (const triage::Error&) {
        // refused
    }
    try {
        triage::Rules rules;
        std::string written = "rules:\n";
        for (auto& [rule, place] : triage::parse_rule_file(triage::parse_yaml(text, "fuzz"))) {
            written += triage::rule_to_yaml(rule);
            rules.push_back(std::move(rule));
        }
        if (rules.empty()) return 0;
        std::string again = "rules:\n";
        for (const auto& [rule, place] : triage::parse_rule_file(triage::parse_yaml(written, "written")))
            again += triage::rule_to_yaml(rule);
        if (again != written) std::abort();
        ask(rules);
    } catch (const triage::Error&) {
        // refused
    }
    return 0;
}
