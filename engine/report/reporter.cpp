// SPDX-License-Identifier: Apache-2.0
#include "engine/report/reporter.h"

#include <algorithm>
#include <functional>

#include "engine/base/error.h"
#include "engine/case/private_file.h"
#include "engine/report/summary.h"

namespace triage {
namespace {

// One report in the making. The first failure ends it; the others go on.
class Replay {
  public:
    explicit Replay(const ReporterKind& kind) : outcome_{std::string(kind.name), {}} {
        attempt([&] { reporter_ = kind.make(); });
    }

    template <class Step>
    void attempt(Step step) {
        if (!outcome_.failure.empty()) return;
        try {
            step();
        } catch (const std::exception& error) {
            outcome_.failure = error.what();
        }
    }
    Reporter& reporter() { return *reporter_; }
    const ReportOutcome& outcome() const { return outcome_; }

  private:
    ReportOutcome outcome_;
    std::unique_ptr<Reporter> reporter_;
};

void tell_all(std::vector<Replay>& replays, const std::function<void(Reporter&)>& event) {
    for (Replay& replay : replays) replay.attempt([&] { event(replay.reporter()); });
}

ReportOutcome write_summary(const ReportContext& context, const std::string& folder) {
    ReportOutcome outcome{"summary", {}};
    try {
        write_private_file(folder + "/summary.json", summary_json(context));
    } catch (const std::exception& error) {
        outcome.failure = error.what();
    }
    return outcome;
}

}  // namespace

const VolumeRecord& ReportContext::volume(std::uint32_t id) const {
    if (id < volumes.size() && volumes[id].id == id) return volumes[id];
    const auto found = std::find_if(volumes.begin(), volumes.end(), [&](const auto& v) { return v.id == id; });
    if (found == volumes.end()) throw Error("the store", "damaged: it names a volume that it does not hold");
    return *found;
}

const EvidenceRecord& ReportContext::evidence(std::uint32_t id) const {
    if (id < evidences.size() && evidences[id].id == id) return evidences[id];
    const auto found = std::find_if(evidences.begin(), evidences.end(), [&](const auto& e) { return e.id == id; });
    if (found == evidences.end()) throw Error("the store", "damaged: it names an evidence that it does not hold");
    return *found;
}

ReportContext make_context(const Store& store, bool show_names) {
    ReportContext context;
    context.run = store.run();
    context.lists = store.lists();
    context.evidences = store.evidences();
    context.volumes = store.volumes();
    context.ledger = store.ledger();
    context.match_counts = store.match_counts();
    context.finding_counts = store.finding_counts();
    context.unopened_counts = store.unopened_counts();
    context.verdict = verdict_of(store);
    for (const EvidenceRecord& evidence : context.evidences)
        context.evidence_verdicts.push_back(verdict_of(store, evidence.id));
    context.incompleteness = incompleteness(store);
    context.show_names = show_names;
    return context;
}

std::vector<ReportOutcome> render(const Store& store, const std::vector<const ReporterKind*>& kinds,
                                  const std::string& folder, bool show_names) {
    make_private_folder(folder);
    const ReportContext context = make_context(store, show_names);
    std::vector<Replay> replays;
    for (const ReporterKind* kind : kinds) replays.emplace_back(*kind);
    tell_all(replays, [&](Reporter& reporter) { reporter.begin(context, folder); });
    if (!replays.empty()) {
        store.for_each_entry([&](const EntryRecord& e) { tell_all(replays, [&](Reporter& r) { r.entry(e); }); });
        store.for_each_finding([&](const EntryRecord& f) { tell_all(replays, [&](Reporter& r) { r.finding(f); }); });
        store.for_each_problem([&](const ProblemRecord& p) { tell_all(replays, [&](Reporter& r) { r.problem(p); }); });
    }
    tell_all(replays, [](Reporter& reporter) { reporter.end(); });
    std::vector<ReportOutcome> outcomes;
    for (const Replay& replay : replays) outcomes.push_back(replay.outcome());
    outcomes.push_back(write_summary(context, folder));
    sync_folder(folder);
    return outcomes;
}

}  // namespace triage
