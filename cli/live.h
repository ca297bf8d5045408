// SPDX-License-Identifier: Apache-2.0
// A scan as a stream of JSON Lines for front ends: docs/live.md describes it. Written line by line and flushed, from
// the recording thread and the screen's. Names from evidence and labels from lists only where they were asked for.
// What cannot be written any more is dropped: the scan goes on, and main says at its end that output was lost.
#pragma once

#include <cstdio>
#include <mutex>
#include <string>
#include <vector>

#include "cli/snapshot.h"
#include "engine/case/verdict.h"
#include "engine/scan/observer.h"

namespace triage {

class LiveStream : public Observer {
  public:
    // Both are borrowed; `names`: show them.
    LiveStream(std::FILE* out, const Progress& progress, bool names) : out_(out), progress_(progress), names_(names) {}

    void start(const std::string& path, const std::vector<EvidenceSpec>& evidence,
               const std::vector<ListRecord>& lists);
    void progress(const Snapshot& snapshot);
    void end(const Verdict& verdict, int exit_code, const std::string& path, const std::string& seal);

    void volume(const VolumeRecord& record) override;
    void finding(const EntryRecord& record) override;
    void problem(const ProblemRecord& record) override;

  private:
    class Line;
    void write(Line line);
    void add_evidence(Line& line, std::uint32_t evidence) const;

    std::FILE* const out_;
    const Progress& progress_;
    const bool names_;
    struct Named {
        std::string exhibit, name;
    };
    std::vector<Named> evidence_;
    struct List {
        std::string name;
        Polarity polarity;
    };
    std::vector<List> lists_;
    std::mutex mutex_;  // one line at a time
};

}  // namespace triage
