// SPDX-License-Identifier: Apache-2.0
#include "engine/report/ranking.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "engine/base/text.h"
#include "engine/report/case_page.h"
#include "engine/report/csv.h"
#include "engine/report/summary.h"

namespace triage {
namespace {

using Cells = std::vector<std::string>;

// A number before a word, numbers by value, nothing last.
std::tuple<int, std::size_t, std::string> order_of(const std::string& category) {
    if (category.empty()) return {2, 0, {}};
    if (category.find_first_not_of("0123456789") != std::string::npos) return {1, 0, category};
    const std::size_t first = std::min(category.find_first_not_of('0'), category.size() - 1);
    return {0, category.size() - first, category.substr(first)};
}

int order_of(const Verdict& verdict) {
    if (verdict.has_match) return 0;
    if (verdict.has_alert) return 1;
    if (verdict.is_interrupted || !verdict.is_complete) return 2;
    return verdict.is_compared ? 4 : 3;
}

int severity_of(const RankedExhibit& exhibit) { return exhibit.alerts > 0 ? 0 : exhibit.notices > 0 ? 1 : 2; }

std::string first_category(const ReportContext& context, std::uint32_t evidence) {
    std::string first;
    for (const MatchCount& count : context.match_counts) {
        const bool is_notable =
            count.set < context.lists.size() && context.lists[count.set].identity.polarity == Polarity::notable;
        if (count.evidence == evidence && is_notable && order_of(count.category) < order_of(first))
            first = count.category;
    }
    return first;
}

std::uint64_t findings_of(const ReportContext& context, std::uint32_t evidence, Severity severity) {
    std::uint64_t sum = 0;
    for (const FindingCount& count : context.finding_counts)
        if (count.evidence == evidence && count.severity == severity) sum += count.entries;
    return sum;
}

std::string joined(const std::vector<std::string>& parts) { return fmt::format("{}", fmt::join(parts, "; ")); }

std::string lists_in_words(const ReportContext& context) {
    std::vector<std::string> lists;
    for (const ListRecord& list : context.lists) {
        const KnownSetIdentity& set = list.identity;
        lists.push_back(fmt::format("{}, {}{}, {} records", set.name, to_string(set.polarity),
                                    set.version.empty() ? "" : ", version " + set.version,
                                    with_commas(set.records_accepted)));
    }
    return lists.empty() ? "none" : joined(lists);
}

std::string examined_in_words(const ReportContext& context, std::uint32_t evidence) {
    const Shares shares = shares_of(context, evidence);
    const auto part = [](std::string_view words, std::uint64_t entries, std::uint64_t bytes) {
        return fmt::format("{} {} entries ({})", words, with_commas(entries), human_size(bytes));
    };
    std::vector<std::string> parts{part("hashed", shares.hashed_entries, shares.hashed_bytes),
                                   part("of", shares.entries, shares.bytes),
                                   part("excluded by size", shares.size_entries, shares.size_bytes),
                                   part("skipped by rule", shares.rule_entries, shares.rule_bytes)};
    if (!context.run.exclusions.empty()) parts.push_back(context.run.exclusions);
    return joined(parts);
}

std::string case_info_in_words(const ReportContext& context, std::uint32_t evidence) {
    std::vector<std::string> parts;
    for (const std::optional<std::uint32_t> of : {std::optional<std::uint32_t>(), std::optional(evidence)}) {
        for (const CaseInfoKey& key : case_info_keys())
            if (const std::string* value = find_value(context.case_info, key.name, of))
                parts.push_back(in_words(key) + ": " + *value);
        for (const std::string& key : not_recorded(context, of)) parts.push_back(key + " not recorded");
    }
    return joined(parts);
}

RankedScope scope_of(const ReportContext& context, std::uint32_t evidence) {
    return {context.run.profile,
            context.run.configuration_sha256,
            lists_in_words(context),
            examined_in_words(context, evidence),
            case_info_in_words(context, evidence),
            joined(cautions(context, evidence))};
}

Cells heading() {
    return {"rank",    "exhibit",     "verdict",   "alerts",   "notices", "category",
            "matches", "not_checked", "next_step", "evidence", "case",    "note"};
}

Cells scope_heading() { return {"cautions", "examined", "profile", "configuration", "lists", "case_info"}; }

Cells scope_cells(const RankedExhibit& e) {
    const RankedScope& scope = e.scope;
    return {scope.cautions, scope.examined, scope.profile, scope.configuration, scope.lists, scope.case_info};
}

Cells cells_of(const RankedExhibit& e, std::size_t rank) {
    const ExhibitLine& line = e.line;
    if (!e.has_case)
        return {std::to_string(rank), line.exhibit,   "NOT EXAMINED", "",          "",          "", "",
                "all of it",          "see the note", line.evidence,  e.case_path, line.failure};
    if (!line.failure.empty())
        return {std::to_string(rank), "", "NOT READABLE", "",          "", "", "", "",
                "see the note",       "", e.case_path,    line.failure};
    return {std::to_string(rank),
            line.exhibit,
            line.verdict.words(),
            std::to_string(e.alerts),
            std::to_string(e.notices),
            e.category,
            std::to_string(line.matches),
            in_words(line.unchecked),
            suggested_step(line.verdict),
            line.evidence,
            e.case_path,
            ""};
}

std::string html_row(const Cells& cells, std::string_view tag) {
    std::string row = "<tr>";
    for (const std::string& cell : cells)
        row += fmt::format("<{}>{}</{}>", tag, escape_for_html(escape_for_terminal(cell)), tag);
    return row + "</tr>\n";
}

// Below the row of its verdict, as wide as that.
std::string html_scope(const RankedExhibit& e) {
    const Cells names = scope_heading(), values = scope_cells(e);
    std::string text;
    for (std::size_t i = 0; i < values.size(); ++i)
        if (!values[i].empty())
            text +=
                fmt::format("<strong>{}</strong> {}<br>\n", names[i], escape_for_html(escape_for_terminal(values[i])));
    if (text.empty()) return {};
    return fmt::format("<tr class=\"scope\"><td></td><td colspan=\"{}\">{}</td></tr>\n", heading().size() - 1, text);
}

Cells together(Cells cells, const Cells& more) {
    cells.insert(cells.end(), more.begin(), more.end());
    return cells;
}

}  // namespace

std::vector<RankedExhibit> exhibits_of(const std::string& case_path, const ReportContext& context) {
    std::vector<RankedExhibit> exhibits;
    std::vector<ExhibitLine> lines = exhibit_lines(context);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::uint32_t id = context.evidences[i].id;
        exhibits.push_back({case_path, std::move(lines[i]), findings_of(context, id, Severity::alert),
                            findings_of(context, id, Severity::notice), first_category(context, id),
                            scope_of(context, id)});
    }
    return exhibits;
}

void rank(std::vector<RankedExhibit>& exhibits) {
    const auto key = [](const RankedExhibit& e) {
        return std::tuple(e.line.failure.empty(), !e.has_case, order_of(e.line.verdict), severity_of(e),
                          order_of(e.category), ~e.line.matches, ~e.alerts, ~e.notices, e.line.exhibit, e.line.evidence,
                          e.case_path);
    };
    std::sort(exhibits.begin(), exhibits.end(),
              [&](const RankedExhibit& a, const RankedExhibit& b) { return key(a) < key(b); });
}

std::string ranking_csv(const std::vector<RankedExhibit>& exhibits) {
    std::string text = csv_line(together(heading(), scope_heading()));
    for (std::size_t i = 0; i < exhibits.size(); ++i)
        text += csv_line(together(cells_of(exhibits[i], i + 1), scope_cells(exhibits[i])));
    return text;
}

std::string ranking_html(const std::vector<RankedExhibit>& exhibits) {
    std::string text =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        "<title>Exhibits by rank</title>\n<style>\n"
        "body { font-family: sans-serif; margin: 2em; }\n"
        "table { border-collapse: collapse; }\n"
        ".scope td { color: #333; font-size: 85%; overflow-wrap: anywhere; }\n"
        "th, td { border: 1px solid #888; padding: 0.3em 0.6em; text-align: left; vertical-align: top; }\n"
        "</style>\n</head>\n<body>\n<h1>Exhibits by rank</h1>\n";
    text += fmt::format(
        "<p>{} exhibits, by verdict, severity, category and matches. No match is not a clearance: it says nothing "
        "about "
        "what was not checked, nor about content that no list knows.</p>\n<table>\n",
        exhibits.size());
    text += html_row(heading(), "th");
    for (std::size_t i = 0; i < exhibits.size(); ++i)
        text += html_row(cells_of(exhibits[i], i + 1), "td") + html_scope(exhibits[i]);
    return text + "</table>\n</body>\n</html>\n";
}

}  // namespace triage
