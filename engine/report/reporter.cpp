// SPDX-License-Identifier: Apache-2.0
#include "engine/report/reporter.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "engine/base/error.h"
#include "engine/base/in_order.h"
#include "engine/case/private_file.h"
#include "engine/report/redact.h"
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

// So many entries are a piece of work: a few milliseconds, half a mebibyte of text. Hostile names make longer text,
// which is handed over before the piece is done.
constexpr std::uint64_t entries_a_piece = 1024;
constexpr std::size_t most_text = 4 << 20;

// The text of neighbouring entries, made by one thread for each report.
class EntryTexts {
  public:
    EntryTexts(const std::vector<Replay*>& replays, const Redaction& redaction)
        : replays_(replays), redaction_(redaction), texts_(replays.size()) {}

    void append(const EntryRecord& record) {
        if (!redaction_.any()) return append_to_each(record);
        EntryRecord left = record;
        redact(left, redaction_);
        append_to_each(left);
    }
    void append_to_each(const EntryRecord& record) {
        for (std::size_t i = 0; i < texts_.size(); ++i) append(texts_[i], replays_[i]->reporter(), record);
    }
    bool is_long() const {
        return std::any_of(texts_.begin(), texts_.end(), [](const Text& t) { return t.text.size() >= most_text; });
    }
    void hand_over() {
        for (std::size_t i = 0; i < texts_.size(); ++i) {
            replays_[i]->attempt([&] {
                if (texts_[i].failure) std::rethrow_exception(texts_[i].failure);
                replays_[i]->reporter().entries(texts_[i].text);
            });
            texts_[i].text.clear();
        }
    }

  private:
    struct Text {
        std::string text;
        std::exception_ptr failure;  // the first; what comes after it is not made
    };
    static void append(Text& text, const Reporter& reporter, const EntryRecord& record) {
        if (text.failure) return;
        try {
            reporter.append_entry(text.text, record);
        } catch (const std::exception&) {
            text.failure = std::current_exception();
        }
    }

    const std::vector<Replay*>& replays_;
    const Redaction redaction_;
    std::vector<Text> texts_;
};

// Each thread reads the store by a connection of its own.
void tell_entries(const Store& store, std::vector<Replay>& all, const RenderOptions& options) {
    std::vector<Replay*> replays;
    for (Replay& replay : all)
        if (!replay.has_failed()) replays.push_back(&replay);
    const bool are_whole = std::any_of(replays.begin(), replays.end(),
                                       [](Replay* replay) { return replay->reporter().wants_whole_entries(); });
    const std::uint64_t entries = store.entry_count();
    const auto start = [&] {
        return [&, reader = store.another_reader(), texts = EntryTexts(replays, options.reports.redact)](
                   std::uint64_t piece, const auto& in_turn) mutable {
            const auto hand_over = [&] { texts.hand_over(); };
            const auto append = [&](const EntryRecord& record) {
                texts.append(record);
                if (texts.is_long()) in_turn(hand_over);
            };
            const std::uint64_t first = piece * entries_a_piece;
            if (are_whole) reader.for_each_whole_entry(first, entries_a_piece, append);
            else reader.for_each_entry(first, entries_a_piece, append);
            in_turn([&] {
                hand_over();
                if (options.advance)
                    options.advance("reports", std::min(entries, (piece + 1) * entries_a_piece), entries);
            });
        };
    };
    InOrder((entries + entries_a_piece - 1) / entries_a_piece).run(options.threads, start);
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

ReportContext make_context(const Store& store, bool show_names, const ReportOptions& options) {
    ReportContext context;
    context.run = store.run();
    context.case_info = store.case_info();
    context.lists = store.lists();
    context.rules = store.rules();
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
    store.for_each_problem([&](const ProblemRecord& record) {
        constexpr std::string_view integrity = "integrity: ";
        if (record.problem.detail.starts_with(integrity))
            context.integrity.push_back(
                {record.evidence, fmt::format("{}: {}", context.evidence(record.evidence).known_as(),
                                              record.problem.detail.substr(integrity.size()))});
    });
    context.show_names = show_names;
    context.options = options;
    return context;
}

std::vector<ReportOutcome> render(const Store& store, const std::vector<const ReporterKind*>& kinds,
                                  const std::string& folder, const RenderOptions& options) {
    make_private_folder(folder);
    ReportContext context = make_context(store, options.show_names, options.reports);
    context.seal = options.seal;
    if (options.run_facts) replace_run_facts(context, *options.run_facts);
    redact(context);
    std::vector<Replay> replays;
    for (const ReporterKind* kind : kinds) replays.emplace_back(*kind);
    tell_all(replays, [&](Reporter& reporter) { reporter.begin(context, folder); });
    for (const EvidenceRecord& e : context.evidences) tell_all(replays, [&](Reporter& r) { r.evidence(e); });
    for (const VolumeRecord& v : context.volumes) tell_all(replays, [&](Reporter& r) { r.volume(v); });
    if (!replays.empty()) {
        tell_entries(store, replays, options);
        store.for_each_finding([&](EntryRecord f) {
            redact(f, options.reports.redact);
            tell_all(replays, [&](Reporter& r) { r.finding(f); });
        });
        store.for_each_problem([&](ProblemRecord p) {
            redact(p, options.reports.redact);
            tell_all(replays, [&](Reporter& r) { r.problem(p); });
        });
    }
    tell_all(replays, [](Reporter& reporter) { reporter.end(); });
    std::vector<ReportOutcome> outcomes;
    for (const Replay& replay : replays) outcomes.push_back(replay.outcome());
    outcomes.push_back(write_summary(context, folder));
    sync_folder(folder);
    return outcomes;
}

}  // namespace triage
