// SPDX-License-Identifier: Apache-2.0
// A known set: a compiled file, mapped, immutable, looked up from any number of threads at once without a lock. A miss
// costs a look into a filter and touches no page of the file (docs/known-set-format.md).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/known/known_record.h"
#include "engine/known/set_key.h"

namespace triage {

// A match says what agrees and what differs between a content and one mention of it in one set.
struct Match {
    std::uint32_t set = 0;     // index into the loaded sets
    std::uint64_t record = 0;  // position in the source
    std::uint32_t source = 0;  // which of the set's sources
    std::string category_set, category, label;
    RecordFlags flags;
    bool alerts = true;               // false: its category is none that alerts
    AlgorithmSet agrees, differs;     // algorithms that both sides have
    std::optional<bool> size_agrees;  // nothing when the list gives no size
    friend bool operator==(const Match&, const Match&) = default;
};

// A content to be looked up: its digests, and its size in bytes.
struct KnownQuery {
    const Digests* digests = nullptr;
    std::uint64_t size = 0;
};

class KnownSet {
  public:
    // Opens a compiled set; the descriptor is closed. `path` stands in errors and in the identity. Throws Error when it
    // is no sound set, or protected and `secret` is null or another's.
    static KnownSet open(int fd, const std::string& path, const Secret* secret = nullptr);
    ~KnownSet();
    KnownSet(KnownSet&&) noexcept;
    KnownSet& operator=(KnownSet&&) noexcept;

    const KnownSetIdentity& identity() const;
    bool is_protected() const;
    // A list that was compiled for this run keeps the name and digest of its file.
    void came_from(const std::string& path, const std::string& sha256);

    // Appends to `out[i]` a match for every mention that shares at least one digest with `queries[i]`, in order of the
    // set; of one content at most `most_mentions`, those of categories that alert first of all, so that a match which
    // alerts is never the one left out. Many queries at once cost far less each than one. Throws Error when a damaged
    // block of the file is touched.
    static constexpr std::size_t most_mentions = 1000;
    void lookup(std::span<const KnownQuery> queries, std::uint32_t set_index, std::span<std::vector<Match>> out) const;

    // Records of which no digest is computed when only `algorithms` are: they could never match.
    std::uint64_t records_without(AlgorithmSet algorithms) const;
    // Every size that records have, and nothing where one has none; some more often than once. Until `use` returns
    // false.
    void for_each_size(const std::function<bool(std::optional<std::uint64_t>)>& use) const;
    // Does `other` give a digest of this set another size? Not for protected sets, whose digests cannot be listed.
    // True, too, when `is_stopped` said so before it was known.
    bool differs_in_size_from(const KnownSet& other, const std::function<bool()>& is_stopped) const;
    // Reads all of it and checks every block. Throws Error that names the first damaged one.
    void check() const;

    // Goes over the digests of one algorithm in their order; equal ones come once. The set must outlive it. Not for
    // protected sets, which hold none.
    class Walk {
      public:
        Walk(const KnownSet& set, Algorithm algorithm);
        ~Walk();
        const Digest* digest() const;  // null at the end
        void next();

      private:
        struct State;
        std::unique_ptr<State> state_;
    };

  private:
    struct Impl;
    explicit KnownSet(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// All sets of a run. Order is the order of the flags on the command line.
using KnownSets = std::vector<KnownSet>;
void lookup(const KnownSets& sets, std::span<const KnownQuery> queries, std::span<std::vector<Match>> out);
std::vector<Match> lookup(const KnownSets& sets, const Digests& digests, std::uint64_t size);
AlgorithmSet algorithms_of(const KnownSets& sets);

}  // namespace triage
