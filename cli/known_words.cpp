// SPDX-License-Identifier: Apache-2.0
#include "cli/known_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/text.h"

namespace triage {
namespace {

std::string category_in_words(const Category& category) {
    const std::string number = category.number.empty() ? "none" : category.number;
    return escape_for_terminal(category.set.empty() ? number : category.set + ": " + number);
}

std::string algorithm_names(AlgorithmSet algorithms) {
    std::string names;
    for (const Algorithm a : all_algorithms)
        if (algorithms.has(a)) names += (names.empty() ? "" : ", ") + std::string(to_string(a));
    return names;
}

std::string quoted_names(AlgorithmSet algorithms) {
    std::string names;
    for (const Algorithm a : all_algorithms)
        if (algorithms.has(a)) names += fmt::format("{}\"{}\"", names.empty() ? "" : ",", to_string(a));
    return names;
}

// Empty where there is one source, or the file is damaged.
std::string source_of(const KnownSetIdentity& id, const Match& m) {
    const auto lists = std::ranges::count(id.sources, false, [](const SetSource& s) { return s.format.empty(); });
    return lists > 1 && m.source < id.sources.size() ? id.sources[m.source].name : "";
}

}  // namespace

std::string in_words(const KnownSetIdentity& id) {
    std::string text = fmt::format("{} ({}), version {}, {}\n", escape_for_terminal(id.name), to_string(id.polarity),
                                   escape_for_terminal(id.version), algorithm_names(id.algorithms));
    text += fmt::format("  records: {} read, {} in use, {} repeated, {} rejected, {} trivial, {} in conflict\n",
                        with_commas(id.records_read), with_commas(id.records_accepted),
                        with_commas(id.records_duplicate), with_commas(id.records_rejected),
                        with_commas(id.records_trivial), with_commas(id.records_conflicting));
    for (const auto& [reason, count] : id.rejected_by_reason)
        text += fmt::format("  rejected: {}: {}\n", escape_for_terminal(reason), with_commas(count));
    for (const CategoryCount& c : id.categories)
        text += fmt::format("  category {}: {}{}\n", category_in_words(c.category), with_commas(c.records),
                            id.polarity == Polarity::notable && !c.alerts ? " (notice, no alert)" : "");
    for (const SetSource& s : id.sources)
        text += fmt::format("  source {} ({}{}{}), of {}, SHA-256 {}\n", escape_for_terminal(s.name),
                            s.format.empty() ? "names" : s.format,
                            s.version.empty() ? "" : ", version " + escape_for_terminal(s.version),
                            s.importer.empty() ? "" : ", read by triage " + escape_for_terminal(s.importer), s.modified,
                            s.sha256);
    return text;
}

std::string in_json(const KnownSetIdentity& id) {
    std::string text = fmt::format(
        "{{\"name\":{},\"version\":{},\"polarity\":\"{}\",\"format\":\"{}\",\"digest\":\"{}\",\"records\":{{\"read\":{}"
        ","
        "\"accepted\":{},\"duplicate\":{},\"rejected\":{},\"trivial\":{},\"conflicting\":{}}},\"algorithms\":[",
        to_json_string(id.name), to_json_string(id.version), to_string(id.polarity), id.format, id.source_sha256,
        id.records_read, id.records_accepted, id.records_duplicate, id.records_rejected, id.records_trivial,
        id.records_conflicting);
    const char* comma = "";
    text += quoted_names(id.algorithms);
    text += "],\"rejected_by_reason\":{";
    comma = "";
    for (const auto& [reason, count] : id.rejected_by_reason)
        text += fmt::format("{}{}:{}", std::exchange(comma, ","), to_json_string(reason), count);
    text += "},\"categories\":[";
    comma = "";
    for (const CategoryCount& c : id.categories)
        text += fmt::format("{}{{\"set\":{},\"category\":{},\"records\":{},\"alerts\":{}}}", std::exchange(comma, ","),
                            to_json_string(c.category.set), to_json_string(c.category.number), c.records, c.alerts);
    text += "],\"sources\":[";
    comma = "";
    for (const SetSource& s : id.sources)
        text += fmt::format(
            "{}{{\"name\":{},\"format\":\"{}\",\"version\":{},\"modified\":\"{}\",\"sha256\":\"{}\",\"importer\":{}}}",
            std::exchange(comma, ","), to_json_string(s.name), s.format, to_json_string(s.version), s.modified,
            s.sha256, to_json_string(s.importer));
    return text + "]}\n";
}

std::string match_in_words(const KnownSetIdentity& id, const Match& m, bool show_names) {
    std::string text = fmt::format("record {}", m.record);
    if (const std::string source = source_of(id, m); !source.empty()) text += " of " + escape_for_terminal(source);
    if (!m.category.empty()) text += ", category " + category_in_words({m.category_set, m.category});
    if (!m.agrees.empty()) text += ", agrees " + algorithm_names(m.agrees);
    for (const auto& [flag, word] : record_flag_words)
        if (m.flags.has(flag)) text += ", " + std::string(word);
    if (show_names && !m.label.empty()) text += ", \"" + escape_for_terminal(m.label) + "\"";
    return text;
}

std::string match_in_json(const std::string& hash, const KnownSetIdentity& id, const Match& m, bool show_names) {
    std::string text = fmt::format(
        "{{\"hash\":\"{}\",\"set\":{},\"polarity\":\"{}\",\"record\":{},\"category_set\":{},"
        "\"category\":{}",
        hash, to_json_string(id.name), to_string(id.polarity), m.record, to_json_string(m.category_set),
        to_json_string(m.category));
    text += fmt::format(",\"found\":true,\"source\":{},\"agrees\":[{}],\"flags\":[",
                        to_json_string(m.source < id.sources.size() ? id.sources[m.source].name : ""),
                        quoted_names(m.agrees));
    const char* comma = "";
    for (const auto& [flag, word] : record_flag_words)
        if (m.flags.has(flag)) text += fmt::format("{}\"{}\"", std::exchange(comma, ","), word);
    text += "]";
    if (show_names) text += ",\"label\":" + to_json_string(m.label);
    return text + "}\n";
}

}  // namespace triage
