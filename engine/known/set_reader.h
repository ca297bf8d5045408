// SPDX-License-Identifier: Apache-2.0
// Records, mentions and labels of a compiled set, as one look-up reads them: an encrypted block is decrypted once as
// long as reading stays in it. Private to engine/known; a reader belongs to one thread, the tables to any.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/known/column.h"
#include "engine/known/known_set.h"
#include "engine/known/record_row.h"
#include "engine/known/set_file.h"

namespace triage {

// Where a set keeps what it says of its digests.
struct SetTables {
    const SetFile& file;
    const std::string& path;  // stands in errors
    const KnownSetIdentity& identity;
    const tks::Section &records, &mentions, &labels;
    const SetKey* key = nullptr;     // of a protected set
    const Column* joined = nullptr;  // whose rows hold records and mentions
};

class SetReader {
  public:
    explicit SetReader(const SetTables& tables) : tables_(tables) {}

    struct Record {
        AlgorithmSet algorithms;
        std::optional<std::uint64_t> size;
        std::uint64_t first_mention = 0, last_mention = 0;
    };
    Record record_at(std::uint32_t number);
    // The sizes that records have, each once, until `use` returns false.
    void for_each_size(const tks::Section& sizes, const std::function<bool(std::optional<std::uint64_t>)>& use);
    // Appends a copy of `found` for each mention; at most KnownSet::most_mentions, what alerts before what does not.
    void add_mentions(const Record& record, const Match& found, std::vector<Match>& out);
    [[gnu::always_inline]] void prefetch(std::uint64_t record) const {
        if (tables_.joined || tables_.key) return;  // its row is in the cache already; its block must be decrypted
        const tks::Superblock& s = tables_.file.superblock();
        tables_.file.prefetch(tables_.records.offset + record * s.record_widths.total());
        if (s.record_widths.first_mention == 0)
            tables_.file.prefetch(tables_.mentions.offset + record * s.mention_widths.total());
    }

  private:
    ByteView plain(const tks::Section& there, std::uint64_t offset, std::uint64_t length,
                   SetFile::Opened& opened) const;
    Mention mention_at(std::uint64_t number);
    std::string label_at(std::uint64_t offset);
    bool alerts(const Mention& mention) const { return tables_.identity.categories[mention.category].alerts; }
    void add_mention(const Mention& mention, const Match& found, std::vector<Match>& out);
    std::uint64_t next_category(std::uint64_t number, std::uint64_t last);
    void add_foremost(const Record& record, const Match& found, std::vector<Match>& out);

    const SetTables& tables_;
    SetFile::Opened records_, mentions_, labels_;
};

}  // namespace triage
