// SPDX-License-Identifier: Apache-2.0
// What a walk does on ISO 9660 alone.
#include "plugins/tsk/walker.h"

namespace triage::tsk {

// Addresses behind those of libtsk, which has none for most of these files.
void Walker::list_other_trees() {
    if (!sink_.may_enter(0, "/"))
        return report_whole(ProblemKind::aborted, "listing its other directory trees ended the worker");
    Entry file;
    file.address = fs_.fs->last_inum;
    file.attribute = TSK_FS_ATTR_TYPE_DEFAULT << 16;
    iso_trees_.list_others(
        fs_,
        [&](const std::string& path, const IsoContent& content) {
            ++file.address;
            Entry entry = file;
            entry.path = path;
            std::string problem = locate_sections(fs_, content, entry);
            emit(std::move(entry), std::move(problem));
            return !is_full_;
        },
        [&](const std::string& path, const std::string& flaw) {
            report(ProblemKind::damaged, "directory of another tree: " + flaw, std::nullopt, path);
        });
    report_flaws(nullptr);
}

}  // namespace triage::tsk
