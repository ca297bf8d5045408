// SPDX-License-Identifier: Apache-2.0
#include "engine/report/csv.h"

#include "engine/base/text.h"

namespace triage {
namespace {

// What an opening quote is followed by. Where `;` separates cells, quotes do not hold a line of this form together:
// what follows a `;` begins a cell too.
std::string shown(std::string_view bytes) {
    std::string text;
    bool begins = true;
    for (const char c : escape_for_terminal(bytes)) {
        if (begins && std::string_view("=+-@").find(c) != std::string_view::npos) text += '\'';
        begins = c == ';' || (begins && (c == ' ' || c == '"'));
        text += c;
    }
    return text;
}

}  // namespace

void append_csv_cell(std::string& line, std::string_view bytes) {
    if (!line.empty() && line.back() != '\n') line += ',';
    line += '"';
    for (const char c : shown(bytes)) line += c == '"' ? "\"\"" : std::string(1, c);
    line += '"';
}

std::string csv_line(const std::vector<std::string>& cells) {
    std::string line;
    for (const std::string& cell : cells) append_csv_cell(line, cell);
    return line + "\r\n";
}

bool changes_in_csv(std::string_view bytes) { return shown(bytes) != bytes; }

}  // namespace triage
