// SPDX-License-Identifier: Apache-2.0
// Entries, findings and problems as JSON Lines, exactly as the contract lists the keys: in that order, absent when
// unknown, the same bytes for the same record. A JsonRows borrows its context; any number of threads may append.
#pragma once

#include <string>
#include <unordered_map>

#include "engine/report/reporter.h"

namespace triage {

class JsonRows {
  public:
    explicit JsonRows(const ReportContext& context);

    // Each appends one line with its newline.
    void append_entry(std::string& out, const EntryRecord& record) const;
    void append_finding(std::string& out, const EntryRecord& record) const;
    void append_problem(std::string& out, const ProblemRecord& record) const;
    // The value of `matches` in a finding, without newline.
    void append_matches(std::string& out, const std::vector<Match>& matches) const;

  private:
    void append_entry_keys(std::string& out, const EntryRecord& record) const;
    void append_match(std::string& out, const Match& match) const;
    void end_row(std::string& out) const;
    const ReportContext& context_;
    std::string mark_;                                       // of a disclosure copy
    std::unordered_map<std::uint32_t, std::string> places_;  // by volume: the keys that all its entries share
};

// What `raw_name` encodes: the bytes of the path and, for a stream, ':' and those of its name. Empty when both can be
// shown as they are.
std::string raw_name_of(const Entry& entry);

}  // namespace triage
