// SPDX-License-Identifier: Apache-2.0
// What goes to the process of a plug-in, framed: u32 size, u8 call, then its texts and numbers. Both ends are the same
// program, so the form has no version. Appending is pure, any thread; a PluginRows borrows its context.
#pragma once

#include <array>
#include <string>

#include "engine/outside/triage_plugin.h"
#include "engine/report/json_rows.h"

namespace triage {

enum class PluginCall : std::uint8_t {
    begin,
    entry = TRIAGE_ENTRY,
    finding = TRIAGE_FINDING,
    problem = TRIAGE_PROBLEM,
    end
};

class PluginRows {
  public:
    explicit PluginRows(const ReportContext& context) : context_(context), json_(context) {}
    void append_begin(std::string& out) const;
    void append_entry(std::string& out, const EntryRecord& record) const;
    void append_finding(std::string& out, const EntryRecord& record) const;
    void append_problem(std::string& out, const ProblemRecord& record) const;
    void append_end(std::string& out) const;

  private:
    const ReportContext& context_;
    const JsonRows json_;
};

// The other end. The texts point into `payload`; false when it is not whole.
bool parse_run(ByteView payload, triage_run& run);
bool parse_row(PluginCall call, ByteView payload, triage_row& row);

}  // namespace triage
