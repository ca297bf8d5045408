// SPDX-License-Identifier: Apache-2.0
#include "engine/case/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/base/text.h"
#include "engine/case/ledger.h"

namespace triage {
namespace {

using Filter = std::optional<std::uint32_t>;
bool is_wanted(Filter filter, std::uint32_t evidence) { return !filter || *filter == evidence; }

std::string plural(std::uint64_t count, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", with_commas(count), count == 1 ? one : many);
}

// A sentence and how much it weighs: sentences are told with the most entries first.
struct Cause {
    std::uint64_t entries;
    std::string sentence;
};

void add_entry_causes(const Store& store, Filter filter, std::vector<Cause>& causes) {
    struct Sums {
        std::uint64_t entries = 0, missing = 0;
    };
    std::map<std::pair<Status, Reason>, Sums> sums;
    for (const LedgerRow& row : store.ledger()) {
        if (!is_wanted(filter, row.evidence) || !forbids_exit_zero(row)) continue;
        Sums& sum = sums[{row.status, row.reason}];
        sum.entries += row.entries;
        sum.missing = checked_add(sum.missing, row.missing_bytes).value_or(~std::uint64_t{0});
    }
    for (const auto& [key, sum] : sums)
        causes.push_back(
            {sum.entries,
             fmt::format("{} {}: {} ({} missing)", plural(sum.entries, "entry", "entries"), to_string(key.first),
                         reason_table().at(static_cast<std::size_t>(key.second)).meaning, human_size(sum.missing))});
}

void add_volume_causes(const Store& store, Filter filter, std::vector<Cause>& causes) {
    std::map<std::uint32_t, std::string> known_as;
    for (const EvidenceRecord& evidence : store.evidences()) known_as[evidence.id] = evidence.known_as();
    for (const VolumeRecord& volume : store.volumes()) {
        if (!is_wanted(filter, volume.evidence) || !forbids_exit_zero(volume.state)) continue;
        const auto& row = volume_state_table().at(static_cast<std::size_t>(volume.state));
        causes.push_back({0, fmt::format("volume {} of {} ({}) {}: {}", escape_for_terminal(volume.name),
                                         escape_for_terminal(known_as[volume.evidence]), human_size(volume.length),
                                         to_string(volume.state), row.meaning)});
    }
}

void add_problem_causes(const Store& store, Filter filter, std::vector<Cause>& causes) {
    std::map<ProblemKind, std::uint64_t> counts;
    store.for_each_problem([&](const ProblemRecord& record) {
        if (is_wanted(filter, record.evidence) && forbids_exit_zero(record.problem)) ++counts[record.problem.kind];
    });
    for (const auto& [kind, count] : counts)
        causes.push_back({0, fmt::format("{} {}: {}", plural(count, "problem", "problems"), to_string(kind),
                                         problem_kind_table().at(static_cast<std::size_t>(kind)).meaning)});
}

void add_evidence_causes(const Store& store, Filter filter, std::vector<Cause>& causes) {
    for (const EvidenceRecord& evidence : store.evidences())
        if (is_wanted(filter, evidence.id) && !evidence.is_opened)
            causes.push_back({0, escape_for_terminal(evidence.known_as()) + " was not opened"});
}

bool has_notable_list(const Store& store) {
    const std::vector<ListRecord> lists = store.lists();
    return std::any_of(lists.begin(), lists.end(),
                       [](const ListRecord& list) { return list.identity.polarity == Polarity::notable; });
}

bool has_notable_match(const Store& store, Filter filter) {
    const std::vector<ListRecord> lists = store.lists();
    for (const MatchCount& count : store.match_counts())
        if (is_wanted(filter, count.evidence) && count.set < lists.size() &&
            lists[count.set].identity.polarity == Polarity::notable)
            return true;
    return false;
}

bool has_alert(const Store& store, Filter filter) {
    for (const FindingCount& count : store.finding_counts())
        if (is_wanted(filter, count.evidence) && count.severity == Severity::alert) return true;
    return false;
}

}  // namespace

std::string Verdict::words() const {
    std::string words = has_match ? "MATCH" : has_alert ? "ALERT" : "";
    const auto join = [&](std::string_view word) { words += (words.empty() ? "" : ", ") + std::string(word); };
    if (!is_compared) join("NOT COMPARED");
    if (words.empty()) join("NO MATCH IN WHAT WAS CHECKED");
    if (!is_complete || is_interrupted) join("INCOMPLETE");
    return words;
}

int Verdict::exit_code() const {
    if (has_alert) return 1;
    if (is_interrupted) return 4;
    return is_complete && is_compared ? 0 : 3;
}

Verdict verdict_of(const Store& store, std::optional<std::uint32_t> evidence) {
    Verdict verdict;
    verdict.has_match = has_notable_match(store, evidence);
    verdict.has_alert = has_alert(store, evidence);
    verdict.is_compared = has_notable_list(store);
    const RunRecord run = store.run();
    verdict.is_interrupted = run.is_interrupted;
    // Nobody knows any more of which evidence it was, where there are several.
    const bool is_asked_of_all = !evidence || store.evidences().size() == 1;
    if (run.is_interrupted && run.found_before && is_asked_of_all) verdict.has_match = verdict.has_alert = true;
    verdict.is_complete = !verdict.is_interrupted && incompleteness(store, evidence).empty();
    return verdict;
}

std::vector<std::string> next_steps_after(const Verdict& verdict, const NextSteps& steps) {
    std::vector<std::string> texts;
    if (verdict.has_match) texts.push_back(steps.match);
    else if (verdict.has_alert) texts.push_back(steps.alert);
    if (!verdict.is_compared) texts.push_back(steps.not_compared);
    if (!verdict.is_complete || verdict.is_interrupted) texts.push_back(steps.incomplete);
    if (texts.empty()) texts.push_back(steps.no_match);
    std::erase(texts, "");
    return texts;
}

std::vector<std::string> incompleteness(const Store& store, std::optional<std::uint32_t> evidence) {
    std::vector<Cause> causes;
    add_entry_causes(store, evidence, causes);
    add_volume_causes(store, evidence, causes);
    add_problem_causes(store, evidence, causes);
    add_evidence_causes(store, evidence, causes);
    std::stable_sort(causes.begin(), causes.end(),
                     [](const Cause& a, const Cause& b) { return a.entries > b.entries; });
    std::vector<std::string> sentences;
    const RunRecord run = store.run();
    if (run.is_interrupted)
        sentences.push_back(run.interruption.empty() ? "the scan was interrupted"
                                                     : "the scan was interrupted: " + run.interruption);
    for (Cause& cause : causes) sentences.push_back(std::move(cause.sentence));
    return sentences;
}

}  // namespace triage
