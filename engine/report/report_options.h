// SPDX-License-Identifier: Apache-2.0
// What the configuration says to the reporters, with its defaults: a struct for each that has options. A reporter finds
// them in its ReportContext. The keys, reports.NAME.OPTION, are rows in config/keys.cpp.
#pragma once

namespace triage {

struct JsonlOptions {
    bool entries = true;  // reports.jsonl.entries: write entries.jsonl, the longest of the files
    friend bool operator==(const JsonlOptions&, const JsonlOptions&) = default;
};

struct ReportOptions {
    JsonlOptions jsonl;
    friend bool operator==(const ReportOptions&, const ReportOptions&) = default;
};

}  // namespace triage
