// SPDX-License-Identifier: Apache-2.0
// Compiles records into a set file (`.tks`) in bounded memory: records are spooled and sorted by their first key
// (MD5, else SHA-1, else SHA-256), records of one content are joined and repeated ones counted, then columns and
// filters are written in one pass each. The same records in the same order give the same bytes, unless a key protects
// the set. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/advance.h"
#include "engine/known/known_record.h"
#include "engine/known/set_key.h"

namespace triage {

struct SetWriterOptions {
    std::uint64_t memory_bytes = 1ull << 30;  // at most, labels and pieces included
    std::string temporary_folder = "/tmp";    // of the spools, which grow as large as the lists
    const SetKey* key = nullptr;              // protects the set
    Advance advance = {};                     // hears of the writing, in rows sorted and written
};

class SetWriter {
  public:
    explicit SetWriter(const SetWriterOptions& options);
    ~SetWriter();
    SetWriter(const SetWriter&) = delete;
    SetWriter& operator=(const SetWriter&) = delete;

    void begin_source();  // records that follow come from a further source; at least one
    // A record without a digest is a broken promise. Throws Error when the disk is full or a limit is exceeded.
    void add(const KnownRecord& record);
    std::uint64_t size() const;  // records added

    // Writes the set to the descriptor of an empty file and syncs it. Sets algorithms,
    // accepted, duplicate, conflicting and categories in the identity; the importer has set the rest, `sources` in the
    // order of begin_source. Categories whose number is not among `alert_categories` do not alert; empty: all do.
    // Throws Error when no record has one of them.
    KnownSetIdentity write(int fd, KnownSetIdentity identity, const std::vector<std::string>& alert_categories);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace triage
