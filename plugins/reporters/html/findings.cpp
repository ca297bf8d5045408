// SPDX-License-Identifier: Apache-2.0
// Findings and problems. The findings stand in a <noscript>: without script the browser shows them as the table that
// they are; with script it does not build 100,000 rows, and page.js cuts the text at its lines and cells instead. So a
// row is one line, and its cells have no attributes.
#include <fmt/format.h>

#include <array>

#include "engine/base/text.h"
#include "engine/base/time.h"
#include "plugins/reporters/html/parts.h"

namespace triage::html_report {
namespace {

// In the order of page.js.
constexpr std::array columns{"No.",      "Severity",        "Exhibit",       "Volume",
                             "Address",  "Path and stream", "State",         "Size",
                             "Type",     "Matches",         "Rules",         "Modified",
                             "Accessed", "Changed",         "Created",       "MD5",
                             "SHA-1",    "SHA-256",         "Volume offset", "Media offset and length"};

std::string cell(std::string_view as_html) { return fmt::format("<td>{}</td>", as_html); }

// Names may carry raw bytes that no page can show: they stand escaped, and raw in findings.jsonl.
std::string name_of(const Entry& entry) {
    if (entry.path.empty()) return "";
    return hidden(entry.stream.empty() ? entry.path : entry.path + ":" + entry.stream);
}

std::string state_of(const Entry& entry) {
    std::string words(to_string(entry.state));
    if (entry.placement != Placement::recorded) words += fmt::format(", placement {}", to_string(entry.placement));
    return words;
}

std::string algorithms(AlgorithmSet set) {
    std::string words;
    for (const Algorithm algorithm : all_algorithms)
        if (set.has(algorithm)) words += (words.empty() ? "" : "+") + std::string(to_string(algorithm));
    return words;
}

std::string words_of(const ReportContext& context, const Match& match) {
    std::string words = match.set < context.lists.size() ? html(context.lists[match.set].identity.name)
                                                         : std::string("an unknown list");
    if (match.set < context.lists.size())
        words += fmt::format(" ({})", to_string(context.lists[match.set].identity.polarity));
    if (!match.category.empty()) words += ", category " + html(match.category);
    words += fmt::format(", record {}, {} agree", match.record, algorithms(match.agrees));
    if (!match.differs.empty()) words += fmt::format(", {} DIFFERS", algorithms(match.differs));
    if (match.size_agrees) words += *match.size_agrees ? ", size agrees" : ", size DIFFERS";
    if (!match.label.empty()) words += ", " + hidden(match.label);
    return words;
}

std::string matches_of(const ReportContext& context, const EntryRecord& record) {
    std::string text;
    for (const Match& match : record.examined.matches) text += (text.empty() ? "" : "; ") + words_of(context, match);
    return text;
}

constexpr std::size_t most_pieces = 16;

std::string extents_of(const EntryRecord& record) {
    std::string text;
    std::size_t pieces = 0;
    for (const Extent& extent : record.extents) {
        if (extent.media_offset == Extent::hole) continue;
        if (++pieces <= most_pieces)
            text += fmt::format("{}{}+{}", text.empty() ? "" : " ", extent.media_offset, extent.length);
    }
    if (pieces > most_pieces) text += fmt::format(" and {} more", pieces - most_pieces);
    return text;
}

std::string exhibit_of(const EvidenceRecord& evidence) {
    return html(evidence.exhibit.empty() ? evidence.name : evidence.exhibit);
}

// Of the table of signatures, and of libmagic.
std::string type_of(const Examined& examined) {
    if (examined.libmagic_type.empty()) return html(examined.type);
    return html(
        fmt::format("{}{}{} (libmagic)", examined.type, examined.type.empty() ? "" : ", ", examined.libmagic_type));
}

}  // namespace

std::string findings_begin(const ReportContext& context) {
    std::string text =
        "<section id=\"findings\" aria-labelledby=\"findings-title\">\n<h2 id=\"findings-title\">Findings</h2>\n"
        "<p>A match says that the bytes of an entry are on the evidence and that the named digests are those of the "
        "list. It is presence; it says nothing about how they came there or who knew. <dfn>Placement assumed</dfn> or "
        "<dfn>reallocated</dfn>: these bytes are on the device; that this name belonged to them is not "
        "established.</p>\n";
    for (const RuleRecord& rule : context.rules)
        text += fmt::format("<p class=\"rule\"><code>{}</code> ({}): {}</p>\n", html(rule.name),
                            to_string(rule.severity), html(rule.text));
    text += "<div id=\"table\"></div>\n<noscript>\n" + wide("Table of findings") +
            "<table class=\"rows\" aria-label=\"Findings\"><thead><tr>";
    for (const char* column : columns) text += fmt::format("<th scope=\"col\">{}</th>", column);
    return text + "</tr></thead><tbody>\n";
}

std::string finding_row(const ReportContext& context, const EntryRecord& record, std::uint64_t number) {
    const Entry& entry = record.entry;
    const VolumeRecord& volume = context.volume(record.volume);
    const Finding finding = record.finding.value_or(Finding{});
    const Digests& digests = record.examined.digests;
    std::string row = "<tr>";
    for (const std::string& text : {fmt::format("{}", number),
                                    std::string(to_string(finding.severity)),
                                    exhibit_of(context.evidence(volume.evidence)),
                                    html(volume.name),
                                    fmt::format("{}", entry.address),
                                    name_of(entry),
                                    state_of(entry),
                                    fmt::format("{}", entry.size),
                                    type_of(record.examined),
                                    matches_of(context, record),
                                    html(fmt::format("{}", fmt::join(finding.rules, ", "))),
                                    format_time(entry.times.modified, volume.modified),
                                    format_time(entry.times.accessed, volume.accessed),
                                    format_time(entry.times.changed, volume.changed),
                                    format_time(entry.times.created, volume.created),
                                    hex_of(digests, Algorithm::md5),
                                    hex_of(digests, Algorithm::sha1),
                                    hex_of(digests, Algorithm::sha256),
                                    fmt::format("{}", volume.start),
                                    extents_of(record)})
        row += cell(text);
    return row + "</tr>\n";
}

std::string findings_end(std::uint64_t findings) {
    return fmt::format("</tbody></table></div>\n</noscript>\n<p id=\"finding-count\">{} {}.</p>\n</section>\n",
                       with_commas(findings), findings == 1 ? "finding" : "findings");
}

std::string problems_begin() {
    return "<section id=\"problems\" aria-labelledby=\"problems-title\">\n<h2 id=\"problems-title\">Problems: what "
           "could "
           "not be examined, and why</h2>\n" +
           wide("Table of problems") +
           "<table class=\"rows\" "
           "aria-label=\"Problems\"><thead><tr><th "
           "scope=\"col\">What</th><th scope=\"col\">Exhibit</th><th scope=\"col\">Volume</th><th "
           "scope=\"col\">Address</th><th scope=\"col\">Path</th><th scope=\"col\">Why</th><th "
           "scope=\"col\">Sectors</th></tr></thead><tbody>\n";
}

std::string problem_row(const ReportContext& context, const ProblemRecord& record) {
    const Problem& problem = record.problem;
    const std::string sectors =
        problem.first_sector ? fmt::format("{} from {}", problem.sectors.value_or(1), *problem.first_sector) : "";
    std::string row = "<tr>";
    for (const std::string& text : {std::string(to_string(problem.kind)), exhibit_of(context.evidence(record.evidence)),
                                    record.volume ? html(context.volume(*record.volume).name) : "",
                                    problem.address ? fmt::format("{}", *problem.address) : "", hidden(problem.path),
                                    html(problem.detail), sectors})
        row += cell(text);
    return row + "</tr>\n";
}

std::string problems_end(std::uint64_t problems) {
    return fmt::format("</tbody></table></div>\n<p>{} {}.</p>\n</section>\n", with_commas(problems),
                       problems == 1 ? "problem" : "problems");
}

}  // namespace triage::html_report
