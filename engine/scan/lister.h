// SPDX-License-Identifier: Apache-2.0
// The listing thread: opens each evidence, lists its volumes, walks them, all through workers, and sends what it learns
// to the pipeline in order. It believes no worker: every record is checked before it goes on. A worker that dies or
// hangs costs what it could not deliver, which is said.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/case/earlier_contents.h"
#include "engine/known/size_gate.h"
#include "engine/rules/rule_book.h"
#include "engine/scan/content_reader.h"
#include "engine/scan/content_set.h"
#include "engine/scan/open_evidence.h"
#include "engine/scan/plan.h"
#include "engine/scan/volume_places.h"

namespace triage {

class ContentExaminer;

// What an earlier, interrupted run left: volumes that need no second walk.
struct ResumePoint {
    std::map<std::pair<std::uint32_t, std::string>, VolumeRecord> volumes;  // by evidence and name
    std::uint32_t next_volume_id = 0;
    std::uint64_t next_walk_order = 0;
    std::unique_ptr<EarlierContents> contents;  // of those that do need one
};

// Of every worker of a run.
WorkerOptions worker_options(const ScanOptions& options);

class Lister {
  public:
    // `rules`, `gate` and `places` are borrowed; the lister puts each file system into `places` before its entries.
    Lister(const ScanInput& input, const RuleBook& rules, const SizeGate& gate, VolumePlaces& places, Plan& plan,
           Progress& progress, ResumePoint resume, bool probe_only = false);
    ~Lister();

    void list(std::uint32_t evidence_id, const EvidenceSpec& spec);
    // The sandbox layers that the workers reported.
    const std::string& sandbox() const { return sandbox_; }
    const std::deque<OpenedEvidence>& opened() const { return open_; }  // in the order of `list`
    bool is_stopped() const { return input_.stop.load(std::memory_order_relaxed) || has_no_receiver_; }

  private:
    struct VolumeWalk;

    void walk(const OpenedEvidence& evidence, const Volume& volume, std::uint32_t order);
    bool run_walk_worker(VolumeWalk& walk, WorkerJob& job);
    bool may_restart(VolumeWalk& walk, const Worker& worker) const;
    void give_up(VolumeWalk& walk, const WorkerJob::Place& place, const std::string& cause);
    void take_record(VolumeWalk& walk, const Record& record);
    void take_problem(VolumeWalk& walk, Problem problem);
    void begin_filesystem(VolumeWalk& walk, const Filesystem& fs);
    void take_entry(VolumeWalk& walk, Entry entry);
    bool is_over_limit(VolumeWalk& walk, const Entry& entry);
    bool was_hashed_earlier(EntryWork& work, const Entry& entry);
    void count_to_be_read(std::uint64_t bytes);
    void refuse_flawed(VolumeWalk& walk, Entry& entry);
    static ContentRequest request_for(const VolumeWalk& walk, const EntryWork& work);
    void read_in_worker(VolumeWalk& walk);
    static void take_type(EntryWork& work, ContentReader::Answer& answer);
    ContentExaminer& examiner_for(const EntryWork& work);
    void finish_walk(VolumeWalk& walk);
    static void finish_without_filesystem(VolumeWalk& walk);
    std::uint32_t volume_id(std::uint32_t evidence, const std::string& name);
    void note_death(VolumeWalk& walk, const Worker& worker, std::string_view job);

    void send(Item item);
    void send_problem(std::uint32_t evidence, std::optional<std::uint32_t> volume, Problem problem);

    const ScanInput& input_;
    const RuleBook& rules_;
    const SizeGate& gate_;
    VolumePlaces& places_;
    Plan& plan_;
    Progress& progress_;
    ResumePoint resume_;
    const bool probe_only_;
    SpareWorkers spares_;
    WorkerOptions worker_options_;
    WalkId walk_ = Plan::no_walk;      // what is sent belongs to it
    WalkId walks_ = 0;                 // so far
    std::deque<OpenedEvidence> open_;  // media that batches under way may read; addresses stay
    // Of contents that content workers decode, by the digests that they get.
    std::map<std::uint8_t, std::unique_ptr<ContentExaminer>> examiners_;
    std::string sandbox_;
    bool has_no_receiver_ = false;
    bool has_next_ = false;  // another volume of this evidence is to be walked
};

}  // namespace triage
