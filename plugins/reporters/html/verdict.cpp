// SPDX-License-Identifier: Apache-2.0
// The first screen.
#include <fmt/format.h>

#include <map>

#include "engine/base/text.h"
#include "engine/report/case_page.h"
#include "engine/report/exhibit_table.h"
#include "engine/report/summary.h"
#include "engine/report/text_summary.h"
#include "plugins/reporters/html/parts.h"

namespace triage::html_report {
namespace {

std::string list_of(const std::vector<std::string>& sentences) {
    std::string text;
    for (const std::string& sentence : sentences) text += fmt::format("<li>{}</li>", escape_for_html(sentence));
    return text.empty() ? "" : "<ul>" + text + "</ul>\n";
}

struct Amount {
    std::uint64_t count = 0, bytes = 0;
    void add(std::uint64_t more, std::uint64_t more_bytes) {
        count += more;
        bytes = checked_add(bytes, more_bytes).value_or(~std::uint64_t{0});
    }
    std::string in_words(std::string_view one, std::string_view many) const {
        return fmt::format("{} {}, {}", with_commas(count), count == 1 ? one : many, human_size(bytes));
    }
};

// What no scan of this kind looks into, counted and sized where it can be.
std::string not_looked_into(const ReportContext& context) {
    std::map<std::string, Amount> inside;
    for (const UnopenedCount& count : context.unopened_counts) inside[count.what].add(count.entries, count.bytes);
    std::vector<std::string> sentences;
    for (const auto& [what, sum] : inside)
        sentences.push_back(fmt::format("The inside of {}: {}", what, sum.in_words("entry", "entries")));
    for (const auto& [state, words] : {std::pair{VolumeState::gap, "Space outside partitions"},
                                       {VolumeState::swap, "Swap partitions"},
                                       {VolumeState::reserved, "Reserved partitions"}}) {
        Amount sum;
        for (const VolumeRecord& volume : context.volumes)
            if (volume.state == state) sum.add(1, volume.length);
        if (sum.count > 0) sentences.push_back(fmt::format("{}: {}", words, sum.in_words("stretch", "stretches")));
    }
    sentences.push_back(fmt::format(
        "Unallocated space inside file systems, with what they keep for themselves: about {}; of it, deleted "
        "entries alone were looked for",
        human_size(unheld_bytes(context))));
    return "<h3>Not looked into</h3>\n" + list_of(sentences);
}

// A word for the styles; the verdict itself stands in words.
std::string_view kind_of(const Verdict& verdict) {
    if (verdict.has_match || verdict.has_alert) return "found";
    return verdict.is_complete && verdict.is_compared && !verdict.is_interrupted ? "clear" : "open";
}

std::string what_it_means(const Verdict& verdict) {
    if (verdict.has_match)
        return "The digest of at least one content on this evidence is in a notable list. That says that these bytes "
               "are present; it does not say who put them there, or who knew of them.";
    if (verdict.has_alert) return "A rule raised an alert. No content that was checked has a digest in a notable list.";
    if (!verdict.is_compared) return "No notable list was given: nothing was compared.";
    return "No content that was checked has a digest in a notable list. No match is not absence, and no clearance.";
}

std::string scope(const ReportContext& context) {
    const Shares shares = shares_of(context);
    std::string lists;
    for (const ListRecord& list : context.lists)
        lists += fmt::format("{}{} ({}, version {}, {} records)", lists.empty() ? "" : "; ", html(list.identity.name),
                             to_string(list.identity.polarity),
                             html(list.identity.version.empty() ? "unknown" : list.identity.version),
                             with_commas(list.identity.records_accepted));
    return fmt::format(
        "<table class=\"facts\"><caption>Scope of this verdict</caption><tbody>\n{}{}{}{}{}</tbody></table>\n",
        fact("Profile", html(context.run.profile)), fact("Compared with", lists.empty() ? "nothing" : lists),
        fact("Hashed", fmt::format("{} of {} entries ({}), {} of {} ({})", with_commas(shares.hashed_entries),
                                   with_commas(shares.entries), share_in_words(shares.hashed_entries, shares.entries),
                                   human_size(shares.hashed_bytes), human_size(shares.bytes),
                                   share_in_words(shares.hashed_bytes, shares.bytes))),
        fact("Left out by size or rule",
             fmt::format("{} entries, {}", with_commas(shares.size_entries + shares.rule_entries),
                         human_size(checked_add(shares.size_bytes, shares.rule_bytes).value_or(~std::uint64_t{0})))),
        fact("Left out by the configuration", html(context.run.exclusions)));
}

std::string case_information(const ReportContext& context) {
    std::string rows;
    for (const CaseInfoKey& key : case_info_keys())
        if (const std::string* value = find_value(context.case_info, key.name))
            rows += fact(in_words(key), html(*value));
    for (const std::string& key : not_recorded(context)) rows += fact(key, "<em>not recorded</em>");
    rows += fact("Examined from", html(context.run.started_utc));
    rows += fact("to", html(context.run.ended_utc));
    rows += fact("On computer, by", html(context.run.host) + ", " + html(context.run.user));
    return "<table class=\"facts\"><caption>Case</caption><tbody>\n" + rows + "</tbody></table>\n";
}

std::string exhibits(const ReportContext& context) {
    std::string rows;
    const std::vector<ExhibitLine> lines = exhibit_lines(context);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const ExhibitLine& line = lines[i];
        const EvidenceRecord& evidence = context.evidences[i];
        rows += fmt::format(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td class=\"num\">{}</td><td>{}</td>"
            "<td>{}</td></tr>\n",
            html(line.exhibit.empty() ? "no reference" : line.exhibit), html(line.evidence), html(line.verdict.words()),
            with_commas(line.matches), html(in_words(line.unchecked)), stored_hash_in_words(evidence));
    }
    return table("Exhibits", {"Exhibit", "Evidence", "Verdict", "#Entries in notable lists", "Not checked", "Image"},
                 rows);
}

std::string strength(const MatchCount& count) {
    std::string words;
    for (const Algorithm algorithm : all_algorithms)
        if (count.agrees.has(algorithm)) words += (words.empty() ? "" : ", ") + std::string(to_string(algorithm));
    words += " agree";
    for (const Algorithm algorithm : all_algorithms)
        if (count.differs.has(algorithm)) words += fmt::format("; {} DIFFERS", to_string(algorithm));
    return words;
}

std::string matches(const ReportContext& context) {
    std::string rows;
    for (const MatchCount& count : context.match_counts) {
        const bool is_known = count.set < context.lists.size();
        rows += fmt::format(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td class=\"num\">{}</td><td>{}</td></tr>\n",
            is_known ? html(context.lists[count.set].identity.name) : "an unknown list",
            is_known ? to_string(context.lists[count.set].identity.polarity) : "",
            count.category.empty() ? "none" : html(count.category), strength(count), with_commas(count.entries),
            html(context.evidence(count.evidence).exhibit.empty() ? context.evidence(count.evidence).name
                                                                  : context.evidence(count.evidence).exhibit));
    }
    if (rows.empty()) return "<p>No entry that was checked is in any list that was given.</p>\n";
    return table("Matches by set, category and strength",
                 {"Set", "Polarity", "Category", "Strength", "#Entries", "Exhibit"}, rows);
}

std::string next_steps(const ReportContext& context) {
    std::string text;
    for (const std::string& step : next_steps_after(context.verdict, context.run.next_steps))
        text += fmt::format("<p>{}</p>\n", html(step));
    return text.empty() ? "" : "<h3>Next step</h3>\n" + text;
}

}  // namespace

std::string verdict(const ReportContext& context) {
    std::vector<std::string> reasons;
    for (const std::string& sentence : context.incompleteness) reasons.push_back(escape_for_terminal(sentence));
    return fmt::format(
        "<section id=\"verdict\" aria-labelledby=\"verdict-title\">\n<div class=\"first\">\n"
        "<div class=\"big {}\"><h2 id=\"verdict-title\">Verdict</h2><p class=\"words\">{}</p><p>{}</p>{}</div>\n"
        "<div class=\"big unchecked\"><h2>Not checked</h2><p class=\"words\">{}</p>{}{}{}</div>\n</div>\n"
        "{}{}{}{}</section>\n",
        kind_of(context.verdict), html(context.verdict.words()), what_it_means(context.verdict), scope(context),
        escape_for_html(not_checked_in_words(context)), list_of(reasons), list_of(cautions(context)),
        not_looked_into(context), exhibits(context), matches(context), next_steps(context), case_information(context));
}

}  // namespace triage::html_report
