// SPDX-License-Identifier: Apache-2.0
#include "engine/report/reporter.h"

#include <algorithm>
#include <functional>

#include "engine/base/error.h"
#include "engine/base/in_order.h"
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
    bool has_failed() const { return !outcome_.failure.empty(); }
    const ReportOutcome& outcome() const { return outcome_; }

  private:
    ReportOutcome outcome_;
    std::unique_ptr<Reporter> reporter_;
};

void tell_all(std::vector<Replay>& replays, const std::function<void(Reporter&)>& event) {
    for (Replay& replay : replays) replay.attempt([&] { event(replay.reporter()); });
}

// The text of neighbouring entries for one report, or why there is none.
struct EntryText {
    std::string text;
    std::exception_ptr failure;

    void clear() {
        text.clear();
        failure = nullptr;
    }
    void append(const Reporter& reporter, const EntryRecord& record) {
        if (failure) return;
        try {
            reporter.append_entry(text, record);
        } catch (const std::exception&) {
            failure = std::current_exception();
        }
    }
    const std::string& whole() const {
        if (failure) std::rethrow_exception(failure);
        return text;
    }
};

// So many entries are a piece of work: a few milliseconds, half a mebibyte of text.
constexpr std::uint64_t entries_a_piece = 1024;

// Each thread reads the store by a connection of its own.
void tell_entries(const Store& store, std::vector<Replay>& all, std::uint32_t threads) {
    std::vector<Replay*> replays;
    for (Replay& replay : all)
        if (!replay.has_failed()) replays.push_back(&replay);
    const auto start = [&] {
        return [&replays, reader = store.another_reader(),
                texts = std::vector<EntryText>(replays.size())](std::uint64_t piece) mutable {
            for (EntryText& text : texts) text.clear();
            reader.for_each_entry(piece * entries_a_piece, entries_a_piece, [&](const EntryRecord& record) {
                for (std::size_t i = 0; i < replays.size(); ++i) texts[i].append(replays[i]->reporter(), record);
            });
            return &texts;  // taken before the next piece is made
        };
    };
    const auto take = [&](const std::vector<EntryText>* texts) {
        for (std::size_t i = 0; i < replays.size(); ++i)
            replays[i]->attempt([&] { replays[i]->reporter().entries(texts->at(i).whole()); });
    };
    InOrder((store.entry_count() + entries_a_piece - 1) / entries_a_piece).run(threads, start, take);
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
                                  const std::string& folder, bool show_names, std::uint32_t threads) {
    make_private_folder(folder);
    const ReportContext context = make_context(store, show_names);
    std::vector<Replay> replays;
    for (const ReporterKind* kind : kinds) replays.emplace_back(*kind);
    tell_all(replays, [&](Reporter& reporter) { reporter.begin(context, folder); });
    if (!replays.empty()) {
        tell_entries(store, replays, threads);
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
