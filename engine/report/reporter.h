// SPDX-License-Identifier: Apache-2.0
// Interface of a report. A reporter hears the store's rows in the total order and writes one file or folder. One call
// at a time reaches it, except `append_entry`. It throws std::exception when it cannot write: that costs this report
// only. It never receives content.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/advance.h"
#include "engine/case/events.h"
#include "engine/case/store.h"
#include "engine/case/verdict.h"
#include "engine/report/report_options.h"
#include "engine/report/run_facts.h"

namespace triage {

// What every reporter is given first: the run, without its entries. Names are hidden unless `show_names` in reports
// that people read (text).
struct ReportContext {
    RunRecord run;
    CaseInfo case_info;
    std::vector<ListRecord> lists;
    std::vector<RuleRecord> rules;
    std::vector<EvidenceRecord> evidences;
    std::vector<VolumeRecord> volumes;
    std::vector<LedgerRow> ledger;
    std::vector<MatchCount> match_counts;
    std::vector<FindingCount> finding_counts;
    std::vector<UnopenedCount> unopened_counts;
    Verdict verdict;                          // over everything
    std::vector<Verdict> evidence_verdicts;   // one an evidence
    std::vector<std::string> incompleteness;  // why the answer is not whole, as sentences
    struct Integrity {
        std::uint32_t evidence = 0;
        std::string sentence;
    };
    std::vector<Integrity> integrity;  // what shows that an evidence changed or is not as it was acquired
    bool show_names = false;
    ReportOptions options;
    std::string seal;       // of the case, in groups; empty while it is being made
    std::string run_facts;  // the sentence that says so, where facts of the run come from a file: see RunFacts

    const VolumeRecord& volume(std::uint32_t id) const;
    const EvidenceRecord& evidence(std::uint32_t id) const;
};
ReportContext make_context(const Store& store, bool show_names, const ReportOptions& options = {});

// It hears evidences and volumes first, then entries, findings and problems.
class Reporter : public Events {
  public:
    virtual void begin(const ReportContext& context, const std::string& folder) = 0;  // folder exists
    // Are its entries to come with matches, extents and finding, as findings do? That takes time; others may then get
    // them too.
    virtual bool wants_whole_entries() const { return false; }
    // Each entry is first made into text by itself, appended to `out`: what takes the time runs on several threads at
    // once. Then the text of many reaches `entries`, in order. No call of `finding` comes before the last of these.
    virtual void append_entry(std::string& out, const EntryRecord& record) const { (void)out, (void)record; }
    virtual void entries(std::string_view text) { (void)text; }
    virtual void end() {}
};

// A kind of report: its name on the command line and how to make one.
struct ReporterKind {
    std::string_view name;
    std::string_view describes;
    std::function<std::unique_ptr<Reporter>()> make;
};

struct ReportOutcome {
    std::string name;
    std::string failure;  // empty when written
};

struct RenderOptions {
    bool show_names = false;    // in reports that people read
    std::uint32_t threads = 1;  // change the speed and nothing else
    ReportOptions reports = {};
    std::string seal = {};
    Advance advance = {};                    // hears how many entries were told, in turn, on any thread
    std::optional<RunFacts> run_facts = {};  // to be told instead of the run's own
};

// Replays the store to each named reporter and writes summary.json, which stands last in the outcomes. `folder` is made
// (0700) and must not exist. A store that cannot be read throws; a reporter that fails costs its own report only.
std::vector<ReportOutcome> render(const Store& store, const std::vector<const ReporterKind*>& kinds,
                                  const std::string& folder, const RenderOptions& options = {});

}  // namespace triage
