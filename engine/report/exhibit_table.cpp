// SPDX-License-Identifier: Apache-2.0
#include "engine/report/exhibit_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <sstream>
#include <vector>

#include "engine/base/text.h"
#include "engine/case/ledger.h"
#include "engine/report/summary.h"

namespace triage {
namespace {

constexpr std::size_t column_count = 5;
using Row = std::array<std::string, column_count>;
constexpr std::array<std::size_t, column_count> widths{17, 17, 9, 14, 19};  // and a blank between them: 80

std::string plural(std::uint64_t count, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", with_commas(count), count == 1 ? one : many);
}

// As a page of its own whose indent leaves the cell's width.
std::vector<std::string> lines_of(const std::string& cell, std::size_t width) {
    const std::string indent(TextPage::width - width, ' ');
    TextPage page;
    page.line(cell, indent);
    std::vector<std::string> lines;
    std::istringstream text(page.text());
    for (std::string line; std::getline(text, line);) lines.push_back(line.substr(indent.size()));
    return lines;
}

std::size_t columns_of(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void add_row(TextPage& page, const Row& row) {
    std::array<std::vector<std::string>, column_count> cells;
    std::size_t height = 0;
    for (std::size_t i = 0; i < column_count; ++i) {
        cells[i] = lines_of(row[i], widths[i]);
        height = std::max(height, cells[i].size());
    }
    for (std::size_t y = 0; y < height; ++y) {
        std::string line;
        for (std::size_t i = 0; i < column_count; ++i) {
            const std::string piece = y < cells[i].size() ? cells[i][y] : "";
            line += piece + std::string(widths[i] + 1 - std::min(widths[i], columns_of(piece)), ' ');
        }
        page.row(line.substr(0, line.find_last_not_of(' ') + 1));
    }
}

std::string name_in_list(const ExhibitLine& line) {
    return escape_for_terminal(line.exhibit.empty() ? line.evidence : line.exhibit);
}

std::uint64_t notable_matches_of(const ReportContext& context, std::uint32_t evidence) {
    std::uint64_t sum = 0;
    for (const MatchCount& count : context.match_counts)
        if (count.evidence == evidence && count.set < context.lists.size() &&
            context.lists[count.set].identity.polarity == Polarity::notable)
            sum += count.entries;
    return sum;
}

}  // namespace

std::string suggested_step(const Verdict& verdict) {
    if (verdict.has_match) return "secure it, do not browse; full examination";
    if (verdict.has_alert) return "secure it; have the findings examined";
    if (verdict.is_interrupted) return "resume the scan";
    if (!verdict.is_compared) return "scan it with a notable list";
    if (!verdict.is_complete) return "have what was not checked examined";
    return "none by these lists; this is no clearance";
}

Unchecked unchecked_of(const ReportContext& context, const EvidenceRecord& evidence) {
    const Shares shares = shares_of(context, evidence.id);
    Unchecked unchecked;
    unchecked.is_unopened = !evidence.is_opened;
    unchecked.entries = shares.entries - shares.hashed_entries;
    unchecked.bytes = shares.bytes - std::min(shares.bytes, shares.hashed_bytes);
    for (const VolumeRecord& volume : context.volumes) {
        if (volume.evidence != evidence.id || !forbids_exit_zero(volume.state)) continue;
        ++unchecked.volumes;
        unchecked.volume_bytes = checked_add(unchecked.volume_bytes, volume.length).value_or(~std::uint64_t{0});
    }
    return unchecked;
}

std::string in_words(const Unchecked& unchecked) {
    if (unchecked.is_unopened) return "all of it";
    std::string words;
    if (unchecked.entries > 0) words = plural(unchecked.entries, "entry", "entries");
    if (unchecked.volumes > 0)
        words += fmt::format("{}{} ({})", words.empty() ? "" : ", ", plural(unchecked.volumes, "volume", "volumes"),
                             human_size(unchecked.volume_bytes));
    return words.empty() ? "0 entries" : words;
}

std::vector<ExhibitLine> exhibit_lines(const ReportContext& context) {
    std::vector<ExhibitLine> lines;
    for (std::size_t i = 0; i < context.evidences.size(); ++i) {
        const EvidenceRecord& evidence = context.evidences[i];
        lines.push_back({evidence.exhibit,
                         evidence.name,
                         context.evidence_verdicts[i],
                         notable_matches_of(context, evidence.id),
                         unchecked_of(context, evidence),
                         {}});
    }
    return lines;
}

void add_next_steps(TextPage& page, const std::vector<ExhibitLine>& exhibits, const NextSteps& steps) {
    std::set<std::string> told;
    for (const std::string& text : {steps.match, steps.alert, steps.not_compared, steps.incomplete, steps.no_match}) {
        std::string names;
        for (const ExhibitLine& line : exhibits) {
            Verdict verdict = line.verdict;
            if (!line.failure.empty()) verdict = {.is_complete = false};
            const std::vector<std::string> texts = next_steps_after(verdict, steps);
            if (std::find(texts.begin(), texts.end(), text) != texts.end())
                names += (names.empty() ? "" : ", ") + name_in_list(line);
        }
        if (names.empty() || !told.insert(text).second) continue;
        if (told.size() == 1) page.section("Next step");
        page.line(names + ":");
        page.line(escape_for_terminal(text), "    ");
    }
}

void add_exhibit_table(TextPage& page, const std::vector<ExhibitLine>& exhibits) {
    page.section("Exhibits");
    add_row(page, {"Exhibit", "Verdict", "Matches", "Not checked", "Suggested step"});
    for (const ExhibitLine& line : exhibits) {
        const std::string name = name_in_list(line);
        if (!line.failure.empty()) add_row(page, {name, "NOT EXAMINED", "-", "all of it", "see the message"});
        else
            add_row(page, {name, line.verdict.words(), with_commas(line.matches), in_words(line.unchecked),
                           suggested_step(line.verdict)});
    }
}

}  // namespace triage
