// SPDX-License-Identifier: Apache-2.0
#include "engine/report/text_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/base/text.h"
#include "engine/report/case_page.h"
#include "engine/report/exhibit_table.h"
#include "engine/report/summary.h"

namespace triage {
namespace {

bool starts_code_point(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

// Of the code point that begins with `c`, at most: from U+1000 on (first byte 0xE1) some are wide.
std::size_t columns_at(char c) {
    if (!starts_code_point(c)) return 0;
    return static_cast<unsigned char>(c) >= 0xE1 ? 2 : 1;
}

// Takes the next word off `text`: up to a space, at most `room` columns of it.
std::string_view take_word(std::string_view& text, std::size_t room) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    std::size_t end = 0, used = 0;
    while (end < text.size() && text[end] != ' ') {
        if (end > 0 && used + columns_at(text[end]) > room) break;
        used += columns_at(text[end++]);
    }
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(end);
    return word;
}

std::string entries(std::uint64_t count) { return with_commas(count) + (count == 1 ? " entry" : " entries"); }

std::string algorithms_in_words(AlgorithmSet algorithms) {
    std::string words;
    for (const Algorithm algorithm : all_algorithms)
        if (algorithms.has(algorithm)) words += (words.empty() ? "" : ", ") + std::string(to_string(algorithm));
    return words.empty() ? "none" : words;
}

void add_verdict(TextPage& page, const ReportContext& context) {
    page.line(context.verdict.words(), "Verdict:     ");
    page.line(not_checked_in_words(context), "Not checked: ");
    for (const std::string& sentence : context.incompleteness) page.line(escape_for_terminal(sentence), "  - ");
    for (const std::string& sentence : cautions(context)) page.line(sentence, "  ! ");
}

void add_optional_share(TextPage& page, std::string_view words, std::uint64_t count, std::uint64_t bytes) {
    if (count > 0) page.line(fmt::format("{}: {}, {}", words, entries(count), human_size(bytes)));
}

// The ledger in plain words.
void add_shares(TextPage& page, const Shares& shares) {
    page.line(fmt::format("Hashed: {} of {} ({}), {} of {} ({})", with_commas(shares.hashed_entries),
                          entries(shares.entries), share_in_words(shares.hashed_entries, shares.entries),
                          human_size(shares.hashed_bytes), human_size(shares.bytes),
                          share_in_words(shares.hashed_bytes, shares.bytes)));
    page.line(fmt::format("Excluded by size: {}, {}; skipped by rule: {}, {}", entries(shares.size_entries),
                          human_size(shares.size_bytes), entries(shares.rule_entries), human_size(shares.rule_bytes)));
    add_optional_share(page, "Deleted, without a record of where the bytes are", shares.unrecoverable_entries,
                       shares.unrecoverable_bytes);
    add_optional_share(page, "Without a hash for another reason", shares.other_entries, shares.other_bytes);
    if (shares.missing_bytes > 0) page.line(fmt::format("Could not be read: {}", human_size(shares.missing_bytes)));
}

void add_lists(TextPage& page, const ReportContext& context) {
    page.section("Lists");
    if (context.lists.empty()) page.line("none: nothing was compared");
    std::size_t number = 0;
    for (const ListRecord& list : context.lists) {
        const KnownSetIdentity& set = list.identity;
        page.line(
            fmt::format("{}, {}, version {}: {} records in use of {} read ({})", escape_for_terminal(set.name),
                        to_string(set.polarity), escape_for_terminal(set.version.empty() ? "unknown" : set.version),
                        with_commas(set.records_accepted), with_commas(set.records_read),
                        algorithms_in_words(set.algorithms)),
            fmt::format("  {}. ", ++number));
        if (!set.source_sha256.empty()) page.line("SHA-256 " + escape_for_terminal(set.source_sha256), "     ");
        for (const std::string& warning : list.warnings) page.line(escape_for_terminal(warning), "     Note: ");
    }
}

struct Amount {
    std::uint64_t count = 0, bytes = 0;
};

Amount volumes_in(const ReportContext& context, VolumeState state) {
    Amount sum;
    for (const VolumeRecord& volume : context.volumes) {
        if (volume.state != state) continue;
        ++sum.count;
        sum.bytes = checked_add(sum.bytes, volume.length).value_or(~std::uint64_t{0});
    }
    return sum;
}

void add_not_looked_into(TextPage& page, const ReportContext& context) {
    page.section("Not looked into");
    std::map<std::string, Amount> sums;
    for (const UnopenedCount& count : context.unopened_counts) {
        Amount& sum = sums[count.what];
        sum.count += count.entries;
        sum.bytes = checked_add(sum.bytes, count.bytes).value_or(~std::uint64_t{0});
    }
    for (const auto& [what, sum] : sums)
        page.line(fmt::format("The inside of {} (by name): {}, {}", escape_for_terminal(what), entries(sum.count),
                              human_size(sum.bytes)));
    for (const VolumeState state : {VolumeState::gap, VolumeState::swap, VolumeState::reserved})
        if (const Amount sum = volumes_in(context, state); sum.count > 0)
            page.line(fmt::format("{}: {}, {}",
                                  state == VolumeState::gap    ? "Space outside partitions"
                                  : state == VolumeState::swap ? "Swap partitions"
                                                               : "Reserved partitions",
                                  with_commas(sum.count), human_size(sum.bytes)));
    page.line(fmt::format("Unallocated space inside file systems, with what they keep for themselves: about {}",
                          human_size(unheld_bytes(context))));
}

std::string matches_in_words(const ReportContext& context, const MatchCount& count) {
    std::string words = count.set < context.lists.size()
                            ? escape_for_terminal(context.lists[count.set].identity.name) + " (" +
                                  std::string(to_string(context.lists[count.set].identity.polarity)) + ")"
                            : "an unknown list";
    if (!count.category.empty()) words += ", category " + escape_for_terminal(count.category);
    words += ": " + entries(count.entries) + ", agree " + algorithms_in_words(count.agrees);
    if (!count.differs.empty()) words += ", DIFFER " + algorithms_in_words(count.differs);
    return words;
}

void add_found(TextPage& page, const ReportContext& context) {
    page.section("Found");
    std::map<Severity, std::uint64_t> sums;
    for (const FindingCount& count : context.finding_counts) sums[count.severity] += count.entries;
    page.line(fmt::format("Findings: {} alert, {} notice, {} info", with_commas(sums[Severity::alert]),
                          with_commas(sums[Severity::notice]), with_commas(sums[Severity::info])));
    for (const MatchCount& count : context.match_counts)
        page.line(fmt::format("{}: {}", name_of(context.evidence(count.evidence)), matches_in_words(context, count)),
                  "  - ");
}

void add_volume(TextPage& page, const ReportContext& context, const VolumeRecord& volume) {
    const std::string state(volume.state == VolumeState::gap ? "outside partitions" : to_string(volume.state));
    std::string words = fmt::format("{}: {}, {} at byte {}", escape_for_terminal(volume.name),
                                    volume.fs.empty() ? state : escape_for_terminal(volume.fs),
                                    human_size(volume.length), volume.start);
    if (!volume.fs.empty()) words += ", " + state;
    if (context.show_names && !volume.label.empty()) words += ", label " + escape_for_terminal(volume.label);
    if (!volume.detail.empty()) words += ": " + escape_for_terminal(volume.detail);
    page.line(words, "    ");
}

}  // namespace

std::string not_checked_in_words(const ReportContext& context) {
    Unchecked sum;
    std::uint64_t unopened = 0;
    for (const EvidenceRecord& evidence : context.evidences) {
        const Unchecked one = unchecked_of(context, evidence);
        unopened += one.is_unopened ? 1 : 0;
        sum.entries += one.entries, sum.volumes += one.volumes;
        sum.bytes = checked_add(sum.bytes, one.bytes).value_or(~std::uint64_t{0});
        sum.volume_bytes = checked_add(sum.volume_bytes, one.volume_bytes).value_or(~std::uint64_t{0});
    }
    std::string words;
    if (unopened > 0) words += fmt::format("{} evidence that could not be opened; ", with_commas(unopened));
    if (sum.volumes > 0)
        words += fmt::format("{} {} ({}); ", with_commas(sum.volumes), sum.volumes == 1 ? "volume" : "volumes",
                             human_size(sum.volume_bytes));
    if (sum.entries > 0) words += fmt::format("{} ({}); ", entries(sum.entries), human_size(sum.bytes));
    return words + "what stands under Not looked into";
}

std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    for (const char c : text) columns += columns_at(c);
    return columns;
}

void TextPage::title(std::string_view text) {
    text_ += std::string(text) + "\n" + std::string(columns_of(text), '=') + "\n";
}

void TextPage::section(std::string_view text) { text_ += "\n" + std::string(text) + "\n"; }

void TextPage::line(std::string_view text, std::string_view lead) {
    const std::size_t indent = columns_of(lead), room = columns_ - std::min(columns_ - 1, indent);
    std::string current(lead);
    std::size_t used = 0;
    while (true) {
        const std::string_view word = take_word(text, room);
        if (word.empty()) break;
        const std::size_t needed = columns_of(word) + (used > 0 ? 1 : 0);
        if (used + needed > room) {
            text_ += current + "\n";
            current = std::string(indent, ' ');
            used = 0;
        }
        if (used > 0) current += ' ', ++used;
        current += word;
        used += columns_of(word);
    }
    text_ += current + "\n";
}

void add_verdict_and_scope(TextPage& page, const ReportContext& context) {
    add_verdict(page, context);
    page.section("Scope");
    page.line(fmt::format("Profile: {}; hashes: {}", escape_for_terminal(context.run.profile),
                          algorithms_in_words(context.run.algorithms)));
    if (!context.run.exclusions.empty())
        page.line("Excluded by the configuration: " + escape_for_terminal(context.run.exclusions));
    add_shares(page, shares_of(context));
    add_lists(page, context);
    add_not_looked_into(page, context);
    add_found(page, context);
}

std::string terminal_summary(const ReportContext& context) {
    TextPage page;
    add_verdict_and_scope(page, context);
    if (context.evidences.size() > 1) add_exhibit_table(page, exhibit_lines(context));
    add_next_step(page, context);
    return page.text();
}

void add_evidence(TextPage& page, const ReportContext& context) {
    page.section("Evidence");
    for (std::size_t i = 0; i < context.evidences.size(); ++i) {
        const EvidenceRecord& evidence = context.evidences[i];
        page.line(fmt::format("{}: {}", name_of(evidence), context.evidence_verdicts[i].words()),
                  fmt::format("  {}. ", i + 1));
        add_exhibit_info(page, context, evidence);
        if (evidence.device) page.line(device_in_words(*evidence.device), "    ");
        if (!evidence.is_opened) {
            page.line("not opened", "    ");
            continue;
        }
        page.line(
            fmt::format("{}, media of {} ({} bytes), volume system {}",
                        escape_for_terminal(evidence.description.empty() ? evidence.format : evidence.description),
                        human_size(evidence.media_size), with_commas(evidence.media_size),
                        evidence.volume_system.empty() ? "unknown" : escape_for_terminal(evidence.volume_system)),
            "    ");
        for (const StoredDigest& digest : evidence.digests)
            page.line(fmt::format("stored {} of the media, {}: {}", escape_for_terminal(digest.algorithm),
                                  in_words(evidence.check.result), escape_for_terminal(digest.hex)),
                      "    ");
        if (evidence.check.result != MediaResult::verified)
            for (const StoredDigest& digest : evidence.check.computed)
                page.line(fmt::format("{} of the media, computed in this run: {}", digest.algorithm, digest.hex),
                          "    ");
        if (!evidence.check.detail.empty()) page.line("media: " + evidence.check.detail, "    ");
        const Shares shares = shares_of(context, evidence.id);
        page.line(fmt::format("hashed {} of {}, {} of {}", with_commas(shares.hashed_entries), entries(shares.entries),
                              human_size(shares.hashed_bytes), human_size(shares.bytes)),
                  "    ");
        for (const VolumeRecord& volume : context.volumes)
            if (volume.evidence == evidence.id) add_volume(page, context, volume);
    }
}

void add_next_step(TextPage& page, const ReportContext& context) {
    const std::vector<std::string> steps = next_steps_after(context.verdict, context.run.next_steps);
    if (steps.empty() && !context.verdict.is_interrupted) return;
    page.section("Next step");
    for (const std::string& step : steps) page.line(escape_for_terminal(step));
    const bool has_code = !context.options.exec.command.empty() || !context.options.plugin.paths.empty();
    if (context.verdict.is_interrupted)
        page.line(std::string("Go on with the scan: triage scan --resume CASE") +
                  (has_code ? " --config CASE/config.yaml" : ""));
}

void add_where_to_look(TextPage& page, const ReportContext& context) {
    page.section("Where to look");
    const bool has_entries = context.options.jsonl.entries;
    page.line(fmt::format("Every finding stands in findings.jsonl beside this report{}.",
                          has_entries ? ", every entry in entries.jsonl" : ""));
    if (context.verdict.is_complete) return;
    page.line(fmt::format("What the answer does not cover: problems.jsonl, and the entries without a hash in {}.",
                          has_entries ? "entries.jsonl" : "case.sqlite"));
}

std::string name_of(const EvidenceRecord& evidence) {
    if (evidence.exhibit.empty()) return escape_for_terminal(evidence.name);
    return fmt::format("exhibit {} ({})", escape_for_terminal(evidence.exhibit), escape_for_terminal(evidence.name));
}

std::string share_in_words(std::uint64_t part, std::uint64_t whole) {
    if (whole == 0) return "of nothing";  // a share of nothing must not read as "all of it"
    if (part >= whole) return "100.0 %";
    const double tenths = 1000.0 * static_cast<double>(part) / static_cast<double>(whole);
    const auto rounded_down = std::min<std::uint64_t>(999, static_cast<std::uint64_t>(tenths));
    return fmt::format("{}.{} %", rounded_down / 10, rounded_down % 10);
}

}  // namespace triage
