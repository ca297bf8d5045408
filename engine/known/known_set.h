// SPDX-License-Identifier: Apache-2.0
// A known set: immutable once built, looked up from any number of threads at once without a lock.
// This is its first form, sorted columns in memory; the lookups are the interface that a compiled form keeps.
// A KnownSetBuilder belongs to one thread and takes records one by one: ten million of them never exist side by side.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/hash/digest.h"

namespace triage {

enum class Polarity : std::uint8_t { notable, ignorable };
std::string_view to_string(Polarity polarity);

// One line or object of a list: digests of one content that stand together, tied.
struct KnownRecord {
    Digests digests;
    std::optional<std::uint64_t> size;  // bytes
    std::string category;               // as the list says; empty where it says nothing
    std::string label;                  // file or product name, series; empty where there is none
    std::uint64_t position = 0;         // line number (1-based) or offset in the source
};

// A line that was not accepted.
struct Rejection {
    std::uint64_t line = 0;
    std::string why;
};

// What a source said about itself and what became of it; shown wherever the set is named.
struct KnownSetIdentity {
    std::string name;     // file name of the list, without folder
    std::string version;  // what the list or the user says; the file's modification date where nobody says
    std::string format;   // importer: "plain", "md5sum", "hashdeep"
    std::string source_path;
    std::string source_sha256;  // of the list file: the set's digest in findings
    Polarity polarity = Polarity::notable;
    AlgorithmSet algorithms;  // that at least one record carries
    std::uint64_t records_read = 0, records_accepted = 0, records_duplicate = 0, records_rejected = 0;
    std::uint64_t records_trivial = 0;  // nothing but the empty file's digests, dropped
    // read == accepted + duplicate + rejected + trivial
};

// A match says what agrees and what differs between a content and one record of one set.
struct Match {
    std::uint32_t set = 0;     // index into the loaded sets
    std::uint64_t record = 0;  // position in the source
    std::string category, label;
    AlgorithmSet agrees, differs;     // algorithms that both sides have
    std::optional<bool> size_agrees;  // nothing when the list gives no size
    friend bool operator==(const Match&, const Match&) = default;
};

struct KnownColumns;  // engine/known/columns.h

class KnownSet {
  public:
    ~KnownSet();
    KnownSet(KnownSet&&) noexcept;
    KnownSet& operator=(KnownSet&&) noexcept;

    const KnownSetIdentity& identity() const;

    // Appends a match for every record that shares at least one digest with the content, in order of position.
    void lookup(const Digests& digests, std::uint64_t size, std::uint32_t set_index, std::vector<Match>& out) const;

    // Records of which no digest is computed when only `algorithms` are: they could never match.
    std::uint64_t records_without(AlgorithmSet algorithms) const;

  private:
    friend class KnownSetBuilder;
    explicit KnownSet(std::unique_ptr<KnownColumns> columns);
    std::unique_ptr<KnownColumns> columns_;
};

// Collects records and sorts them once. About 20 bytes a record that has only an MD5; sizes, categories and labels
// cost memory only in sets that have them.
class KnownSetBuilder {
  public:
    KnownSetBuilder();
    ~KnownSetBuilder();
    KnownSetBuilder(KnownSetBuilder&&) noexcept;
    KnownSetBuilder& operator=(KnownSetBuilder&&) noexcept;

    // A guess of how many records will come, to reserve memory; may be wrong.
    void expect(std::uint64_t records);
    // In order of position. A record without a digest is a broken promise: the importer has dropped it.
    void add(const KnownRecord& record);
    std::uint64_t size() const;  // records added, duplicates among them
    // Duplicates (same digests, size, category and label) are kept once, at their first position. Sets accepted,
    // duplicate and algorithms in the identity; the importer has set the rest.
    KnownSet build(KnownSetIdentity identity) &&;

  private:
    std::unique_ptr<KnownColumns> columns_;
};

// All sets of a run. Order is the order of the flags on the command line.
using KnownSets = std::vector<KnownSet>;
std::vector<Match> lookup(const KnownSets& sets, const Digests& digests, std::uint64_t size);
AlgorithmSet algorithms_of(const KnownSets& sets);

}  // namespace triage
