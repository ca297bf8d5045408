// SPDX-License-Identifier: Apache-2.0
#include "cli/screen.h"

#include <fmt/format.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cmath>

#include "engine/base/text.h"
#include "engine/report/text_summary.h"

namespace triage {
namespace {

constexpr std::size_t most_tallies = 8;
constexpr std::size_t wide_enough = 40;  // for a column of words beside the text

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", with_commas(count), count == 1 ? one : many);
}

// In the unit of the whole, so that the two can be compared at a glance.
std::string done_in_words(const Snapshot& s) {
    const std::string_view known = s.phase == Phase::listing ? " so far" : "";
    return fmt::format(
        "{} of {}{}, {} of {}{}", with_commas(s.entries_done), counted(s.entries_listed, "entry", "entries"), known,
        human_size(std::min(s.bytes_done, s.bytes_listed)), human_size(s.bytes_listed),
        known.empty() && s.bytes_listed > 0 ? fmt::format(" ({})", share_in_words(s.bytes_done, s.bytes_listed))
                                            : std::string(known));
}

std::string need_in_words(const Snapshot& s) {
    switch (s.phase) {
        case Phase::listing: return "not known: still listing";
        case Phase::reading:
            if (s.seconds_left) return about(*s.seconds_left);
            return s.is_speed_known ? "not known: nothing was read lately" : "not known yet";
        case Phase::verifying:
            return fmt::format("{}; the digest of the evidence is verified: {} of {}",
                               s.seconds_left ? about(*s.seconds_left) : "not known yet", human_size(s.bytes_verified),
                               human_size(s.bytes_to_verify));
        case Phase::sealing: return "everything is read; the case is being sealed";
        case Phase::reporting: return "everything is read; the reports are being written";
    }
    return "";
}

// A time limit ends the run before all is read, unless that is surely sooner.
std::string left_in_words(const Snapshot& s) {
    const bool is_limited = s.seconds_to_deadline && s.phase <= Phase::verifying &&
                            (!s.seconds_left || *s.seconds_left > *s.seconds_to_deadline);
    if (!is_limited) return need_in_words(s);
    return fmt::format("{}; its time limit ends it in {} at the latest", need_in_words(s),
                       about(*s.seconds_to_deadline));
}

std::string evidence_in_words(const Snapshot& s) {
    const std::string number = s.evidences > 1 ? fmt::format(" ({} of {})", s.evidence_number, s.evidences) : "";
    return escape_for_terminal(s.evidence) + number;
}

std::string elapsed_in_words(const Snapshot& s) {
    if (s.volumes_total == 0 || s.phase != Phase::listing) return exactly(s.seconds);
    const std::uint32_t volume = std::min(s.volumes_done + 1, s.volumes_total);
    return fmt::format("{}; volume {} of {} is listed", exactly(s.seconds), volume, s.volumes_total);
}

std::string matches_in_words(const Snapshot& s) {
    std::string words = with_commas(s.matches);
    if (s.is_resumed) words += " since the scan went on";
    if (s.first_match_seconds) words += "; the first after " + exactly(*s.first_match_seconds);
    return words;
}

std::string in_words(const Snapshot::Tally& tally) {
    std::string words = fmt::format("{} in {}", with_commas(tally.contents), escape_for_terminal(tally.list));
    if (!tally.category.empty()) words += ", category " + escape_for_terminal(tally.category);
    return words;
}

std::string held_up_in_words(const Snapshot& s) {
    const BusyWith& busy = *s.held_up_by;
    std::string place = s.held_up_evidence.empty() ? "" : escape_for_terminal(s.held_up_evidence) + ", ";
    if (busy.volume.empty()) place += "the evidence, which is being opened";
    else place += fmt::format("{}, address {}", escape_for_terminal(busy.volume), busy.address);
    if (busy.contents == 0 && !busy.volume.empty()) place += ", where the listing stands";
    if (busy.contents == 1) place += ", content of " + human_size(busy.bytes);
    if (busy.contents > 1) place += fmt::format(" and {} more contents", with_commas(busy.contents - 1));
    return fmt::format("{}, for {}", place, exactly(busy.seconds));
}

// "Matches    3": the word in a column of its own where there is room, else before the text.
std::vector<std::string> wrapped(std::string_view word, const std::string& text, std::size_t columns) {
    TextPage page(columns);
    if (columns >= wide_enough) page.line(text, fmt::format("{:<10} ", word));
    else page.line(word.empty() ? text : fmt::format("{}: {}", word, text), "");
    std::vector<std::string> lines;
    std::string_view rest = page.text();
    for (std::size_t end; (end = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(end + 1))
        lines.emplace_back(rest.substr(0, end));
    return lines;
}

void append(std::vector<std::string>& lines, std::vector<std::string> more) {
    lines.insert(lines.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// As many as there is room for; how many more there are is said.
std::vector<std::string> tally_lines(const Snapshot& s, std::size_t columns, std::size_t room) {
    std::vector<std::string> lines;
    std::size_t shown = 0;
    for (; shown < std::min(s.tallies.size(), most_tallies); ++shown) {
        std::vector<std::string> more = wrapped("", in_words(s.tallies[shown]), columns);
        const bool is_last = shown + 1 == s.tallies.size();
        if (lines.size() + more.size() + (is_last ? 0 : 1) > room) break;
        append(lines, std::move(more));
    }
    if (const std::size_t rest = s.tallies.size() - shown; rest > 0 && lines.size() < room)
        append(lines, wrapped("", fmt::format("and {} more of lists and categories", rest), columns));
    return lines;
}

}  // namespace

ScreenSize size_of_terminal(int fd) {
    winsize size{};
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
    return {size.ws_col, size.ws_row};
}

std::string exactly(double seconds) {
    if (seconds < 10) return fmt::format("{:.1f} s", seconds);
    const auto whole = static_cast<std::uint64_t>(seconds);
    if (whole < 60) return fmt::format("{} s", whole);
    if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
    return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

std::string about(double seconds) {
    constexpr double most = 1000.0 * 3600;  // beyond it a number says nothing
    if (seconds < 10) return "a few seconds";
    if (seconds > most) return "more than 1,000 h";
    const auto up = [&](double unit) { return static_cast<std::uint64_t>(std::ceil(seconds / unit)); };
    if (seconds <= 90) return fmt::format("about {} s", 10 * up(10));
    if (seconds <= 90 * 60) return fmt::format("about {} min", up(60));
    const std::uint64_t minutes = 10 * up(600);
    return fmt::format("about {} h {:02} min", minutes / 60, minutes % 60);
}

std::vector<std::string> screen_lines(const Snapshot& s, ScreenSize size) {
    const std::size_t columns = std::max<std::size_t>(size.columns, 2) - 1;  // the last one wraps on some terminals
    std::vector<std::string> head, tail;
    append(head, wrapped("Evidence", evidence_in_words(s), columns));
    if (s.is_stopping) append(head, wrapped("Stopping", "what is done is kept; Ctrl-C again ends it at once", columns));
    append(head, wrapped("Elapsed", elapsed_in_words(s), columns));
    append(head, wrapped("Done", done_in_words(s), columns));
    append(head, wrapped("Remaining", left_in_words(s), columns));
    if (!s.is_discreet) append(head, wrapped("Matches", matches_in_words(s), columns));
    if (!s.is_discreet) append(tail, wrapped("Problems", with_commas(s.problems), columns));
    if (s.held_up_by) append(tail, wrapped("Waits for", held_up_in_words(s), columns));
    const std::size_t room = size.rows > 1 ? size.rows - 1 : 1;  // one row stays for the cursor
    const std::size_t taken = head.size() + tail.size();
    if (!s.is_discreet && taken < room) append(head, tally_lines(s, columns, room - taken));
    append(head, std::move(tail));
    if (head.size() > room) head.resize(room);
    return head;
}

std::string plain_line(const Snapshot& s) {
    std::string line = fmt::format("{}: {}; {}; remaining: {}", exactly(s.seconds), evidence_in_words(s),
                                   done_in_words(s), left_in_words(s));
    if (!s.is_discreet)
        line += fmt::format("; matches: {}; problems: {}", matches_in_words(s), with_commas(s.problems));
    if (s.held_up_by) line += "; waits for: " + held_up_in_words(s);
    if (s.is_stopping) line += "; stopping";
    return line;
}

void Frame::draw(const std::vector<std::string>& lines, ScreenSize size) {
    // A terminal that became narrower has broken the lines that no longer fit.
    std::size_t rows = 0;
    for (const std::size_t columns : drawn_)
        rows += std::max<std::size_t>(1, (columns + size.columns - 1) / size.columns);
    std::string text = "\r";
    if (rows > 0) text += fmt::format("\x1b[{}A", rows);
    drawn_.clear();
    for (const std::string& line : lines) {
        text += line + "\x1b[K\n";
        drawn_.push_back(columns_of(line));
    }
    text += "\x1b[J";
    std::fwrite(text.data(), 1, text.size(), out_);
    std::fflush(out_);
}

}  // namespace triage
