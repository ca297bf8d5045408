// SPDX-License-Identifier: Apache-2.0
// The store, case.sqlite: the one truth from which every report renders. One thread writes (the record stage of the
// scan); reading happens after `seal` or on a store opened read-only. Rows go in without secondary index (a unique
// index costs 25 µs a row, none 1.5 µs) and are committed, and on disk, each second or 64 MiB; `seal` sorts them into
// the total order inside the case directory. A failing write throws Error of kind interrupted; after it the store takes
// nothing more, so that no later row can hide the loss of an earlier one. The schema is in docs/store.md.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/case/case_info.h"
#include "engine/case/records.h"
#include "engine/rules/rule.h"

namespace triage {

class EarlierContents;

// What a ledger counts: one row a combination that occurs.
struct LedgerRow {
    std::uint32_t evidence = 0;
    Status status = Status::hashed;
    Reason reason = Reason::none;
    EntryState state = EntryState::allocated;
    std::uint64_t entries = 0;  // names
    std::uint64_t bytes = 0;    // sizes of those names added up
    std::uint64_t missing_bytes = 0;
};

// Entries matched per set, category and strength ("md5+sha1 agree").
struct MatchCount {
    std::uint32_t evidence = 0;
    std::uint32_t set = 0;
    std::string category;
    bool alerts = true;  // false: the set was imported with alert categories, and this is none of them
    AlgorithmSet agrees, differs;
    std::uint64_t entries = 0;
};

// Findings per severity: one row a combination that occurs.
struct FindingCount {
    std::uint32_t evidence = 0;
    Severity severity = Severity::info;
    std::uint64_t entries = 0;
};

// Entries that hold further entries and were not looked into, by their names ("archives", "mail stores"...).
struct UnopenedCount {
    std::uint32_t evidence = 0;
    std::string what;
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
};

class Store {
  public:
    static Store create(const std::string& path);           // mode 0600; fails when it exists
    static Store open_for_resume(const std::string& path);  // sealed or not; what `seal` made is dropped
    static Store open_read_only(const std::string& path);   // sealed only; immutable: nothing is written beside it
    static bool is_sealed_at(const std::string& path);      // touches nothing
    // Was any evidence recorded? Of a store that no process writes; what a killed one left is rolled back.
    static bool holds_evidence_at(const std::string& path);
    Store another_reader() const;  // of this sealed store, for another thread
    ~Store();
    Store(Store&&) noexcept;
    Store& operator=(Store&&) noexcept;

    // Writing. Identities are assigned by the caller and must be unique.
    void put_run(const RunRecord& run);        // replaces the one row
    void put_case_info(const CaseInfo& info);  // replaces all of it
    void put_list(std::uint32_t index, const ListRecord& list);
    void put_rules(const Rules& rules);                                     // replaces them
    void put_evidence(const EvidenceRecord& evidence);                      // replaces by id
    void put_media_check(std::uint32_t evidence, const MediaCheck& check);  // replaces
    void put_volume(const VolumeRecord& volume);                            // replaces by id
    void put_problem(const ProblemRecord& problem);
    // A content and its matches; returns its id. `key` as in entries: volume, address, attribute.
    std::uint64_t put_content(std::uint32_t volume, const Entry& entry, const Examined& examined);
    // A name with the id of its content, and `record.examined` as it was put; nothing when another name of the same
    // content carries it (resolved by `seal`).
    void put_entry(const EntryRecord& record, std::optional<std::uint64_t> content);
    void commit_if_due();  // each second or 64 MiB
    void commit();         // what is not committed at destruction is dropped

    // Of a store that is resumed, before anything is put or forgotten: what it hashed of these volumes, and what a
    // still earlier part had, is kept in `earlier.sqlite` beside it. Null where there is nothing.
    std::unique_ptr<EarlierContents> keep_contents(const std::vector<std::uint32_t>& volumes);
    void drop_earlier_contents();  // when the run has ended
    // Removes the entries, contents and problems of a volume and makes it pending, so that it can be walked again.
    void forget_volume(std::uint32_t volume);
    // Removes what belongs to a volume that is not recorded: batches are recorded as they end, and a run that died may
    // have recorded entries before their volume.
    void forget_unknown_volumes();
    // Removes the problems that belong to no volume: a resumed scan opens each evidence again and meets them again.
    // Those whose detail fits the GLOB pattern `lasting` stay: what was true of an earlier part is not undone by a
    // later one.
    void forget_problems_of_evidence(const char* lasting);

    // A judge is called once for every entry, in any order, with its matches; it decides by what the store holds of it.
    using Judge = std::function<std::optional<Finding>(const EntryRecord&)>;
    // From now on entries are judged and counted as they are put, which spares `seal` from reading them all again. Of a
    // new store, before the first entry; it changes nothing in a resumed one, whose earlier entries must be read
    // anyway.
    void judge_as_they_come(Judge judge);
    // Resolves shared contents, judges what was not judged yet, counts, sorts, and leaves one file. May be called
    // again. An entry without a content becomes unreadable, reason not_reached (or the entry's own reason), all its
    // bytes missing.
    void seal(const Judge& judge);
    // Of a sealed store whose run ended: writes it anew without the names of entries that have neither a finding nor a
    // problem, and returns how many those are. Nothing is judged or sealed again after that. Read-only from then on.
    std::uint64_t forget_names();

    // Reading, in total order: evidence as given, volume order, address by number, path by raw bytes, stream, state,
    // size, walk order. Callbacks may throw to stop.
    RunRecord run() const;
    CaseInfo case_info() const;  // as given
    std::vector<ListRecord> lists() const;
    std::vector<RuleRecord> rules() const;  // those with a severity, in their order
    std::vector<EvidenceRecord> evidences() const;
    std::vector<VolumeRecord> volumes() const;
    std::uint64_t entry_count() const;
    using OnEntry = std::function<void(const EntryRecord&)>;
    void for_each_entry(const OnEntry& on_entry) const;  // without matches
    // Those at `first`, counted from 0, and after it, `count` at most.
    void for_each_entry(std::uint64_t first, std::uint64_t count, const OnEntry& on_entry) const;
    // The same with matches, extents and finding.
    void for_each_whole_entry(std::uint64_t first, std::uint64_t count, const OnEntry& on_entry) const;
    void for_each_finding(const OnEntry& on_finding) const;  // with matches, extents, finding
    void for_each_problem(const std::function<void(const ProblemRecord&)>& on_problem) const;
    std::vector<LedgerRow> ledger() const;
    bool has_notable_match() const;  // also of a store that is not sealed
    std::vector<MatchCount> match_counts() const;
    std::vector<FindingCount> finding_counts() const;
    std::vector<UnopenedCount> unopened_counts() const;
    std::uint64_t next_walk_order() const;  // greater than any in the store: where a resumed scan goes on counting
    bool is_sealed() const;

  private:
    struct Impl;
    explicit Store(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace triage
