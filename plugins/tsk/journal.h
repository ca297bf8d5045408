// SPDX-License-Identifier: Apache-2.0
// Changes that stand in a journal only. Whoever mounts the file system applies them first; libtsk does not, so that
// what it lists may be missing names or be older than what the owner saw. FAT, exFAT and UFS keep no such journal, and
// APFS is read from its newest checkpoint. Format: ntfs-3g logfile.h; Apple Technical Note TN1150, "Journal"; of
// ext3/4, see ext_journal.h.
#pragma once

#include <optional>
#include <string>

#include "plugins/tsk/content.h"

namespace triage::tsk {

// What was not applied, in words; empty when there is nothing, or nothing that could be applied.
std::string unapplied_changes(OpenFilesystem& fs);

// By the header of a journal of HFS+. Nothing where it is none.
std::optional<bool> holds_hfs_transactions(ByteView header);

// By the starts of the two restart pages of a $LogFile, of which the newer one counts. A log that nobody wrote yet, or
// that chkdsk went over, is not in use.
bool is_log_in_use(ByteView first_page, ByteView second_page);

}  // namespace triage::tsk
