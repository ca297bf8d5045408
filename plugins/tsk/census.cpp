// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/census.h"

#include <fmt/format.h>

#include <array>

#include "plugins/tsk/apfs.h"

namespace triage::tsk {

Census::Census(OpenFilesystem& fs) {
    if (fs.fs->ftype == TSK_FS_TYPE_HFS) read_hfs_header(fs);
    if (fs.fs->ftype == TSK_FS_TYPE_APFS) read_apfs_superblock(fs);
}

// fileCount and folderCount: the records of the catalog, but the root's.
void Census::read_hfs_header(OpenFilesystem& fs) {
    std::array<std::byte, 40> header{};
    counts_names_ = true;
    if (!fs.image.read(static_cast<std::uint64_t>(fs.fs->offset) + 1024, header)) return;
    claimed_ = std::uint64_t{*load_be<std::uint32_t>(header, 32)} + *load_be<std::uint32_t>(header, 36);
}

// apfs_num_files, apfs_num_directories, apfs_num_symlinks, apfs_num_other_fsobjects.
void Census::read_apfs_superblock(OpenFilesystem& fs) {
    Bytes superblock(fs.fs->block_size);
    if (!fs.apfs_superblock || !fs.image.read(*fs.apfs_superblock, superblock)) return;
    if (superblock.size() < 216 || as_text(superblock).substr(32, 4) != "APSB") return;
    is_damaged_ = !is_sound_apfs_object(superblock);
    std::uint64_t claimed = 0;
    for (const std::size_t at : {184, 192, 200, 208}) {
        const auto sum = checked_add(claimed, *load_le<std::uint64_t>(superblock, at));
        claimed = sum.value_or(~0ull);
    }
    claimed_ = claimed;
}

void Census::add(const TSK_FS_FILE& file) {
    if (!claimed_) return;
    const bool is_linked = file.meta && !TSK_FS_IS_DIR_META(file.meta->type) && file.meta->nlink > 1;
    if (counts_names_ || !is_linked || linked_.insert(file.name->meta_addr).second) ++met_;
}

std::string Census::missing() const {
    if (is_damaged_) return "its superblock contradicts its checksum; names may be missing";
    if (!claimed_ || met_ >= *claimed_) return {};
    return fmt::format("its header counts {} files and folders, of which {} are not listed; names may be missing",
                       *claimed_, *claimed_ - met_);
}

}  // namespace triage::tsk
