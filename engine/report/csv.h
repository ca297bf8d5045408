// SPDX-License-Identifier: Apache-2.0
// Lines of a CSV file by RFC 4180: every cell quoted, CR LF. Text of a cell is escaped as for a terminal, and a cell
// that a sheet would take for a formula gets an apostrophe. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace triage {

void append_csv_cell(std::string& line, std::string_view bytes);  // after a comma, unless it is the first of its line
std::string csv_line(const std::vector<std::string>& cells);

// Does the cell show other text than `bytes`? Then a report of names gives them beside it, in base64.
bool changes_in_csv(std::string_view bytes);

}  // namespace triage
