// SPDX-License-Identifier: Apache-2.0
// What the store holds as nodes of CASE/UCO 1.4.0, each of the graph's on a line of its own. Ids come from what an
// exhibit, a volume and an entry are on the evidence, never from a name that a disclosure copy leaves out. A Graph
// borrows its context; any number of threads may append.
#pragma once

#include <string>
#include <unordered_map>

#include "engine/report/reporter.h"
#include "plugins/reporters/case/node.h"

namespace triage::case_report {

// How a line begins that is the node of an entry; its UUID follows.
inline constexpr std::string_view entry_line = R"({"@id":"kb:entry-)";

class Graph {
  public:
    explicit Graph(const ReportContext& context);

    std::string head() const;  // the context; the program, the lists, the evidence, the volumes, and where they lie
    void append_entry(std::string& out, const EntryRecord& record) const;  // its relation, matches and finding, too
    void append_problem(std::string& out, const ProblemRecord& record) const;
    // Of what was found on an evidence: all but the list of its entries, which `end_of_provenance` closes.
    std::string begin_of_provenance(const EvidenceRecord& evidence, std::uint64_t entries) const;
    std::string end_of_provenance() const { return "]},\n"; }
    std::string tail() const;  // verdicts, and the action: all that differs between two runs over the same evidence

  private:
    void append_list(std::string& out, std::size_t list) const;
    void append_evidence(std::string& out, const EvidenceRecord& evidence) const;
    void append_exhibit(std::string& out, const EvidenceRecord& evidence) const;
    void append_volume(std::string& out, const VolumeRecord& volume) const;
    void append_relation(std::string& out, const Uuid& id, const EntryRecord& record) const;
    void append_match(std::string& out, const Uuid& entry, const Match& match) const;
    void append_finding(std::string& out, const Uuid& entry, const Finding& finding) const;
    void append_verdict(std::string& out) const;
    void append_action(std::string& out) const;
    Uuid id_of(const EntryRecord& record) const;
    std::uint64_t entries_of(const EvidenceRecord& evidence) const;

    const ReportContext& context_;
    Uuid tool_;
    std::vector<Uuid> lists_;
    std::unordered_map<std::uint32_t, Uuid> evidences_, volumes_;  // by row
};

// Digests as nodes in a list.
void append_hashes(Nodes& nodes, const Uuid& of, const Digests& digests);

}  // namespace triage::case_report
