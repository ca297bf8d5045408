// SPDX-License-Identifier: Apache-2.0
// What the verdict stands on, and what a laboratory adds to it.
#include <fmt/format.h>

#include <ctime>

#include "engine/base/text.h"
#include "engine/base/time.h"
#include "engine/report/case_page.h"
#include "engine/report/redact.h"
#include "engine/report/summary.h"
#include "plugins/reporters/html/parts.h"

namespace triage::html_report {
namespace {

std::string facts(std::string_view caption, std::string_view rows) {
    return fmt::format("<table class=\"facts\"><caption>{}</caption><tbody>\n{}</tbody></table>\n", caption, rows);
}

std::string bytes_in_words(std::uint64_t bytes) {
    return fmt::format("{} ({} bytes)", human_size(bytes), with_commas(bytes));
}

std::string exhibit_values(const ReportContext& context, const EvidenceRecord& evidence) {
    std::string rows;
    for (const CaseInfoKey& key : case_info_keys())
        if (const std::string* value = find_value(context.case_info, key.name, evidence.id))
            rows += fact(in_words(key), html(*value));
    for (const std::string& key : not_recorded(context, evidence.id)) rows += fact(key, "<em>not recorded</em>");
    return rows;
}

std::string evidence_facts(const ReportContext& context, const EvidenceRecord& evidence) {
    std::string rows = exhibit_values(context, evidence);
    if (evidence.device) rows += fact("Device", escape_for_html(device_in_words(*evidence.device)));
    rows += fact("Container", html(evidence.description.empty() ? evidence.format : evidence.description));
    if (!evidence.is_opened) rows += fact("State", "<strong>not opened</strong>");
    rows += fact("Media", bytes_in_words(evidence.media_size));
    rows += fact("Volume system", html(evidence.volume_system.empty() ? "unknown" : evidence.volume_system));
    for (const StoredDigest& digest : evidence.digests)
        rows += fact("Stored " + digest.algorithm,
                     fmt::format("<code>{}</code> &mdash; {}", html(digest.hex), stored_hash_in_words(evidence)));
    if (evidence.digests.empty()) rows += fact("Stored hash", "the image stores none");
    for (const StoredDigest& digest : evidence.check.computed)
        rows += fact("Computed " + digest.algorithm, "<code>" + html(digest.hex) + "</code>");
    if (!evidence.check.detail.empty()) rows += fact("Comparison", html(evidence.check.detail));
    for (const HeaderValue& value : evidence.header)
        rows += fact("Header: " + value.name, is_typed(value) ? hidden(value.value) : html(value.value));
    return facts(
        "Evidence " + html(evidence.exhibit.empty() ? evidence.name : evidence.exhibit + " (" + evidence.name + ")"),
        rows);
}

std::string volumes(const ReportContext& context) {
    std::string rows;
    for (const VolumeRecord& volume : context.volumes) {
        const EvidenceRecord& evidence = context.evidence(volume.evidence);
        rows += fmt::format(
            "<tr><th scope=\"row\">{}, {}</th><td>{}</td><td>{}</td><td class=\"num\">{}</td><td "
            "class=\"num\">{}</td><td>{}</td><td>{}</td></tr>\n",
            html(evidence.exhibit.empty() ? evidence.name : evidence.exhibit), html(volume.name), html(volume.fs),
            to_string(volume.state), volume.start, volume.length, hidden(volume.label), html(volume.detail));
    }
    return table("Volumes", {"Volume", "File system", "State", "#Start (byte)", "#Length (bytes)", "Label", "Remark"},
                 rows);
}

std::string lists(const ReportContext& context) {
    std::string rows;
    for (const ListRecord& list : context.lists) {
        const KnownSetIdentity& set = list.identity;
        std::string remarks;
        for (const std::string& warning : list.warnings) remarks += (remarks.empty() ? "" : "; ") + html(warning);
        rows += fmt::format(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td class=\"num\">{}</td><td "
            "class=\"num\">{}</td><td><code>{}</code></td><td>{}</td></tr>\n",
            html(set.name), to_string(set.polarity), html(set.version.empty() ? "unknown" : set.version),
            with_commas(set.records_read), with_commas(set.records_accepted), html(set.source_sha256), remarks);
    }
    if (rows.empty()) return "<p><strong>No list was given: nothing was compared.</strong></p>\n";
    return table("Lists", {"Name", "Polarity", "Version", "#Records read", "#in use", "SHA-256", "Remarks"}, rows);
}

// "2024-05-01T10:00:00Z; local 2024-05-01 12:00:00 +0200". Local is the zone of the computer that writes the report, so
// it is left out of times that come from a file.
std::string both_times(const std::string& utc) {
    const std::optional<Timestamp> time = parse_time(utc);
    if (!time) return html(utc);
    const std::time_t seconds = static_cast<std::time_t>(time->seconds);
    std::tm local{};
    char text[64] = "";
    if (!localtime_r(&seconds, &local) || !std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %z", &local))
        return html(utc);
    return fmt::format("{} (UTC); local {}", html(utc), text);
}

std::string run(const ReportContext& context) {
    const RunRecord& r = context.run;
    const auto time = [&](const std::string& utc) { return context.run_facts.empty() ? both_times(utc) : html(utc); };
    std::string rows = fact("Begun", time(r.started_utc)) + fact("Ended", time(r.ended_utc));
    if (!context.run_facts.empty()) rows += fact("Run facts", html(context.run_facts));
    rows += fact("Interruptions", r.is_interrupted ? "interrupted: " + html(r.interruption)
                                  : r.resumed > 0  ? fmt::format("resumed {} times", r.resumed)
                                                   : "none");
    rows += fact("Computer, user", html(r.host) + ", " + html(r.user));
    rows += fact("Program", html(fmt::format("triage {}, build {}", r.tool_version, r.build_id)));
    rows += fact("Libraries", html(r.libraries));
    rows += fact("Digests computed by", html(r.hash_engine));
    rows += fact("Workers held by", html(r.sandbox));
    rows += fact("Configuration", html("profile " + r.profile) + ", SHA-256 <code>" + html(r.configuration_sha256) +
                                      "</code>; whole in <code>config.yaml</code> of the case");
    return facts("Examination", rows);
}

constexpr const char* limits =
    "<h3>Limits</h3>\n<ul>\n<li>No match is not absence: content that no list knows is not found, and what was not "
    "checked stands above.</li>\n<li>A digest finds identical bytes only: a picture that was resized, cut or saved "
    "again "
    "has another.</li>\n<li>Times are those that the file system recorded. They can be wrong, changed or missing, and "
    "are "
    "shown as recorded: <code>Z</code> only where the file system stores UTC.</li>\n<li>Names, types and states "
    "describe "
    "the medium when it was read. Deleted entries may be overwritten in part.</li>\n<li>Results relate only to the "
    "items "
    "examined.</li>\n<li>This report claims no compliance with any standard.</li>\n</ul>\n";

std::string field(std::string_view name, std::string_view value) {
    return fact(name, value.empty() ? "<span class=\"blank\">to be added</span>" : html(value));
}

}  // namespace

std::string stored_hash_in_words(const EvidenceRecord& evidence) {
    if (evidence.digests.empty()) return "no stored hash";
    const bool differs = evidence.check.result == MediaResult::differs;
    return fmt::format("{}stored image hash {}{}", differs ? "<strong>" : "", in_words(evidence.check.result),
                       differs ? "</strong>" : "");
}

std::string basis(const ReportContext& context) {
    std::string text =
        "<section id=\"basis\" aria-labelledby=\"basis-title\">\n<h2 id=\"basis-title\">What this stands "
        "on</h2>\n";
    for (const EvidenceRecord& evidence : context.evidences) text += evidence_facts(context, evidence);
    return text + volumes(context) + lists(context) + run(context) + limits + "</section>\n";
}

std::string laboratory(const ReportContext& context) {
    const HtmlOptions& lab = context.options.html;
    const std::string id = context.seal.empty()
                               ? "<span class=\"blank\">the seal, printed when the case was sealed</span>"
                               : "<code>" + html(context.seal) + "</code> (the seal of the case)";
    return "<section id=\"laboratory\" aria-labelledby=\"laboratory-title\">\n<h2 id=\"laboratory-title\">What a "
           "laboratory adds</h2>\n" +
           facts("Until reviewer, authoriser and date of issue are named, this report is a draft",
                 fact("Report id", id) + field("Laboratory", lab.laboratory) + field("Method reference", lab.method) +
                     field("Items received", lab.received) +
                     fact("Items examined", html(context.run.started_utc) + " to " + html(context.run.ended_utc)) +
                     field("Report issued", lab.issued) + field("Examiner", lab.examiner) +
                     field("Reviewer", lab.reviewer) + field("Authoriser", lab.authoriser)) +
           "<p>Results relate only to the items examined.</p>\n</section>\n";
}

}  // namespace triage::html_report
