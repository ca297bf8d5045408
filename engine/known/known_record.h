// SPDX-License-Identifier: Apache-2.0
// What a known-hash list says: records of digests that stand together, and what became of a list that was read.
// Values; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/hash/digest.h"

namespace triage {

// What a match with a set means. Declared by whoever imports or loads the set, stored with it, never guessed.
enum class Polarity : std::uint8_t {
    notable,    // finding it matters
    ignorable,  // finding it means that the file needs no look
};
std::string_view to_string(Polarity polarity);

// What a list says of a record beside its category.
enum class RecordFlag : std::uint8_t {
    distributed = 1,          // VICS IsDistributed
    victim_identified = 2,    // VICS VictimIdentified
    offender_identified = 4,  // VICS OffenderIdentified
    precategorised = 8,       // VICS IsPrecategorized
    trivial = 16,             // kept on request: the empty file, or one byte repeated
    series = 32,              // the label is the name of a series, and no file's
};
class RecordFlags {
  public:
    constexpr RecordFlags() = default;
    static constexpr RecordFlags from_bits(std::uint8_t bits) { return RecordFlags(bits); }
    constexpr bool has(RecordFlag flag) const { return (bits_ & static_cast<std::uint8_t>(flag)) != 0; }
    constexpr void add(RecordFlag flag) { bits_ = static_cast<std::uint8_t>(bits_ | static_cast<std::uint8_t>(flag)); }
    constexpr std::uint8_t bits() const { return bits_; }
    friend constexpr bool operator==(RecordFlags, RecordFlags) = default;

  private:
    constexpr explicit RecordFlags(std::uint8_t bits) : bits_(bits) {}
    std::uint8_t bits_ = 0;
};

inline constexpr std::pair<RecordFlag, std::string_view> record_flag_words[] = {
    {RecordFlag::distributed, "distributed"},
    {RecordFlag::victim_identified, "victim-identified"},
    {RecordFlag::offender_identified, "offender-identified"},
    {RecordFlag::precategorised, "precategorised"},
    {RecordFlag::trivial, "trivial"},
    {RecordFlag::series, "series"},
};

// A category as the list gives it. Numbers are national: what "1" of a set means is for rules to say.
struct Category {
    std::string set;     // whose numbers these are: "VICS 2.0 US", "ICSE", a hash set's name; empty when nobody says
    std::string number;  // number or word; empty where the list gives none
    friend bool operator==(const Category&, const Category&) = default;
};

// A record with more is rejected: no name is that long, and each match carries a copy.
inline constexpr std::size_t most_category_bytes = 256, most_label_bytes = 1 << 20;

// One line, row or object of a list: digests of one content that stand together, tied.
struct KnownRecord {
    Digests digests;
    std::optional<std::uint64_t> size;  // bytes
    Category category;
    std::string label;  // file or product name, series: raw bytes of the list; empty where there is none
    RecordFlags flags;
    std::uint64_t position = 0;  // in the source, as its format counts: line or record (1-based), byte offset, row id
};

// A line, row or object that was not accepted.
struct Rejection {
    std::uint64_t position = 0;  // as in KnownRecord
    std::string why;             // never repeats the list: lists are confidential
};

// A file that a set was made from.
struct SetSource {
    std::string name;      // file name without folder
    std::string format;    // importer: "plain", "vics"...
    std::string version;   // what the list says of itself
    std::string sha256;    // of the file
    std::string modified;  // its date, RFC 3339
    std::string importer;  // version of the program that read it; empty for a file beside a list
    friend bool operator==(const SetSource&, const SetSource&) = default;
};

struct CategoryCount {
    Category category;
    std::uint64_t records = 0;
    bool alerts = true;  // false: the set was imported with alert categories, and this is none of them
    friend bool operator==(const CategoryCount&, const CategoryCount&) = default;
};

// What a set says about itself and what became of its sources; shown wherever the set is named.
struct KnownSetIdentity {
    std::string name;           // what the user, the list or its file name says
    std::string version;        // what the user or the list says; the file's modification date where nobody says
    std::string format;         // importer of its source, "tks" for a compiled set of several
    std::string source_path;    // the file as given to this run
    std::string source_sha256;  // its digest: SHA-256 of a raw list's bytes, the content digest of a compiled set
    Polarity polarity = Polarity::notable;
    AlgorithmSet algorithms;  // that at least one record carries
    std::uint64_t records_read = 0, records_accepted = 0, records_duplicate = 0, records_rejected = 0;
    std::uint64_t records_trivial = 0;  // only digests of the empty file or of one byte repeated: dropped
    // read == accepted + duplicate + rejected + trivial
    std::uint64_t records_conflicting = 0;  // contents that contradict another one which has a digest of theirs
    std::map<std::string, std::uint64_t> rejected_by_reason;  // our own sentences; beyond 64 of them: "other reasons"
    std::vector<SetSource> sources;
    std::vector<CategoryCount> categories;  // in order of set and number
};

}  // namespace triage
