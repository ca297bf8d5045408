// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/iso_trees.h"

#include <fmt/format.h>

#include <set>
#include <vector>

namespace triage::tsk {
namespace {

constexpr std::uint64_t most_directory_bytes = 64 << 20;  // of one tree: more than a million names
constexpr std::size_t longest_path = 32 << 10;

struct IsoDirectory {
    std::uint64_t block, size;
    std::string path;
};

// One tree, a directory at a time.
class IsoTree {
  public:
    IsoTree(OpenFilesystem& fs, const IsoRoot& root)
        : fs_(fs),
          sectors_(*fs.fs),
          records_(fs.image, first_iso_descriptor, sectors_),
          is_joliet_(root.is_joliet),
          pending_{{root.block, root.size, {}}} {}
    bool is_at_end() const { return pending_.empty(); }
    // The names of the next directory and its path; nothing of one that was there before.
    std::vector<IsoName> next(std::string& path, std::string& flaw) {
        const IsoDirectory directory = std::move(pending_.back());
        pending_.pop_back();
        path = directory.path;
        if (!entered_.insert({directory.block, directory.size}).second) return {};
        flaw = read(directory);
        if (!flaw.empty()) return {};
        flaw = records_.flaw();
        std::vector<IsoName> names = records_.names(is_joliet_);
        for (auto name = names.rbegin(); name != names.rend(); ++name) {
            if (!name->is_directory) continue;
            const IsoSection& place = name->content.sections.front();
            if (path.size() < longest_path) pending_.push_back({place.block, place.size, path + "/" + name->name});
            else flaw = "its path is longer than 32 KiB; what is below it is not listed";
        }
        return names;
    }

  private:
    std::string read(const IsoDirectory& directory) {
        const auto at = checked_multiply(directory.block, fs_.fs->block_size);
        if (directory.size > most_directory_bytes - bytes_) return "more than the limit of 64 MiB of directories";
        bytes_ += directory.size;
        Bytes content(directory.size);
        if (!at || !sectors_.read(fs_.image, *at, content)) return "it cannot be read";
        records_.open(content);
        return {};
    }
    OpenFilesystem& fs_;
    const IsoSectors sectors_;
    IsoRecords records_;
    bool is_joliet_;
    std::vector<IsoDirectory> pending_;
    std::set<std::pair<std::uint64_t, std::uint64_t>> entered_;  // block and size
    std::uint64_t bytes_ = 0;
};

std::uint64_t listed_root(TSK_FS_INFO* fs) {
    const FileHandle root(tsk_fs_file_open_meta(fs, nullptr, fs->root_inum));
    take_error();
    return root && root->meta && root->meta->content_ptr ? *static_cast<TSK_DADDR_T*>(root->meta->content_ptr) : 0;
}

}  // namespace

bool IsoTrees::insert(const IsoContent& content) {
    std::vector<Place> places;
    for (const IsoSection& section : content.sections)
        if (section.size > 0) places.emplace_back(section.block, section.size);
    sections_.insert(places.begin(), places.end());
    return !places.empty() && files_.insert(std::move(places)).second;
}

void IsoTrees::add(const IsoContent& content) { insert(content); }

bool IsoTrees::is_listed(const TSK_FS_META& meta) const {
    if (!meta.content_ptr || meta.size <= 0) return false;
    return sections_.count({*static_cast<const TSK_DADDR_T*>(meta.content_ptr), static_cast<std::uint64_t>(meta.size)});
}

void IsoTrees::list_others(OpenFilesystem& fs, const SeeFile& see, const TellFlaw& tell) {
    const std::uint64_t listed = listed_root(fs.fs);
    for (const IsoRoot& root : fs.iso->roots()) {
        IsoTree tree(fs, root);
        while (!tree.is_at_end()) {
            std::string path, flaw;
            const std::vector<IsoName> names = tree.next(path, flaw);
            if (!flaw.empty() && root.block != listed) tell(path, flaw);
            for (const IsoName& name : names)
                if (!name.is_directory && insert(name.content) && !see(path + "/" + name.name, name.content)) return;
        }
    }
}

}  // namespace triage::tsk
