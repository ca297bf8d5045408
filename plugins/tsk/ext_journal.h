// SPDX-License-Identifier: Apache-2.0
// What a journal of ext3/4 (jbd2) holds beyond what stands in place. One that was written to, but whose blocks have all
// reached their places since, holds nothing: that is how most file systems look that were not unmounted.
// Format: Linux Documentation/filesystems/ext4, "Journal (jbd2)"; fs/jbd2/recovery.c.
#pragma once

#include <functional>
#include <optional>

#include "engine/base/bytes.h"

namespace triage::tsk {

struct JournalSource {
    // Bytes of the journal, and of the file system, by offset. False when they cannot be read.
    std::function<bool(std::uint64_t offset, MutableBytes out)> read_journal, read_volume;
};

// Is there a block in a committed transaction, whose last version differs from what stands in its place? True also
// where that cannot be told. Nothing when it is no journal.
std::optional<bool> differs_from_journal(const JournalSource& source);

}  // namespace triage::tsk
