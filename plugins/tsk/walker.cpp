// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/walker.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "plugins/tsk/times.h"

namespace triage::tsk {
namespace {

struct CloseDirectory {
    void operator()(TSK_FS_DIR* d) const { tsk_fs_dir_close(d); }
};
using DirectoryHandle = std::unique_ptr<TSK_FS_DIR, CloseDirectory>;

constexpr std::size_t longest_path = 64 << 10;  // bytes: what a record holds

bool is_directory(const TSK_FS_FILE& file) {
    if (file.meta) return TSK_FS_IS_DIR_META(file.meta->type);
    return TSK_FS_IS_DIR_NAME(file.name->type);
}

enum class ObjectKind { content, directory, link, other };

ObjectKind kind_of(const TSK_FS_FILE& file) {
    if (is_directory(file)) return ObjectKind::directory;
    if (file.meta) {
        switch (file.meta->type) {
            case TSK_FS_META_TYPE_REG:
            case TSK_FS_META_TYPE_VIRT:
            case TSK_FS_META_TYPE_UNDEF: return ObjectKind::content;
            case TSK_FS_META_TYPE_LNK: return ObjectKind::link;
            default: return ObjectKind::other;
        }
    }
    switch (file.name->type) {
        case TSK_FS_NAME_TYPE_REG:
        case TSK_FS_NAME_TYPE_VIRT:
        case TSK_FS_NAME_TYPE_UNDEF: return ObjectKind::content;
        case TSK_FS_NAME_TYPE_LNK: return ObjectKind::link;
        default: return ObjectKind::other;
    }
}

// NTFS names owners by SID, the file systems of Unix by number; FAT, exFAT and plain ISO 9660 have none.
std::string owner_of(const TSK_FS_INFO* fs, TSK_FS_FILE* file) {
    if (TSK_FS_TYPE_ISFAT(fs->ftype) || TSK_FS_TYPE_ISISO9660(fs->ftype)) return {};
    if (!TSK_FS_TYPE_ISNTFS(fs->ftype)) return std::to_string(file->meta->uid);
    char* sid = nullptr;
    if (tsk_fs_file_get_owner_sid(file, &sid) != 0) return tsk_error_reset(), std::string();
    const std::unique_ptr<char, decltype(&std::free)> held(sid, &std::free);
    return sid ? sid : "";
}

constexpr std::uint32_t default_attribute = TSK_FS_ATTR_TYPE_DEFAULT << 16;
std::uint32_t attribute_key(const TSK_FS_ATTR& a) { return static_cast<std::uint32_t>(a.type) << 16 | a.id; }

// What an attribute is to us: the main content, a stream with a name, or nothing that holds a file's bytes.
struct Role {
    enum { none, main, stream } what = none;
    std::string name;
};

Role role_of(const TSK_FS_ATTR& a) {
    const std::string name = a.name ? a.name : "";
    switch (static_cast<int>(a.type)) {
        case TSK_FS_ATTR_TYPE_DEFAULT:
        case TSK_FS_ATTR_TYPE_HFS_DATA: return {Role::main, {}};
        case TSK_FS_ATTR_TYPE_NTFS_DATA: return name.empty() ? Role{Role::main, {}} : Role{Role::stream, name};
        // As fls lists them: the indexes of $Secure, $ObjId, $Quota and $Reparse, but no directory index.
        case TSK_FS_ATTR_TYPE_NTFS_IDXROOT: return name == "$I30" ? Role{} : Role{Role::stream, name};
        case TSK_FS_ATTR_TYPE_HFS_RSRC: return {Role::stream, "rsrc"};
        case TSK_FS_ATTR_TYPE_HFS_EXT_ATTR: return {Role::stream, name};
        default: return {};
    }
}

// By its file's attribute list, and not by what libtsk loaded of it.
bool is_read_by_list(const TSK_FS_ATTR& a, const AttributeList& list) {
    return a.type == TSK_FS_ATTR_TYPE_NTFS_DATA && list.is_beyond_libtsk &&
           list.contents.count(a.name ? a.name : "") > 0;
}

// libtsk puts its orphan directory at the last address, but not where it cannot look for orphans: there the last
// address is an ordinary file.
bool has_orphan_directory(const TSK_FS_INFO* fs) {
    return !TSK_FS_TYPE_ISHFS(fs->ftype) && fs->ftype != TSK_FS_TYPE_APFS;
}

// Their names have a type of their own; their directories no streams, no holes, and no more bytes than the volume.
bool is_ext_or_ufs(const TSK_FS_INFO* fs) { return TSK_FS_TYPE_ISEXT(fs->ftype) || TSK_FS_TYPE_ISFFS(fs->ftype); }

// libtsk leaves empty metadata, those of address 0, where it cannot read the ones that a name leads to.
bool is_unread(const TSK_FS_FILE& file) { return file.meta && file.meta->addr != file.name->meta_addr; }

// An inode without a type, under a name in use: it was overwritten or zeroed, or no record of HFS+ or APFS is left of
// it. Its size of 0 means nothing.
bool is_lost_file(const TSK_FS_FILE& file, const Entry& entry) {
    if (is_unread(file)) return !is_directory(file);
    const TSK_FS_TYPE_ENUM type = file.fs_info->ftype;
    const bool has_types =
        TSK_FS_TYPE_ISEXT(type) || TSK_FS_TYPE_ISFFS(type) || TSK_FS_TYPE_ISHFS(type) || type == TSK_FS_TYPE_APFS;
    return has_types && entry.state == EntryState::allocated && file.meta && file.meta->type == TSK_FS_META_TYPE_UNDEF;
}

bool is_metadata_file(const TSK_FS_INFO* fs, const TSK_FS_FILE& file) {
    if (file.meta && file.meta->type == TSK_FS_META_TYPE_VIRT) return true;
    if (TSK_FS_TYPE_ISNTFS(fs->ftype)) return file.name->meta_addr < 16;
    if (TSK_FS_TYPE_ISHFS(fs->ftype)) return file.name->meta_addr < 16 && file.name->meta_addr > 2;
    return TSK_FS_TYPE_ISFAT(fs->ftype) && file.name->name && file.name->name[0] == '$';
}

// What an entry without content amounts to.
ProblemKind kind_of(Reason reason) {
    switch (reason) {
        case Reason::encrypted: return ProblemKind::locked;
        case Reason::compressed_unsupported: return ProblemKind::unsupported;
        case Reason::reparse: return ProblemKind::unreadable;
        case Reason::limit: return ProblemKind::capped;
        default: return ProblemKind::damaged;
    }
}

}  // namespace

void Walker::walk() {
    if (TSK_FS_TYPE_ISHFS(fs_.fs->ftype)) read_catalog();
    walk_from({fs_.fs->root_inum, {}, 0, false});
    if (fs_.iso) list_other_trees();
    if (limits_.orphans && has_orphan_directory(fs_.fs) && !is_full_) walk_orphans();
    walk_unnamed();
    report_lost_names();
    sink_.counts(counts_);
}

void Walker::read_catalog() {
    if (!sink_.may_enter(0, "catalog"))
        return report_whole(ProblemKind::aborted, "the search for files with one number ended the worker", false);
    catalog_ = numbers_in_catalog(fs_.fs);
    if (!catalog_.is_whole)
        report_whole(ProblemKind::damaged,
                     "its catalog has other records than it says; names may be missing, or stand for others");
    fs_.image.take_flaws();  // of leaves that the walk reads again
}

void Walker::walk_from(Directory start) {
    std::vector<Directory> pending;
    pending.push_back(std::move(start));
    while (!pending.empty() && !is_full_) {
        const Directory directory = std::move(pending.back());
        pending.pop_back();
        if (!entered_.insert(directory.address).second) continue;
        std::vector<Directory> below;
        list(directory, below);
        pending.insert(pending.end(), std::make_move_iterator(below.rbegin()), std::make_move_iterator(below.rend()));
    }
}

// Orphans are free metadata without a name. libtsk would walk the whole tree for the names, which it gives up at 128
// levels or 4,096 bytes of path and never ends where directories have many names; it is told them instead.
void Walker::walk_orphans() {
    freed_.push_back(fs_.fs->root_inum);  // no orphan; an empty list would be made anew
    std::sort(freed_.begin(), freed_.end());
    for (const std::uint64_t address : freed_)
        if (tsk_list_add(&fs_.fs->list_inum_named, address) != 0) throw std::bad_alloc();
    freed_ = {};
    walk_from({TSK_FS_ORPHANDIR_INUM(fs_.fs), "/$OrphanFiles", 1, true});
}

// Metadata in use that no name leads to stand where libtsk puts orphans, but are allocated: their content is recorded
// and in use, and what is left out as deleted or as an orphan is not left out here.
void Walker::walk_unnamed() {
    if (!named_.flaw().empty()) report_whole(ProblemKind::capped, named_.flaw());
    if (!named_.is_kept() || is_full_) return;
    if (!sink_.may_enter(0, "/$OrphanFiles/OrphanFile-"))
        return report_whole(ProblemKind::aborted, "the search for entries without a name ended the worker");
    const Unnamed unnamed = find_unnamed(fs_, named_, limits_.entries);
    report_flaws(nullptr);
    if (!unnamed.error.empty())
        report_whole(ProblemKind::damaged, "search for entries without a name: " + unnamed.error);
    std::uint64_t lost = 0;
    for (const std::uint64_t address : unnamed.addresses)
        if (!is_full_ && !named_.contains(address)) lost += visit_unnamed(address);
    if (lost > 0)
        report_whole(ProblemKind::damaged,
                     fmt::format("{} entries in use have links, but no name leads to them; listed without it", lost),
                     false);
}

// True when its metadata say that it has a name. One that was removed while it was open has none, and rightly.
bool Walker::visit_unnamed(std::uint64_t address) {
    const std::string name = fmt::format("OrphanFile-{}", address), path = "/$OrphanFiles/" + name;
    if (!may_visit(address, name, path)) return false;
    const FileHandle file(open_named(fs_.fs, {static_cast<std::uint32_t>(address), 0, name}));
    const std::string error = take_error();
    if (!file || !file->meta) return report(ProblemKind::damaged, "entry: " + error, address, path), false;
    const bool has_links = file->meta->nlink > 0;
    std::vector<Directory> below;
    visit_named({0, "/$OrphanFiles", 1, false}, nullptr, file.get(), path, below);
    for (Directory& directory : below) walk_from(std::move(directory));
    return has_links;
}

void Walker::report_lost_names() {
    if (is_full_) return;
    const std::string words[] = {clusters_.lost(), census_.missing()};
    report_flaws(nullptr);
    for (const std::string& lost : words)
        if (!lost.empty()) report_whole(ProblemKind::damaged, lost);
}

void Walker::list(const Directory& directory, std::vector<Directory>& below) {
    if (!sink_.may_enter(directory.address, directory.path + "/"))
        return report(ProblemKind::aborted, "this directory ended the worker that opened it; not listed",
                      directory.address, directory.path);
    take_error();
    const bool is_in_use = !directory.is_orphan && !directory.is_deleted;
    if (const char* why = why_not_listed(directory.address)) {
        if (is_in_use) report(ProblemKind::damaged, why, directory.address, directory.path);
        return;
    }
    const DirectoryHandle listing(tsk_fs_dir_open_meta(fs_.fs, directory.address));
    const std::string error = take_error();
    if (!listing)
        if (const auto read = read_ext_directory(fs_.fs, fs_.image, directory.address))
            return list_entries(directory, *read, below);
    if (!listing || !error.empty())
        report(ProblemKind::damaged, "directory: " + (error.empty() ? "cannot be opened" : error), directory.address,
               directory.path);
    if (!listing && TSK_FS_TYPE_ISHFS(fs_.fs->ftype))
        return list_entries(directory, {names_in_folder(fs_.fs, catalog_, directory.address)}, below);
    if (!listing) return report_flaws(nullptr);
    if (listing->fs_file && may_list_elsewhere(listing->fs_file))
        report(ProblemKind::unreadable, "directory: a placeholder; entries may be elsewhere", directory.address,
               directory.path);
    if (is_in_use) clusters_.add(listing->fs_file);
    check_ = is_in_use && error.empty() ? DirectoryCheck(listing.get()) : DirectoryCheck();
    if (!check_.flaw().empty())
        report(ProblemKind::damaged, "directory: " + check_.flaw(), directory.address, directory.path);
    if (fs_.iso) fs_.iso->open(directory.is_orphan ? nullptr : listing->fs_file);
    if (fs_.iso && !fs_.iso->flaw().empty())
        report(ProblemKind::damaged, "directory: " + fs_.iso->flaw(), directory.address, directory.path);
    take_error();
    report_flaws(nullptr);  // the checks read the directory again: its flaws are told once, and are no entry's
    for (std::size_t i = 0; i < tsk_fs_dir_getsize(listing.get()) && !is_full_; ++i)
        visit(directory, listing.get(), i, below);
    if (fs_.iso && !is_full_ && fs_.iso->left() > 0)
        report(ProblemKind::damaged, fmt::format("directory: {} of its records are not listed", fs_.iso->left()),
               directory.address, directory.path);
}

// libtsk would look at each of the bytes that it claims, and make up zeros for what no inode holds.
const char* Walker::why_not_listed(std::uint64_t directory) const {
    if (!is_ext_or_ufs(fs_.fs) || directory == TSK_FS_ORPHANDIR_INUM(fs_.fs)) return nullptr;
    const FileHandle file(tsk_fs_file_open_meta(fs_.fs, nullptr, directory));
    take_error();
    if (!file || !file->meta) return nullptr;
    const auto size = static_cast<std::uint64_t>(file->meta->size);
    if (size > fs_.image.length()) return "directory: larger than its volume; not listed";
    if (!fs_.ext4 || file->meta->content_type != TSK_FS_META_CONTENT_TYPE_EXT4_INLINE) return nullptr;
    const auto pieces = fs_.ext4->inline_data(directory);
    return pieces && size <= stored_bytes(*pieces) ? nullptr : "directory: its inode does not hold it; not listed";
}

// A directory whose names are read here, and not by libtsk.
void Walker::list_entries(const Directory& directory, const ExtDirectory& read, std::vector<Directory>& below) {
    report_flaws(nullptr);
    if (read.bad_blocks > 0)
        report(
            ProblemKind::damaged,
            fmt::format("directory: {} of its blocks hold no chain of entries; names may be missing", read.bad_blocks),
            directory.address, directory.path);
    check_ = {};
    for (const DirectoryEntry& entry : read.entries)
        if (!is_full_) visit_entry(directory, entry, below);
}

void Walker::visit_entry(const Directory& directory, const DirectoryEntry& entry, std::vector<Directory>& below) {
    const std::string path = directory.path + "/" + entry.name;
    if (!may_visit(entry.inode, entry.name, path)) return;
    const FileHandle file(open_named(fs_.fs, entry));
    const std::string error = take_error();
    if (file) note_if_freed(directory, *file);
    if (file) visit_named(directory, nullptr, file.get(), path, below);
    else report(ProblemKind::damaged, "entry: " + (error.empty() ? "cannot be opened" : error), entry.inode, path);
}

// Which of the two libtsk shows, under either name, is not known.
bool Walker::has_number_of_another(const Entry& entry, const TSK_FS_FILE& file) const {
    return entry.state == EntryState::allocated && !is_directory(file) && catalog_.shared.count(entry.address) > 0;
}

// A name that is in use says directory or file, but what it leads to is none: an inode that was overwritten or zeroed.
// Empty when it does not. Of files only where a name has a type of its own; an inode without any is told elsewhere.
std::string Walker::what_is_lost(const Directory& directory, const TSK_FS_FILE& file) const {
    const bool is_in_use =
        !directory.is_orphan && !directory.is_deleted && !(file.name->flags & TSK_FS_NAME_FLAG_UNALLOC);
    if (!is_in_use) return {};
    const TSK_FS_META_TYPE_ENUM type = file.meta ? file.meta->type : TSK_FS_META_TYPE_UNDEF;
    const bool has_types = is_ext_or_ufs(fs_.fs);
    const bool is_no_directory = type == TSK_FS_META_TYPE_UNDEF || type == TSK_FS_META_TYPE_REG;
    if (file.name->type == TSK_FS_NAME_TYPE_DIR && (is_no_directory || (has_types && !TSK_FS_IS_DIR_META(type))))
        return "its metadata are not a directory's; what it held is not listed";
    const bool is_no_file = type != TSK_FS_META_TYPE_UNDEF && type != TSK_FS_META_TYPE_REG;
    if (has_types && file.name->type == TSK_FS_NAME_TYPE_REG && is_no_file)
        return "its metadata are not a file's; its content is not listed";
    return {};
}

void Walker::visit(const Directory& directory, const TSK_FS_DIR* listing, std::size_t index,
                   std::vector<Directory>& below) {
    const TSK_FS_NAME* name = tsk_fs_dir_get_name(listing, index);
    if (!name || !name->name) return;
    const std::string path = directory.path + "/" + name->name;
    if (const auto link = catalog_.links.find({directory.address, name->name, name->meta_addr});
        link != catalog_.links.end())
        return visit_entry(directory, {link->second, 0, name->name}, below);
    if (!may_visit(name->meta_addr, name->name, path)) return;
    const FileHandle file(tsk_fs_dir_get(listing, index));
    if (!file || !file->name) {
        report(ProblemKind::damaged, "entry: " + take_error(), name->meta_addr, path);
        return;
    }
    take_error();
    // tsk_fs_dir_get drops metadata whose sequence number is not the name's, which loses every orphan and what NTFS
    // deleted (deletion raises the number). The fls way: load it, and say that it may be another file's.
    if (!file->meta && file->name->meta_addr != 0) fs_.fs->file_add_meta(fs_.fs, file.get(), file->name->meta_addr);
    take_error();
    note_if_freed(directory, *file);
    if (!check_.names(file->name->meta_addr, name->name)) file->name->flags = TSK_FS_NAME_FLAG_UNALLOC;
    visit_named(directory, listing->fs_file, file.get(), path, below);
}

void Walker::note_if_freed(const Directory& directory, const TSK_FS_FILE& file) {
    if (!directory.is_orphan && file.meta && (file.meta->flags & TSK_FS_META_FLAG_UNALLOC))
        freed_.push_back(file.name->meta_addr);
}

bool Walker::may_visit(std::uint64_t address, std::string_view name, const std::string& path) {
    if (name == "." || name == "..") return false;
    // The orphan directory is entered last, by us; anything else that leads there is a trap.
    if (has_orphan_directory(fs_.fs) && address == TSK_FS_ORPHANDIR_INUM(fs_.fs)) return false;
    if (sink_.may_enter(address, path)) return true;
    named_.add(address);
    report(ProblemKind::aborted, "this entry ended the worker that read it; skipped", address, path);
    return false;
}

void Walker::visit_named(const Directory& directory, const TSK_FS_FILE* parent, TSK_FS_FILE* file, std::string path,
                         std::vector<Directory>& below) {
    const bool is_unallocated = file->name->flags & TSK_FS_NAME_FLAG_UNALLOC;
    if (is_unallocated && !limits_.deleted && !directory.is_orphan) return;
    const bool is_named = !is_unallocated && !directory.is_orphan && !directory.is_deleted;
    if (is_named) named_.add(file->name->meta_addr);
    if (is_named && !is_metadata_file(fs_.fs, *file)) census_.add(*file);

    if (std::string lost = what_is_lost(directory, *file); !lost.empty())
        report(ProblemKind::damaged, std::move(lost), file->name->meta_addr, path);
    std::optional<IsoContent> iso;
    if (fs_.iso && file->meta) iso = fs_.iso->take(*file->meta);
    if (iso && iso->sections.empty()) return;  // a further section of the file before it
    if (iso && !is_directory(*file)) iso_trees_.add(*iso);
    if (fs_.iso && directory.is_orphan && file->meta && iso_trees_.is_listed(*file->meta)) return;
    if (iso && !iso->name.empty()) path = directory.path + "/" + iso->name;

    switch (kind_of(*file)) {
        case ObjectKind::link: ++counts_.links; return report_flaws(nullptr);
        case ObjectKind::other: ++counts_.others; return report_flaws(nullptr);
        case ObjectKind::directory: ++counts_.directories; break;
        case ObjectKind::content: break;
    }
    visit_file(directory, parent, file, path, iso);  // a directory may carry alternate data streams
    if (is_named) clusters_.add(file);
    if (!is_directory(*file)) return;
    // A deleted name whose metadata are in use again names another directory.
    const bool may_descend = !is_unallocated || (file->meta && (file->meta->flags & TSK_FS_META_FLAG_UNALLOC));
    if (!may_descend || !file->meta) return;
    if (path.size() > longest_path) return;  // told with its own entry
    if (directory.depth + 1 > limits_.depth)
        return report(ProblemKind::capped, fmt::format("deeper than {} directories; not listed", limits_.depth),
                      file->name->meta_addr, path);
    below.push_back({file->name->meta_addr, path, directory.depth + 1, directory.is_orphan,
                     directory.is_deleted || is_unallocated});
}

void Walker::visit_file(const Directory& directory, const TSK_FS_FILE* parent, TSK_FS_FILE* file,
                        const std::string& path, const std::optional<IsoContent>& iso) {
    if (path.size() > longest_path)
        return report(ProblemKind::capped, "its path is longer than 64 KiB; neither it nor what is below it is listed",
                      file->name->meta_addr, {});
    Entry base;
    base.path = path;
    base.address = file->name->meta_addr;
    base.is_metadata = is_metadata_file(fs_.fs, *file);
    base.state = directory.is_orphan                            ? EntryState::orphan
                 : file->name->flags & TSK_FS_NAME_FLAG_UNALLOC ? EntryState::deleted
                                                                : EntryState::allocated;
    if (file->meta) {
        base.times = times_of(*file->meta);
        if (limits_.owners) base.owner = owner_of(fs_.fs, file);
        base.size = file->meta->size > 0 ? static_cast<std::uint64_t>(file->meta->size) : 0;
    }
    if (is_lost_file(*file, base)) {
        base.source = Source::none, base.reason = Reason::damaged;
        return emit(std::move(base), is_unread(*file) ? "its metadata cannot be read" : "its inode is not a file's");
    }
    if (has_number_of_another(base, *file)) {
        std::string problem = refuse(base, Reason::damaged, "its number is that of another file or folder too");
        return emit(std::move(base), std::move(problem));
    }
    if (iso && !is_directory(*file)) {
        base.attribute = default_attribute;
        std::string problem = locate_sections(fs_, *iso, base);
        return emit(std::move(base), std::move(problem));
    }
    if (is_read_here(file) && !is_directory(*file)) {
        base.attribute = default_attribute;
        std::string problem = locate_content(fs_, file, nullptr, nullptr, base);
        return emit(std::move(base), std::move(problem));
    }
    if (is_directory(*file) && is_ext_or_ufs(fs_.fs)) return;
    const bool has_main = emit_streams(parent, file, base);
    if (has_main || is_directory(*file)) return;
    if (fs_.exfat && base.is_metadata && fs_.exfat->locate_fat(file->name->name, base))
        return emit(std::move(base), {});
    const std::string error = take_error();
    std::string problem = locate_content(fs_, file, nullptr, nullptr, base);
    if (problem.empty() && file->meta && file->meta->attr_state == TSK_FS_META_ATTR_ERROR)
        report(ProblemKind::damaged, "its attributes cannot be read; its streams are not listed", base.address, path);
    if (!problem.empty() && !error.empty()) problem = error;
    emit(std::move(base), std::move(problem));
}

// True when nothing is left to say of the main content: it was among the attributes, or the file is one of NTFS that
// has named streams only.
bool Walker::emit_streams(const TSK_FS_FILE* parent, TSK_FS_FILE* file, const Entry& base) {
    if (!file->meta) return false;
    const TSK_FS_ATTR* attribute = tsk_fs_file_attr_getsize(file) > 0 ? file->meta->attr->head : nullptr;
    const bool is_ntfs = TSK_FS_TYPE_ISNTFS(fs_.fs->ftype);
    const AttributeList list = is_ntfs ? read_attribute_list(records_, file) : AttributeList{};
    bool has_main = false, has_stream = false;
    std::vector<std::uint32_t> met;
    for (; attribute; attribute = attribute->next) {
        if (!(attribute->flags & TSK_FS_ATTR_INUSE)) continue;
        const Role role = role_of(*attribute);
        if (role.what == Role::none || (role.what == Role::main && is_directory(*file))) continue;
        if ((role.what == Role::main && is_compressed(file)) || is_stored_form(file, *attribute)) continue;
        if (is_read_by_list(*attribute, list)) continue;  // below
        (role.what == Role::main ? has_main : has_stream) = true;
        Entry entry = base;
        entry.attribute = attribute_key(*attribute);
        entry.stream = role.name;
        entry.kind = role.what == Role::stream ? EntryKind::stream : EntryKind::file;
        std::string problem = locate_content(fs_, file, attribute, parent, entry);
        if (std::find(met.begin(), met.end(), entry.attribute) != met.end()) {
            problem = refuse(entry, Reason::damaged, "another of its attributes has the same number");
            entry.attribute = 0;  // as of any that could not be read
        }
        met.push_back(entry.attribute);
        emit(std::move(entry), std::move(problem));
    }
    if (!is_ntfs) return has_main;
    report_dropped(file, list, base);
    return emit_listed(parent, file, list, base, met) || has_main || has_stream;
}

// What the record of a file holds, and is not listed.
void Walker::report_dropped(const TSK_FS_FILE* file, const AttributeList& list, const Entry& base) {
    if (base.state != EntryState::allocated || !file->meta->attr) return;
    std::size_t listed = list.is_beyond_libtsk ? list.contents_in(base.address) : 0;
    for (const TSK_FS_ATTR* a = file->meta->attr->head; a; a = a->next)
        listed += (a->flags & TSK_FS_ATTR_INUSE) && a->type == TSK_FS_ATTR_TYPE_NTFS_DATA && !is_read_by_list(*a, list);
    const std::optional<MftRecord> record = records_.read(base.address);
    if (!record)
        return report(ProblemKind::damaged, "its record makes no sense; contents may be missing", base.address,
                      base.path);
    const std::size_t contents = record->contents().size();
    if (contents > listed)
        report(ProblemKind::damaged,
               fmt::format("{} of its contents are not listed: attributes have the same number or name",
                           contents - listed),
               base.address, base.path);
}

// By the records that the list names, and not by what libtsk loaded of them.
std::string Walker::locate_listed(const TSK_FS_FILE* parent, TSK_FS_FILE* file, const ListedAttribute& listed,
                                  bool is_beyond, Entry& entry) {
    const std::unique_ptr<ListedContent> content = read_listed_content(records_, file, listed);
    if (!content) return refuse(entry, Reason::damaged, "it is in a record that cannot be read or contradicts itself");
    std::string problem = locate_content(fs_, file, &content->attribute, parent, entry);
    if (entry.source != Source::worker) return problem;
    if (is_beyond) return refuse(entry, Reason::limit, "compressed, in more records than libtsk reads");
    return refuse(entry, Reason::damaged, "compressed, in a record that libtsk does not read");
}

// The contents that an NTFS attribute list names, but libtsk did not load, or not to their ends. True when there are
// any.
// `met`: the attributes of the file that were listed before.
bool Walker::emit_listed(const TSK_FS_FILE* parent, TSK_FS_FILE* file, const AttributeList& list, const Entry& base,
                         const std::vector<std::uint32_t>& met) {
    const bool is_in_use = base.state == EntryState::allocated;
    if (is_in_use && !list.is_readable)
        report(ProblemKind::damaged, "its attribute list cannot be read; contents may be missing", base.address,
               base.path);
    bool has_any = false, has_index = false;
    std::uint32_t key = TSK_FS_ATTR_TYPE_NTFS_DATA << 16 | 0xFFFF;  // libtsk seldom comes so far
    for (const ListedAttribute& listed : list.attributes) {
        const bool is_content = listed.type == TSK_FS_ATTR_TYPE_NTFS_DATA;
        if (is_loaded(file, listed) && !(is_content && list.is_beyond_libtsk)) continue;
        has_index |= listed.type == TSK_FS_ATTR_TYPE_NTFS_IDXROOT || listed.type == TSK_FS_ATTR_TYPE_NTFS_IDXALLOC;
        if (!is_content) continue;
        has_any = true;
        if (listed.name.empty() && is_directory(*file)) continue;
        Entry entry = base;
        entry.stream = listed.name;
        entry.kind = listed.name.empty() ? EntryKind::file : EntryKind::stream;
        entry.size = 0;
        std::string problem = locate_listed(parent, file, listed, list.is_beyond_libtsk, entry);
        while (std::find(met.begin(), met.end(), key) != met.end()) --key;
        if (entry.source != Source::none) entry.attribute = key--;
        emit(std::move(entry), std::move(problem));
    }
    report_flaws(nullptr);
    if (is_in_use && has_index)
        report(ProblemKind::damaged, "its index is in a record that cannot be read", base.address, base.path);
    return has_any;
}

void Walker::emit(Entry entry, std::string problem) {
    report_flaws(&entry);
    if (is_capped(entry)) return;
    sink_.entry(entry);
    const std::string error = take_error();
    if (!problem.empty())
        report(kind_of(entry.reason), problem + (error.empty() ? "" : ": " + error), entry.address,
               std::move(entry.path), false);
}

bool Walker::is_capped(const Entry& entry) {
    if (++entries_ > limits_.entries) {
        is_full_ = true;
        report_whole(ProblemKind::capped, fmt::format("more than {} entries; the rest is not listed", limits_.entries));
        return true;
    }
    if (entry.state != EntryState::orphan) return false;
    if (are_orphans_full_) return true;
    ++orphan_entries_;
    // What is to be read of it: a size is a lie until then.
    orphan_bytes_ += entry.source == Source::worker ? std::min(entry.size, fs_.image.length())
                                                    : stored_bytes(entry.extents) + entry.resident.size();
    const auto most_bytes = checked_multiply(limits_.orphan_volume_factor, fs_.image.length());
    if (orphan_entries_ <= limits_.orphan_entries && (!most_bytes || orphan_bytes_ <= *most_bytes)) return false;
    are_orphans_full_ = true;
    report_whole(ProblemKind::capped, "orphan entries over the limit of their number or bytes; the rest is not listed");
    return true;
}

// Metadata that could not be read: each range is a Problem, and an entry that rests on it has no content we believe.
void Walker::report_flaws(Entry* entry) {
    const ReadFlaws flaws = fs_.image.take_flaws();
    for (const BadRange& flaw : flaws) sink_.problem(problem_of(flaw, fs_.image.sector_size()));
    if (flaws.empty() || !entry) return;
    entry->source = Source::none;
    entry->reason = reason_of(flaws.front().cause);
    entry->extents.clear();
    entry->resident.clear();
}

void Walker::report_whole(ProblemKind kind, std::string detail, bool hides_entries) {
    report(kind, std::move(detail), std::nullopt, {}, hides_entries);
}

void Walker::report(ProblemKind kind, std::string detail, std::optional<std::uint64_t> address, std::string path,
                    bool hides_entries) {
    Problem problem;
    problem.kind = kind;
    problem.hides_entries = hides_entries;
    problem.detail = std::move(detail);
    problem.address = address;
    problem.path = std::move(path);
    sink_.problem(problem);
}

}  // namespace triage::tsk
