// SPDX-License-Identifier: Apache-2.0
// What libtsk says of times, and how each file system stores them.
#pragma once

#include <tsk/libtsk.h>

#include "engine/evidence/filesystem.h"

namespace triage::tsk {

Times times_of(const TSK_FS_META& meta);
void set_time_forms(TSK_FS_TYPE_ENUM type, Filesystem& fs);

}  // namespace triage::tsk
