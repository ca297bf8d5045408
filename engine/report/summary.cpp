// SPDX-License-Identifier: Apache-2.0
#include "engine/report/summary.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <tuple>

#include "engine/base/text.h"
#include "engine/report/case_page.h"
#include "engine/report/redact.h"

namespace triage {
namespace {

using json = nlohmann::ordered_json;
using Filter = std::optional<std::uint32_t>;
bool is_wanted(Filter filter, std::uint32_t evidence) { return !filter || *filter == evidence; }

void add(std::uint64_t& sum, std::uint64_t value) { sum = checked_add(sum, value).value_or(~std::uint64_t{0}); }

json algorithms_json(AlgorithmSet algorithms) {
    json words = json::array();
    for (const Algorithm algorithm : all_algorithms)
        if (algorithms.has(algorithm)) words.push_back(to_string(algorithm));
    return words;
}

json verdict_json(const Verdict& verdict) {
    return {{"verdict", verdict.words()},
            {"complete", verdict.is_complete},
            {"interrupted", verdict.is_interrupted},
            {"compared", verdict.is_compared},
            {"exit_code", verdict.exit_code()}};
}

// Counts with the same key but of several evidences become one.
json matches_json(const ReportContext& context, Filter filter) {
    std::map<std::tuple<std::uint32_t, std::string, std::uint8_t, std::uint8_t>, std::uint64_t> sums;
    for (const MatchCount& count : context.match_counts)
        if (is_wanted(filter, count.evidence))
            sums[{count.set, count.category, count.agrees.bits(), count.differs.bits()}] += count.entries;
    json rows = json::array();
    for (const auto& [key, entries] : sums) {
        const auto& [set, category, agrees, differs] = key;
        json row;
        if (set < context.lists.size()) {
            row["set"] = context.lists[set].identity.name;
            row["polarity"] = to_string(context.lists[set].identity.polarity);
        }
        if (!category.empty()) row["category"] = category;
        row["agrees"] = algorithms_json(AlgorithmSet::from_bits(agrees));
        row["differs"] = algorithms_json(AlgorithmSet::from_bits(differs));
        row["entries"] = entries;
        rows.push_back(std::move(row));
    }
    return rows;
}

json findings_json(const ReportContext& context, Filter filter) {
    std::map<Severity, std::uint64_t> sums{{Severity::alert, 0}, {Severity::notice, 0}, {Severity::info, 0}};
    for (const FindingCount& count : context.finding_counts)
        if (is_wanted(filter, count.evidence)) sums[count.severity] += count.entries;
    json counts = json::object();
    for (const Severity severity : {Severity::alert, Severity::notice, Severity::info})
        counts[std::string(to_string(severity))] = sums[severity];
    return counts;
}

json ledger_json(const ReportContext& context, Filter filter) {
    struct Sums {
        std::uint64_t entries = 0, bytes = 0, missing = 0;
    };
    std::map<std::tuple<Status, Reason, EntryState>, Sums> sums;
    for (const LedgerRow& row : context.ledger) {
        if (!is_wanted(filter, row.evidence)) continue;
        Sums& sum = sums[{row.status, row.reason, row.state}];
        sum.entries += row.entries;
        add(sum.bytes, row.bytes);
        add(sum.missing, row.missing_bytes);
    }
    json rows = json::array();
    for (const auto& [key, sum] : sums) {
        const auto& [status, reason, state] = key;
        json row{{"status", to_string(status)}};
        if (reason != Reason::none) row["reason"] = to_string(reason);
        row["state"] = to_string(state);
        row["entries"] = sum.entries;
        row["bytes"] = sum.bytes;
        row["missing_bytes"] = sum.missing;
        rows.push_back(std::move(row));
    }
    return rows;
}

json volumes_json(const ReportContext& context, Filter filter) {
    json rows = json::array();
    for (const VolumeRecord& volume : context.volumes) {
        if (!is_wanted(filter, volume.evidence)) continue;
        json row{{"evidence", context.evidence(volume.evidence).name}, {"volume", volume.name}};
        row["start"] = volume.start;
        row["length"] = volume.length;
        if (!volume.fs.empty()) row["fs"] = volume.fs;
        row["state"] = to_string(volume.state);
        if (!volume.detail.empty()) row["detail"] = volume.detail;
        row["directories"] = volume.counts.directories;
        row["links"] = volume.counts.links;
        row["others"] = volume.counts.others;
        rows.push_back(std::move(row));
    }
    return rows;
}

json lists_json(const ReportContext& context) {
    json rows = json::array();
    for (const ListRecord& list : context.lists) {
        const KnownSetIdentity& set = list.identity;
        rows.push_back({{"name", set.name},
                        {"version", set.version},
                        {"format", set.format},
                        {"polarity", to_string(set.polarity)},
                        {"sha256", set.source_sha256},
                        {"algorithms", algorithms_json(set.algorithms)},
                        {"records_read", set.records_read},
                        {"records_accepted", set.records_accepted},
                        {"records_duplicate", set.records_duplicate},
                        {"records_rejected", set.records_rejected},
                        {"records_trivial", set.records_trivial},
                        {"warnings", list.warnings}});
    }
    return rows;
}

json share(std::uint64_t entries, std::uint64_t bytes) { return {{"entries", entries}, {"bytes", bytes}}; }

json not_looked_into_json(const ReportContext& context, Filter filter) {
    std::map<std::string, Shares> sums;
    for (const UnopenedCount& count : context.unopened_counts) {
        if (!is_wanted(filter, count.evidence)) continue;
        sums[count.what].entries += count.entries;
        add(sums[count.what].bytes, count.bytes);
    }
    json rows = json::object();
    for (const auto& [what, sum] : sums) rows[what] = share(sum.entries, sum.bytes);
    for (const VolumeState state : {VolumeState::gap, VolumeState::swap, VolumeState::reserved}) {
        std::uint64_t count = 0, bytes = 0;
        for (const VolumeRecord& volume : context.volumes)
            if (is_wanted(filter, volume.evidence) && volume.state == state) ++count, add(bytes, volume.length);
        if (count > 0) rows[std::string(to_string(state))] = {{"volumes", count}, {"bytes", bytes}};
    }
    rows["unallocated"] = {{"bytes", unheld_bytes(context, filter)}};
    return rows;
}

json scope_json(const ReportContext& context, Filter filter) {
    const Shares shares = shares_of(context, filter);
    return {{"profile", context.run.profile},
            {"configuration_sha256", context.run.configuration_sha256},
            {"algorithms", algorithms_json(context.run.algorithms)},
            {"exclusions", context.run.exclusions},
            {"all", share(shares.entries, shares.bytes)},
            {"hashed", share(shares.hashed_entries, shares.hashed_bytes)},
            {"excluded_by_size", share(shares.size_entries, shares.size_bytes)},
            {"skipped_by_rule", share(shares.rule_entries, shares.rule_bytes)},
            {"unrecoverable", share(shares.unrecoverable_entries, shares.unrecoverable_bytes)},
            {"not_hashed", share(shares.other_entries, shares.other_bytes)},
            {"missing_bytes", shares.missing_bytes},
            {"not_looked_into", not_looked_into_json(context, filter)}};
}

json part_json(const ReportContext& context, const Verdict& verdict, Filter filter) {
    json part = verdict_json(verdict);
    part["scope"] = scope_json(context, filter);
    part["findings"] = findings_json(context, filter);
    part["matches"] = matches_json(context, filter);
    part["ledger"] = ledger_json(context, filter);
    part["volumes"] = volumes_json(context, filter);
    return part;
}

json device_json(const BlockDevice& device) {
    json part{{"name", to_valid_utf8(device.name)}, {"size", device.size}};
    if (!device.model.empty()) part["model"] = to_valid_utf8(device.model);
    if (!device.serial.empty()) part["serial"] = to_valid_utf8(device.serial);
    part["kernel_read_only"] = device.is_read_only;
    part["set_read_only"] = device.was_set_read_only;
    if (!device.use.empty()) part["in_use"] = to_valid_utf8(device.use);
    return part;
}

json case_info_json(const ReportContext& context, Filter evidence) {
    json part = json::object();
    for (const CaseInfoValue& value : context.case_info)
        if (value.evidence == evidence) part[value.key] = to_valid_utf8(value.value);
    part["not_recorded"] = not_recorded(context, evidence);
    return part;
}

json evidence_json(const ReportContext& context, const EvidenceRecord& evidence, const Verdict& verdict) {
    json part = json::object();
    if (!evidence.exhibit.empty()) part["exhibit"] = evidence.exhibit;
    part["evidence"] = evidence.name;
    part["opened"] = evidence.is_opened;
    part["format"] = evidence.format;
    part["media_size"] = evidence.media_size;
    part["volume_system"] = evidence.volume_system;
    part["case_info"] = case_info_json(context, evidence.id);
    if (evidence.device) part["device"] = device_json(*evidence.device);
    json digests = json::object(), acquisition = json::object();
    for (const StoredDigest& digest : evidence.digests) digests[digest.algorithm] = digest.hex;
    for (const HeaderValue& value : evidence.header) acquisition[value.name] = to_valid_utf8(value.value);
    if (!digests.empty()) part["stored_digests"] = digests;
    json check{{"result", to_string(evidence.check.result)}}, computed = json::object();
    for (const StoredDigest& digest : evidence.check.computed) computed[digest.algorithm] = digest.hex;
    if (!evidence.check.detail.empty()) check["detail"] = evidence.check.detail;
    if (!computed.empty()) check["computed_digests"] = computed;
    part["media_check"] = check;
    if (!acquisition.empty()) part["acquisition"] = acquisition;
    part.update(part_json(context, verdict, evidence.id));
    return part;
}

}  // namespace

std::vector<std::string> cautions(const ReportContext& context, std::optional<std::uint32_t> wanted) {
    std::vector<std::string> sentences;
    if (!context.run_facts.empty()) sentences.push_back(context.run_facts);
    for (const auto& [evidence, sentence] : context.integrity)
        if (is_wanted(wanted, evidence)) sentences.push_back("INTEGRITY: " + escape_for_terminal(sentence));
    for (const EvidenceRecord& evidence : context.evidences)
        if (is_wanted(wanted, evidence.id) && evidence.device && !evidence.device->use.empty())
            sentences.push_back(fmt::format("{} was in use while it was read, and may have changed: {}",
                                            escape_for_terminal(evidence.known_as()),
                                            escape_for_terminal(evidence.device->use)));
    if (const std::uint32_t times = context.run.resumed; times > 0 && !wanted)  // of the run, not of an evidence
        sentences.push_back(fmt::format("the scan was interrupted and resumed {}",
                                        times == 1 ? std::string("once") : fmt::format("{} times", times)));
    if (context.run.forgets_names && context.run.is_interrupted)
        sentences.push_back("all names are kept until the scan is resumed and ends (store.keep_names)");
    if (context.run.names_forgotten)
        sentences.push_back("names were not kept, except of entries with a finding or a problem (store.keep_names)");
    return sentences;
}

std::string device_in_words(const BlockDevice& device) {
    std::string words = device.model.empty() ? "a device that names no model" : escape_for_terminal(device.model);
    words += device.serial.empty() ? ", no serial number" : ", serial " + escape_for_terminal(device.serial);
    words += device.was_set_read_only ? ", the kernel's read-only flag set by this program"
             : device.is_read_only    ? ", the kernel's read-only flag set"
                                      : ", the kernel's read-only flag not set";
    return words;
}

Shares shares_of(const ReportContext& context, std::optional<std::uint32_t> evidence) {
    Shares shares;
    const auto count = [](std::uint64_t& entries, std::uint64_t& bytes, const LedgerRow& row) {
        entries += row.entries;
        add(bytes, row.bytes);
    };
    for (const LedgerRow& row : context.ledger) {
        if (!is_wanted(evidence, row.evidence)) continue;
        count(shares.entries, shares.bytes, row);
        add(shares.missing_bytes, row.missing_bytes);
        if (row.status == Status::hashed) count(shares.hashed_entries, shares.hashed_bytes, row);
        else if (row.reason == Reason::size) count(shares.size_entries, shares.size_bytes, row);
        else if (row.reason == Reason::rule) count(shares.rule_entries, shares.rule_bytes, row);
        else if (row.reason == Reason::unrecoverable)
            count(shares.unrecoverable_entries, shares.unrecoverable_bytes, row);
        else count(shares.other_entries, shares.other_bytes, row);
    }
    return shares;
}

std::uint64_t unheld_bytes(const ReportContext& context, std::optional<std::uint32_t> evidence) {
    using Place = std::tuple<std::uint32_t, std::uint64_t, std::uint64_t>;  // evidence, start, length
    std::map<Place, std::uint64_t> held;                                    // volumes of one pool share their place
    for (const VolumeRecord& v : context.volumes)
        if (is_wanted(evidence, v.evidence) && (v.state == VolumeState::walked || v.state == VolumeState::partial))
            add(held[{v.evidence, v.start, v.length}], v.held_bytes);
    std::uint64_t sum = 0;
    for (const auto& [place, bytes] : held) add(sum, std::get<2>(place) - std::min(std::get<2>(place), bytes));
    return sum;
}

std::string summary_json(const ReportContext& context) {
    json summary{{"format", "triage-summary"}, {"version", 1}};
    if (context.options.redact.any()) summary["disclosure_copy_without"] = words_of(context.options.redact);
    summary["tool"] = {{"version", context.run.tool_version},
                       {"build_id", context.run.build_id},
                       {"libraries", context.run.libraries},
                       {"hash_engine", context.run.hash_engine}};
    summary["times"] = {{"started", context.run.started_utc}, {"ended", context.run.ended_utc}};
    summary["case_info"] = case_info_json(context, {});
    summary["host"] = context.run.host;
    summary["user"] = context.run.user;
    summary["threads"] = context.run.threads;
    if (!context.run.earlier_threads.empty()) summary["earlier_threads"] = context.run.earlier_threads;
    summary["sandbox"] = context.run.sandbox;
    summary["resumed"] = context.run.resumed;
    summary.update(part_json(context, context.verdict, {}));
    summary["incomplete_because"] = context.incompleteness;
    if (const auto sentences = cautions(context); !sentences.empty()) summary["cautions"] = sentences;
    summary["lists"] = lists_json(context);
    json exhibits = json::array();
    for (std::size_t i = 0; i < context.evidences.size(); ++i)
        exhibits.push_back(evidence_json(context, context.evidences[i], context.evidence_verdicts[i]));
    summary["exhibits"] = std::move(exhibits);
    // ASCII only: no control or bidirectional character of a label reaches a terminal that shows the file.
    return summary.dump(2, ' ', true, json::error_handler_t::replace) + "\n";
}

}  // namespace triage
