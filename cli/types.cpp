// SPDX-License-Identifier: Apache-2.0
#include "cli/types.h"

#include <fmt/format.h>

#include "config/suggest.h"
#include "engine/base/error.h"
#include "engine/examine/content_type.h"
#include "plugins/registry.h"

namespace triage {
namespace {

std::string database_for(const Rule& rule, const std::string& type) {
    try {
        return registry().types->database();
    } catch (const Error& error) {
        throw Error(fmt::format("the rule {}", rule.name),
                    fmt::format("the type {} is told by libmagic only: {}", type, error.what()), error.advice());
    }
}

std::string doubt(const Rule& rule, const std::string& type) {
    std::vector<std::string> ours(content_types().begin(), content_types().end());
    const std::string meant = suggestion(type, ours);
    return fmt::format("the rule {} may never hold: libmagic's database does not name the type {}{}", rule.name, type,
                       meant.starts_with("did you") ? "; " + meant : "");
}

}  // namespace

std::vector<std::string> check_types(const Rules& rules) {
    std::vector<std::string> doubts;
    for (const Rule& rule : rules)
        for (const std::string& type : types_for_libmagic(rule.when))
            if (!registry().types->names(database_for(rule, type), type)) doubts.push_back(doubt(rule, type));
    return doubts;
}

}  // namespace triage
