// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/journal.h"

#include <array>

#include "plugins/tsk/ext_journal.h"

namespace triage::tsk {
namespace {

constexpr const char* not_applied = "its journal holds changes that were not applied: files may be missing or old";
constexpr const char* not_here = "its journal is not on this volume and was not applied: files may be missing or old";
constexpr const char* not_read =
    "its journal, whose changes were to be applied, cannot be read: files may be missing or old";
constexpr const char* not_unmounted =
    "it was not unmounted: what its journal may hold of the last seconds before was not applied";

bool read_file(TSK_FS_FILE* file, std::uint64_t at, MutableBytes out) {
    const ssize_t got = tsk_fs_file_read(file, static_cast<TSK_OFF_T>(at), reinterpret_cast<char*>(out.data()),
                                         out.size(), TSK_FS_FILE_READ_FLAG_NONE);
    take_error();
    return got == static_cast<ssize_t>(out.size());
}

// The feature needs_recovery alone says no more than that it is mounted.
const char* ext_changes(OpenFilesystem& fs) {
    if (!fs.ext4->needs_recovery()) return "";
    const std::vector<std::uint32_t> system = fs.ext4->system_inodes();
    if (system.empty() || system.front() == 0) return not_here;
    const FileHandle journal(tsk_fs_file_open_meta(fs.fs, nullptr, system.front()));
    take_error();
    const JournalSource source{
        [&](std::uint64_t at, MutableBytes out) { return journal && read_file(journal.get(), at, out); },
        [&](std::uint64_t at, MutableBytes out) { return fs.image.read(at, out); },
    };
    const std::optional<bool> differs = differs_from_journal(source);
    return !differs ? not_read : *differs ? not_applied : "";
}

const char* ntfs_changes(OpenFilesystem& fs) {
    constexpr std::uint64_t log_record = 2, page_bytes = 4096;
    const FileHandle log(tsk_fs_file_open_meta(fs.fs, nullptr, log_record));
    take_error();
    std::array<std::byte, 512> first{}, second{};
    if (!log || !read_file(log.get(), 0, first)) return "";  // told where it is listed
    return read_file(log.get(), page_bytes, second) && is_log_in_use(first, second) ? not_unmounted : "";
}

const char* hfs_changes(OpenFilesystem& fs) {
    constexpr std::uint32_t was_unmounted = 1 << 8, is_journaled = 1 << 13;  // of the volume header
    constexpr std::uint32_t is_elsewhere = 2, is_not_made = 4;               // of the journal info block
    const auto volume = static_cast<std::uint64_t>(fs.fs->offset);
    std::array<std::byte, 44> header{};
    if (!fs.image.read(volume + 1024, header)) return "";
    const std::uint32_t attributes = *load_be<std::uint32_t>(header, 4);
    if (!(attributes & is_journaled)) return "";
    const std::uint64_t block = *load_be<std::uint32_t>(header, 12), block_bytes = *load_be<std::uint32_t>(header, 40);
    std::array<std::byte, 44> place{};
    std::array<std::byte, 24> journal{};
    const char* unknown = attributes & was_unmounted ? "" : not_read;
    if (!fs.image.read(volume + block * block_bytes, place)) return unknown;
    const std::uint32_t flags = *load_be<std::uint32_t>(place, 0);
    if (flags & is_not_made) return "";
    if (flags & is_elsewhere) return attributes & was_unmounted ? "" : not_here;
    const auto at = checked_add(volume, *load_be<std::uint64_t>(place, 36));
    if (!at || !fs.image.read(*at, journal)) return unknown;
    const std::optional<bool> is_filled = holds_hfs_transactions(journal);
    return !is_filled ? unknown : *is_filled ? not_applied : "";
}

}  // namespace

std::string unapplied_changes(OpenFilesystem& fs) {
    if (fs.ext4) return ext_changes(fs);
    if (TSK_FS_TYPE_ISNTFS(fs.fs->ftype)) return ntfs_changes(fs);
    return fs.fs->ftype == TSK_FS_TYPE_HFS ? hfs_changes(fs) : "";
}

std::optional<bool> holds_hfs_transactions(ByteView header) {
    constexpr std::uint32_t magic = 0x4A4E4C78, magic_swapped = 0x784C4E4A;  // in the byte order of who wrote it
    const auto stored = load_le<std::uint32_t>(header, 0);
    if (header.size() < 24 || (stored != magic && stored != magic_swapped)) return std::nullopt;
    const auto places = header.subspan(8, 16);
    return as_text(places.first(8)) != as_text(places.last(8));
}

bool is_log_in_use(ByteView first_page, ByteView second_page) {
    constexpr std::uint16_t nobody = 0xFFFF, is_clean = 2;
    std::optional<std::uint64_t> newest;
    bool is_in_use = false;
    for (const ByteView page : {first_page, second_page}) {
        const std::uint16_t area = load_le<std::uint16_t>(page, 24).value_or(0);
        const auto number = load_le<std::uint64_t>(page, area);
        const auto client = load_le<std::uint16_t>(page, area + 12u), flags = load_le<std::uint16_t>(page, area + 14u);
        if (!flags || as_text(page.first(4)) != "RSTR" || (newest && *number <= *newest)) continue;
        newest = number;
        is_in_use = client != nobody && !(*flags & is_clean);
    }
    return is_in_use;
}

}  // namespace triage::tsk
