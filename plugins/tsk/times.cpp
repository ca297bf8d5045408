// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/times.h"

namespace triage::tsk {
namespace {

std::optional<Timestamp> time_of(time_t seconds, std::uint32_t nanoseconds) {
    if (seconds == 0) return std::nullopt;
    return Timestamp{seconds, nanoseconds};
}

}  // namespace

Times times_of(const TSK_FS_META& meta) {
    Times times;
    times.modified = time_of(meta.mtime, meta.mtime_nano);
    times.accessed = time_of(meta.atime, meta.atime_nano);
    times.changed = time_of(meta.ctime, meta.ctime_nano);
    times.created = time_of(meta.crtime, meta.crtime_nano);
    return times;
}

void set_time_forms(TSK_FS_TYPE_ENUM type, Filesystem& fs) {
    TimeForm all{0, true, false};
    if (TSK_FS_TYPE_ISNTFS(type)) all.fraction_digits = 7;
    if (type == TSK_FS_TYPE_EXT4 || TSK_FS_TYPE_ISFFS(type) || type == TSK_FS_TYPE_APFS) all.fraction_digits = 9;
    if (TSK_FS_TYPE_ISFAT(type) || type == TSK_FS_TYPE_ISO9660 || type == TSK_FS_TYPE_HFS_LEGACY) all.is_utc = false;
    fs.modified = fs.accessed = fs.changed = fs.created = all;
    if (type == TSK_FS_TYPE_EXFAT) fs.modified.fraction_digits = fs.created.fraction_digits = 2;
    else if (TSK_FS_TYPE_ISFAT(type)) fs.created.fraction_digits = 2, fs.accessed.is_date_only = true;
}

}  // namespace triage::tsk
