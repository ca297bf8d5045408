// SPDX-License-Identifier: Apache-2.0
// What the parts of the store share: the connection, its prepared statements, and the decoding of rows. Private to
// engine/case/store*.cpp.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "engine/base/sqlite.h"
#include "engine/case/store.h"
#include "engine/case/store_counts.h"

namespace triage {

// The statements of the hot path, prepared once.
struct InsertStatements {
    explicit InsertStatements(const Database& database);
    Statement content, match, entry, problem, entropy, owner, libmagic;
};

struct Store::Impl {
    explicit Impl(Database opened) : database(std::move(opened)) {}

    Database database;
    std::optional<InsertStatements> inserts;  // while writing
    std::uint64_t pending_bytes = 0;          // about, of the open transaction
    std::chrono::steady_clock::time_point transaction_start;
    bool has_shared_contents = false;  // perhaps: an entry without a content was put
    bool is_sealed = false;
    bool has_failed = false;  // a write failed: nothing more is taken
    bool is_read_only = false;

    void begin_writing();  // lock, journal, cache
    void begin_transaction();
    void commit();

    // Runs `write` inside a transaction; a failure closes the store for further writes.
    template <class Write>
    void write_row(std::size_t bytes, Write write) {
        guard([&] {
            begin_transaction();
            write();
        });
        pending_bytes += bytes;
    }
    template <class Action>
    void guard(Action action) {
        throw_if_failed();
        try {
            action();
        } catch (...) {
            has_failed = true;
            throw;
        }
    }
    void throw_if_failed() const;

    // What is judged so far: findings wait in a temporary table, counts here.
    struct Judging {
        Judging(Database& database, Judge judge);
        void add(std::uint64_t entry_id, const EntryRecord& record);  // with its matches

        Judge judge;
        Statement insert;
        Counts counts;
        std::uint64_t findings = 0;
    };
    std::optional<Judging> judging;  // while entries are judged as they come, and in seal

    void judge_rest(const Judge& judge);
    void make_sealed_tables(const Judge& judge);
    std::vector<VolumeRecord> read_volumes() const;
};

// Of a database and what SQLite keeps beside it: through a link it would write elsewhere, at a pipe wait for ever.
// Throws Error (usage).
void require_regular_files(const std::string& path);

// Entries, read one after the other with what is known of their contents.
class EntryCursor {
  public:
    static constexpr std::uint64_t last_ordinal = ~std::uint64_t{0} >> 1;
    // The entries in total order, those of them that have a finding, or, while sealing, by `entry.id`: all or only
    // those that were put without a content. Of whole entries extents and finding can be read too.
    enum class Of { entries, whole_entries, findings, unsorted, names_without_content };
    // Those whose ordinals are `first` to `last`.
    explicit EntryCursor(const Database& database, Of of = Of::entries, std::uint64_t first = 1,
                         std::uint64_t last = last_ordinal);
    bool next();  // false: the end
    const EntryRecord& record() const { return record_; }
    EntryRecord& record() { return record_; }
    std::uint64_t ordinal() const { return ordinal_; }  // `entry.id` of an unsorted one
    void read_matches();                                // fills record().examined.matches
    void read_extents();                                // fills record().extents
    void read_asked();                                  // owner and entropy; of an unsorted one
    void read_finding();                                // fills record().finding, where there is one

  private:
    void read_libmagic_type();

    Statement rows_, matches_, owner_, entropy_, libmagic_;
    bool has_asked_ = false;     // a rule of the run asked for owners or entropy
    bool has_libmagic_ = false;  // or for types of libmagic
    EntryRecord record_;
    std::uint64_t ordinal_ = 0;
    const std::string path_;
};

std::optional<Digest> digest_at(const Statement& row, int column, Algorithm algorithm);
std::vector<std::string> split_words(std::string_view words);  // at blanks
Bytes encode_extents(const std::vector<Extent>& extents);
std::vector<Extent> decode_extents(ByteView bytes);
std::int64_t encode_form(TimeForm form);
TimeForm decode_form(std::int64_t code);

// The enumerator of a stored number. A number that has none is damage: throws Error.
template <class T>
T decode_enum(const std::string& path, std::int64_t number, T last) {
    if (number < 0 || number > static_cast<std::int64_t>(last))
        throw Error(path, "damaged: a row holds a number that has no meaning");
    return static_cast<T>(number);
}

}  // namespace triage
