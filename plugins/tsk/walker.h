// SPDX-License-Identifier: Apache-2.0
// The walk over one open file system. Directories are recursed here and not by libtsk, whose own walk stops at 128
// levels and hangs where a directory leads to its orphan directory; here each address is entered once, orphans come
// last and are capped. Before each libtsk call the sink hears where the walk stands, so that a death has a culprit.
#pragma once

#include <unordered_set>
#include <vector>

#include "engine/evidence/filesystem.h"
#include "plugins/tsk/attribute_list.h"
#include "plugins/tsk/census.h"
#include "plugins/tsk/clusters.h"
#include "plugins/tsk/content.h"
#include "plugins/tsk/directory.h"
#include "plugins/tsk/hfs_catalog.h"
#include "plugins/tsk/iso_trees.h"
#include "plugins/tsk/mft_record.h"
#include "plugins/tsk/unnamed.h"

namespace triage::tsk {

class Walker {
  public:
    Walker(OpenFilesystem& fs, const WalkLimits& limits, WalkSink& sink)
        : fs_(fs), limits_(limits), sink_(sink), named_(fs), clusters_(fs), census_(fs), records_(fs.fs, fs.image) {}
    void walk();

  private:
    struct Directory {
        std::uint64_t address;
        std::string path;  // with a leading '/', without a trailing one; empty for the root
        std::uint32_t depth;
        bool is_orphan;
        bool is_deleted = false;
    };
    void read_catalog();
    void walk_from(Directory start);
    void list_other_trees();
    void walk_orphans();
    void walk_unnamed();
    bool visit_unnamed(std::uint64_t address);
    void report_lost_names();
    void list(const Directory& directory, std::vector<Directory>& below);
    bool has_number_of_another(const Entry& entry, const TSK_FS_FILE& file) const;
    const char* why_not_listed(std::uint64_t directory) const;
    std::string what_is_lost(const Directory& directory, const TSK_FS_FILE& file) const;
    void list_entries(const Directory& directory, const ExtDirectory& read, std::vector<Directory>& below);
    void visit_entry(const Directory& directory, const DirectoryEntry& entry, std::vector<Directory>& below);
    void visit(const Directory& directory, const TSK_FS_DIR* listing, std::size_t index, std::vector<Directory>& below);
    void note_if_freed(const Directory& directory, const TSK_FS_FILE& file);
    bool may_visit(std::uint64_t address, std::string_view name, const std::string& path);
    void visit_named(const Directory& directory, const TSK_FS_FILE* parent, TSK_FS_FILE* file, std::string path,
                     std::vector<Directory>& below);
    void visit_file(const Directory& directory, const TSK_FS_FILE* parent, TSK_FS_FILE* file, const std::string& path,
                    const std::optional<IsoContent>& iso);
    bool emit_streams(const TSK_FS_FILE* parent, TSK_FS_FILE* file, const Entry& base);
    bool emit_listed(const TSK_FS_FILE* parent, TSK_FS_FILE* file, const AttributeList& list, const Entry& base,
                     const std::vector<std::uint32_t>& met);
    std::string locate_listed(const TSK_FS_FILE* parent, TSK_FS_FILE* file, const ListedAttribute& listed,
                              bool is_beyond, Entry& entry);
    void report_dropped(const TSK_FS_FILE* file, const AttributeList& list, const Entry& base);
    void emit(Entry entry, std::string problem);
    void report_flaws(Entry* entry);
    void report_whole(ProblemKind kind, std::string detail, bool hides_entries = true);  // of no single entry
    void report(ProblemKind kind, std::string detail, std::optional<std::uint64_t> address, std::string path,
                bool hides_entries = true);
    bool is_capped(const Entry& entry);

    OpenFilesystem& fs_;
    const WalkLimits& limits_;
    WalkSink& sink_;
    WalkCounts counts_;
    DirectoryCheck check_;                       // of the directory that is being listed
    std::unordered_set<std::uint64_t> entered_;  // directories
    std::vector<std::uint64_t> freed_;           // addresses that are not in use and have names
    NamedAddresses named_;
    NamedClusters clusters_;
    Census census_;
    IsoTrees iso_trees_;
    MftRecords records_;
    HfsNumbers catalog_;  // of HFS+
    std::uint64_t entries_ = 0, orphan_entries_ = 0, orphan_bytes_ = 0;
    bool is_full_ = false, are_orphans_full_ = false;
};

}  // namespace triage::tsk
