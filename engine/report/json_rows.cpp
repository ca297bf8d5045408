// SPDX-License-Identifier: Apache-2.0
#include "engine/report/json_rows.h"

#include <fmt/format.h>

#include <iterator>

#include "engine/base/text.h"
#include "engine/report/redact.h"

namespace triage {
namespace {

// Plain appends: format strings cost a third of the time here. Keys and words of ours need no escape.
void append_key(std::string& out, std::string_view key) {
    out += '"';
    out += key;
    out += "\":";
}
void append_word(std::string& out, std::string_view key, std::string_view word) {
    append_key(out, key);
    out += '"';
    out += word;
    out += "\",";
}
void append_text(std::string& out, std::string_view key, std::string_view text) {
    if (text.empty()) return;
    append_key(out, key);
    append_json_string(out, text);
    out += ',';
}
void append_decimal(std::string& out, std::uint64_t number) {
    const fmt::format_int digits(number);
    out.append(digits.data(), digits.size());
}
void append_number(std::string& out, std::string_view key, std::uint64_t number) {
    append_key(out, key);
    append_decimal(out, number);
    out += ',';
}
void append_address(std::string& out, std::uint64_t address) {
    out += R"("address":")";
    append_decimal(out, address);
    out += "\",";
}

// A comma stands after every value; the closing bracket takes the place of the last one.
void close(std::string& out, char bracket) {
    if (out.back() == ',') out.back() = bracket;
    else out += bracket;
}

void append_time(std::string& out, std::string_view key, const std::optional<Timestamp>& time, TimeForm form) {
    if (!time) return;
    const std::size_t start = out.size();
    append_key(out, key);
    out += '"';
    const std::size_t first = out.size();
    append_time(out, *time, form);
    if (out.size() == first) return out.resize(start);  // a year that RFC 3339 cannot show
    out += "\",";
}

void append_times(std::string& out, const Times& times, const VolumeRecord& volume) {
    const std::size_t start = out.size();
    out += R"("times":{)";
    const std::size_t first = out.size();
    append_time(out, "modified", times.modified, volume.modified);
    append_time(out, "accessed", times.accessed, volume.accessed);
    append_time(out, "changed", times.changed, volume.changed);
    append_time(out, "created", times.created, volume.created);
    if (out.size() == first) return out.resize(start);
    close(out, '}');
    out += ',';
}

void append_hashes(std::string& out, const Digests& digests) {
    if (digests.algorithms().empty()) return;
    out += R"("hashes":{)";
    for (const Algorithm algorithm : all_algorithms)
        if (const auto& digest = digests.get(algorithm)) {
            append_key(out, to_string(algorithm));
            append_hex(out += '"', digest->view());
            out += "\",";
        }
    close(out, '}');
    out += ',';
}

void append_algorithms(std::string& out, std::string_view key, AlgorithmSet algorithms) {
    append_key(out, key);
    out += '[';
    for (const Algorithm algorithm : all_algorithms)
        if (algorithms.has(algorithm)) out += fmt::format("\"{}\",", to_string(algorithm));
    close(out, ']');
    out += ',';
}

// Offsets are numbers, as the contract says: a hole stands nowhere on the media and is left out.
void append_extents(std::string& out, const std::vector<Extent>& extents) {
    if (stored_bytes(extents) == 0) return;
    out += R"("extents":[)";
    for (const Extent& extent : extents)
        if (extent.media_offset != Extent::hole)
            fmt::format_to(std::back_inserter(out), "[{},{}],", extent.media_offset, extent.length);
    close(out, ']');
    out += ',';
}

// What the list says of the record: words, absent when it says nothing.
void append_flags(std::string& out, RecordFlags flags) {
    if (flags.bits() == 0) return;
    out += R"("flags":[)";
    for (const auto& [flag, word] : record_flag_words)
        if (flags.has(flag)) fmt::format_to(std::back_inserter(out), R"("{}",)", word);
    out.back() = ']';
    out += ',';
}

}  // namespace

std::string raw_name_of(const Entry& entry) {
    if (!needs_raw_name(entry.path) && !needs_raw_name(entry.stream)) return {};
    return entry.stream.empty() ? entry.path : entry.path + ":" + entry.stream;
}

JsonRows::JsonRows(const ReportContext& context) : context_(context) {
    if (context.options.redact.any())
        mark_ =
            fmt::format(R"("disclosure_copy_without":["{}"],)", fmt::join(words_of(context.options.redact), R"(",")"));
    for (const VolumeRecord& volume : context_.volumes) {
        std::string& place = places_[volume.id];
        const EvidenceRecord& evidence = context_.evidence(volume.evidence);
        append_text(place, "exhibit", evidence.exhibit);
        append_text(place, "evidence", evidence.name);
        append_text(place, "volume", volume.name);
        append_text(place, "fs", volume.fs);
    }
}

void JsonRows::end_row(std::string& out) const {
    out += mark_;
    close(out, '}');
    out += '\n';
}

void JsonRows::append_entry_keys(std::string& out, const EntryRecord& record) const {
    const Entry& entry = record.entry;
    const Examined& examined = record.examined;
    const VolumeRecord& volume = context_.volume(record.volume);
    out += places_.at(volume.id);
    append_text(out, "path", entry.path);
    append_address(out, entry.address);
    append_text(out, "stream", entry.stream);
    append_word(out, "kind", to_string(entry.kind));
    append_word(out, "state", to_string(entry.state));
    if (entry.placement != Placement::recorded) append_word(out, "placement", to_string(entry.placement));
    append_number(out, "size", entry.size);
    append_times(out, entry.times, volume);
    if (!examined.type.empty()) append_word(out, "type", examined.type);
    append_text(out, "type_by_libmagic", examined.libmagic_type);
    append_word(out, "status", to_string(examined.status));
    if (examined.reason != Reason::none) append_word(out, "reason", to_string(examined.reason));
    if (examined.missing_bytes > 0) append_number(out, "missing_bytes", examined.missing_bytes);
    append_hashes(out, examined.digests);
    if (const std::string raw = raw_name_of(entry); !raw.empty())
        append_word(out, "raw_name", to_base64(as_bytes(raw)));
}

void JsonRows::append_entry(std::string& out, const EntryRecord& record) const {
    out += '{';
    append_entry_keys(out, record);
    end_row(out);
}

void JsonRows::append_match(std::string& out, const Match& match) const {
    out += '{';
    if (match.set < context_.lists.size()) {
        const KnownSetIdentity& set = context_.lists[match.set].identity;
        append_text(out, "set", set.name);
        append_text(out, "version", set.version);
        append_text(out, "set_digest", set.source_sha256);
        append_word(out, "polarity", to_string(set.polarity));
    }
    append_text(out, "category", match.category);
    append_text(out, "label", match.label);
    append_number(out, "record", match.record);
    append_algorithms(out, "agrees", match.agrees);
    append_algorithms(out, "differs", match.differs);
    if (match.size_agrees) fmt::format_to(std::back_inserter(out), R"("size_agrees":{},)", *match.size_agrees);
    // Beside the contract's keys, behind them: whose categories these are, which list of several, what it says more.
    append_text(out, "category_set", match.category_set);
    if (match.source > 0) append_number(out, "source", match.source);
    append_flags(out, match.flags);
    close(out, '}');
    out += ',';
}

void JsonRows::append_matches(std::string& out, const std::vector<Match>& matches) const {
    out += '[';
    for (const Match& match : matches) append_match(out, match);
    close(out, ']');
}

void JsonRows::append_finding(std::string& out, const EntryRecord& record) const {
    out += '{';
    append_entry_keys(out, record);
    append_extents(out, record.extents);
    const Finding finding = record.finding.value_or(Finding{});
    append_word(out, "severity", to_string(finding.severity));
    out += R"("rules":[)";
    for (const std::string& rule : finding.rules) out += to_json_string(rule) + ",";
    close(out, ']');
    out += R"(,"matches":)";
    append_matches(out, record.examined.matches);
    out += ',';
    end_row(out);
}

void JsonRows::append_problem(std::string& out, const ProblemRecord& record) const {
    const EvidenceRecord& evidence = context_.evidence(record.evidence);
    const Problem& problem = record.problem;
    out += '{';
    append_text(out, "exhibit", evidence.exhibit);
    append_text(out, "evidence", evidence.name);
    if (record.volume) append_text(out, "volume", context_.volume(*record.volume).name);
    append_text(out, "path", problem.path);
    if (problem.address) append_address(out, *problem.address);
    append_word(out, "what", to_string(problem.kind));
    append_text(out, "detail", problem.detail);
    if (problem.first_sector) append_number(out, "first_sector", *problem.first_sector);
    if (problem.sectors) append_number(out, "sectors", *problem.sectors);
    end_row(out);
}

}  // namespace triage
