// SPDX-License-Identifier: Apache-2.0
// What the configuration says to the reporters, with its defaults: a struct for each that has options. A reporter finds
// them in its ReportContext. The keys, reports.NAME.OPTION, are rows in config/keys.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace triage {

// reports.redact: what no report says. A report of which something is left out calls itself a disclosure copy.
struct Redaction {
    bool names = false;   // paths, names of streams, labels of volumes
    bool labels = false;  // what lists say of a record: label and series
    bool any() const { return names || labels; }
    friend bool operator==(const Redaction&, const Redaction&) = default;
};

// Which entries a report tells of.
enum class ReportedEntries : std::uint8_t { findings, all };
inline std::string_view to_string(ReportedEntries entries) {
    return entries == ReportedEntries::all ? "all" : "findings";
}

struct JsonlOptions {
    bool entries = true;  // reports.jsonl.entries: write entries.jsonl, the longest of the files
    friend bool operator==(const JsonlOptions&, const JsonlOptions&) = default;
};

struct CsvOptions {
    bool entries = true;  // reports.csv.entries: write entries.csv, the longest of the files
    friend bool operator==(const CsvOptions&, const CsvOptions&) = default;
};

struct CaseOptions {
    ReportedEntries entries = ReportedEntries::findings;  // reports.case.entries: a graph of all takes 3 KB an entry
    friend bool operator==(const CaseOptions&, const CaseOptions&) = default;
};

// reports.html.*: what a laboratory adds to report.html. Empty: to be added; it is a draft until the reviewer, the
// authoriser and the day of issue are named.
struct HtmlOptions {
    std::string laboratory, method, received, issued, examiner, reviewer, authoriser;
    friend bool operator==(const HtmlOptions&, const HtmlOptions&) = default;
};

struct VicsOptions {
    bool entries = false;  // reports.vics.entries: every entry with an MD5, not only those with a match or a finding
    friend bool operator==(const VicsOptions&, const VicsOptions&) = default;
};

// reports.plugin.*: reports by shared objects outside the tree (engine/outside/).
struct PluginOptions {
    std::vector<std::string> paths;
    std::uint32_t seconds = 30;       // without progress: ended
    std::uint32_t output_mib = 1024;  // a longer report is ended
    friend bool operator==(const PluginOptions&, const PluginOptions&) = default;
};

// reports.exec.*: a report by a program (engine/outside/).
struct ExecOptions {
    std::vector<std::string> command;  // the program by its absolute path, and its arguments
    std::uint32_t timeout = 60;        // seconds to wait for it, added up: ended
    std::uint32_t output_mib = 1024;   // a longer report is ended
    friend bool operator==(const ExecOptions&, const ExecOptions&) = default;
};

struct ReportOptions {
    Redaction redact;
    JsonlOptions jsonl;
    CsvOptions csv;
    CaseOptions case_graph;
    HtmlOptions html;
    VicsOptions vics;
    PluginOptions plugin;
    ExecOptions exec;
    friend bool operator==(const ReportOptions&, const ReportOptions&) = default;
};

}  // namespace triage
