// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/recognise.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "plugins/tsk/iso_sessions.h"

namespace triage::tsk {
namespace {

using namespace std::string_view_literals;

struct Signature {
    std::uint64_t offset;  // from the start of the volume
    std::string_view bytes;
    std::string_view type, words;
    ProblemKind kind;
};

constexpr auto locked = ProblemKind::locked;
constexpr auto unsupported = ProblemKind::unsupported;
constexpr auto damaged = ProblemKind::damaged;

// Offsets and magic numbers as in each format's own description and in util-linux libblkid's superblock probes.
constexpr std::array signatures{
    Signature{0, "LUKS\xba\xbe"sv, "luks", "encrypted with LUKS; no key is known", locked},
    Signature{16384, "SKUL\xba\xbe"sv, "luks", "encrypted with LUKS (second header); no key is known", locked},
    Signature{3, "-FVE-FS-"sv, "bitlocker", "encrypted with BitLocker; no key is known", locked},
    // BitLocker To Go: a FAT-like boot sector with the BitLocker identifier at 0x1A8 (GUID 4967D63B-...).
    Signature{0x1A8, "\x3b\xd6\x67\x49\x29\x2e\xd8\x4a\x83\x99\xf6\xa3\x39\xe3\xd0\x01"sv, "bitlocker",
              "encrypted with BitLocker To Go; no key is known", locked},
    Signature{0x1A0, "\x3b\xd6\x67\x49\x29\x2e\xd8\x4a\x83\x99\xf6\xa3\x39\xe3\xd0\x01"sv, "bitlocker",
              "encrypted with BitLocker To Go; no key is known", locked},
    Signature{88, "CS"sv, "corestorage", "Core Storage, usually FileVault 2; no key is known", locked},
    Signature{0x218, "LVM2 001"sv, "lvm2", "LVM2 physical volume: not read by this build", unsupported},
    Signature{0x018, "LVM2 001"sv, "lvm2", "LVM2 physical volume: not read by this build", unsupported},
    Signature{0, "XFSB"sv, "xfs", "XFS: not read by this build", unsupported},
    Signature{0x10040, "_BHRfS_M"sv, "btrfs", "Btrfs: not read by this build", unsupported},
    Signature{1024, "\x10\x20\xf5\xf2"sv, "f2fs", "F2FS: not read by this build", unsupported},
    Signature{3, "ReFS\0\0\0\0"sv, "refs", "ReFS: not read by this build", unsupported},
    Signature{1024, "BD"sv, "hfs-classic", "classic HFS: not read by this build", unsupported},
    Signature{0, "hsqs"sv, "squashfs", "SquashFS: not read by this build", unsupported},
    Signature{1024, "\xe2\xe1\xf5\xe0"sv, "erofs", "EROFS: not read by this build", unsupported},
    Signature{0x10034, "ReIsEr"sv, "reiserfs", "ReiserFS: not read by this build", unsupported},
    Signature{0x8000, "JFS1"sv, "jfs", "JFS: not read by this build", unsupported},
    Signature{0x406, "\x34\x34"sv, "nilfs2", "NILFS2: not read by this build", unsupported},
    Signature{0, "\xfc\x4e\x2b\xa9"sv, "md-raid", "Linux RAID member: not read by this build", unsupported},
    Signature{4096, "\xfc\x4e\x2b\xa9"sv, "md-raid", "Linux RAID member: not read by this build", unsupported},
    // libtsk looks for the superblock of UFS2 at 64 and 256 KiB only; kernels, and makefs, know 8 KiB as well.
    Signature{0x255c, "\x19\x01\x54\x19"sv, "ufs2", "UFS2 with its superblock at 8 KiB: not read by this build",
              unsupported},
    Signature{0x255c, "\x19\x54\x01\x19"sv, "ufs2", "UFS2 with its superblock at 8 KiB: not read by this build",
              unsupported},
    Signature{0, "\3\0\0\0\1\0\0\0\xff\xff"sv, "yaffs2", "YAFFS2: not read by this build", unsupported},
    Signature{0, "\0\0\0\3\0\0\0\1\xff\xff"sv, "yaffs2", "YAFFS2: not read by this build", unsupported},
    // Containers given as if they were the media itself.
    Signature{0, "QFI\xfb"sv, "qcow", "a QEMU image (QCOW): not read by this build; convert it to raw or E01",
              unsupported},
    Signature{0, "KDMV"sv, "vmdk", "a VMware image (VMDK): not read by this build; convert it to raw or E01",
              unsupported},
    Signature{0, "COWD"sv, "vmdk", "a VMware image (VMDK): not read by this build; convert it to raw or E01",
              unsupported},
    Signature{0, "# Disk DescriptorFile"sv, "vmdk", "a VMware descriptor (VMDK): not read by this build", unsupported},
    Signature{0, "vhdxfile"sv, "vhdx", "a Hyper-V image (VHDX): not read by this build; convert it to raw or E01",
              unsupported},
    Signature{0, "conectix"sv, "vhd", "a dynamic VHD: not read by this build; convert it to raw or E01", unsupported},
    Signature{64, "\x7f\x10\xda\xbe"sv, "vdi", "a VirtualBox image (VDI): not read by this build; convert it",
              unsupported},
    Signature{0, "AFF10"sv, "aff", "an AFF image: not read by this build; convert it to raw or E01", unsupported},
    Signature{0, "EVF2\r\n\x81\0"sv, "ewf2", "an Ex01 image: not read by this build; convert it to E01", unsupported},
    Signature{0, "LVF\x09\r\n\xff\0"sv, "l01", "a logical evidence file (L01): not read by this build", unsupported},
    Signature{0, "PK\x03\x04"sv, "zip", "a ZIP file (perhaps AFF4): not read as an image by this build", unsupported},
    // Formats that libtsk reads, when it could not.
    Signature{3, "NTFS    "sv, "ntfs", "NTFS by its boot sector, but it cannot be opened", damaged},
    Signature{3, "EXFAT   "sv, "exfat", "exFAT by its boot sector, but it cannot be opened", damaged},
    Signature{0x36, "FAT1"sv, "fat", "FAT by its boot sector, but it cannot be opened", damaged},
    Signature{0x52, "FAT32"sv, "fat32", "FAT32 by its boot sector, but it cannot be opened", damaged},
    Signature{0x438, "\x53\xef"sv, "ext", "ext2/3/4 by its superblock, but it cannot be opened", damaged},
    Signature{1024, "H+\0\x04"sv, "hfs", "HFS+ by its volume header, but it cannot be opened", damaged},
    Signature{1024, "HX\0\x05"sv, "hfs", "HFSX by its volume header, but it cannot be opened", damaged},
    Signature{32, "NXSB"sv, "apfs", "APFS by its container superblock, but it cannot be opened", damaged},
    Signature{0x255c, "\x54\x19\x01\0"sv, "ufs", "UFS1 by its superblock, but it cannot be opened", damaged},
    Signature{0x255c, "\0\x01\x19\x54"sv, "ufs", "UFS1 by its superblock, but it cannot be opened", damaged},
    Signature{0x1055c, "\x19\x01\x54\x19"sv, "ufs2", "UFS2 by its superblock, but it cannot be opened", damaged},
    Signature{0x1055c, "\x19\x54\x01\x19"sv, "ufs2", "UFS2 by its superblock, but it cannot be opened", damaged},
    Signature{0x8001, "CD001"sv, "iso9660", "ISO 9660 by its descriptor, but it cannot be opened", damaged},
};

bool holds(Image& image, const Signature& signature) {
    std::array<std::byte, 32> bytes{};
    const MutableBytes there = MutableBytes(bytes).first(signature.bytes.size());
    return signature.offset + there.size() <= image.length() && image.read(signature.offset, there) &&
           as_text(there) == signature.bytes;
}

std::uint32_t number_at(Image& image, std::uint64_t offset, bool is_big_endian = false) {
    std::array<std::byte, 4> bytes{};
    if (!image.read(offset, bytes)) return ~0u;
    if (is_big_endian) std::reverse(bytes.begin(), bytes.end());
    return *load_le<std::uint32_t>(bytes, 0);
}

// mkswap puts its signature into the last ten bytes of the first page; page sizes in use go from 4 to 64 KiB. Where
// that page ends; 0: there is none. Linux takes the newer one with version 1 in the header only, which another format's
// overwrites.
std::uint64_t swap_page(Image& image) {
    const bool has_version = number_at(image, 1024) == 1 || number_at(image, 1024, true) == 1;
    for (std::uint64_t page : {4096u, 8192u, 16384u, 65536u})
        for (std::string_view magic : {"SWAPSPACE2"sv, "SWAP-SPACE"sv})
            if ((has_version || magic == "SWAP-SPACE") && holds(image, {page - 10, magic, {}, {}, unsupported}))
                return page;
    return 0;
}

// The volume recognition sequence (ECMA-167, part 2, 8.3.1; ECMA-119 6.7.1) starts at 32 KiB and is as long as a disc
// has descriptors; with sectors of 4096 bytes every second place is empty, and one may be damaged or unreadable.
bool holds_udf(Image& image) {
    constexpr std::uint64_t most_descriptors = 128;
    const IsoSectors sectors = find_iso_sectors(image).value_or(IsoSectors{});
    int empty = 0;
    for (std::uint64_t i = 0; i < most_descriptors && empty < 4; ++i) {
        std::array<std::byte, 6> head{};
        image.read(sectors.place_of(first_iso_descriptor + i), head);  // zeros where it cannot be
        const std::string_view id = as_text(head).substr(1);
        if (id == "NSR02" || id == "NSR03") return true;
        const bool is_descriptor = id == "CD001" || id == "BEA01" || id == "TEA01" || id == "BOOT2" || id == "CDW02";
        empty = is_descriptor ? 0 : empty + 1;
    }
    return false;
}

// By the fields of its boot sector and the start of its FAT ("FAT: General Overview of On-Disk Format" 1.03): the name
// of the type is a comment that some leave out. Where that start ends; 0: there is none.
std::uint64_t fat_table(Image& image) {
    std::array<std::byte, 32> boot{};
    if (!image.read(0, boot)) return 0;
    const unsigned sector = *load_le<std::uint16_t>(boot, 11), reserved = *load_le<std::uint16_t>(boot, 14);
    const auto cluster = std::to_integer<unsigned>(boot[13]), tables = std::to_integer<unsigned>(boot[16]);
    const bool is_plausible = std::has_single_bit(sector) && sector >= 512 && sector <= 4096 &&
                              std::has_single_bit(cluster) && reserved > 0 && (tables == 1 || tables == 2) &&
                              boot[21] >= std::byte{0xf0};
    std::array<std::byte, 3> table{};
    const std::uint64_t start = std::uint64_t{sector} * reserved;
    if (!is_plausible || start + table.size() > image.length() || !image.read(start, table)) return 0;
    const bool is_table = table[0] == boot[21] && table[1] == std::byte{0xff} && table[2] == std::byte{0xff};
    return is_table ? start + table.size() : 0;
}

// More of a header than its mark of two bytes: ext, first data block and block size; classic HFS, allocation block
// size; NILFS2, revision; Core Storage, checksum algorithm.
bool is_borne_out(Image& image, const Signature& signature) {
    if (signature.bytes.size() > 2) return true;
    if (signature.type == "ext") return number_at(image, 0x414) <= 1 && number_at(image, 0x418) <= 6;
    if (signature.type == "nilfs2") return number_at(image, 0x400) == 2;
    if (signature.type == "corestorage") return number_at(image, 90) == 1;
    const std::uint32_t block_size = number_at(image, 0x414, true);
    return block_size != 0 && block_size % 512 == 0;
}

// Clusters of more than 128 sectors are stored as an exponent of two, negated; libtsk knows the plain number only.
std::string why_unsupported_ntfs(Image& image) {
    std::array<std::byte, 1> stored{};
    if (!image.read(13, stored)) return {};
    const auto exponent = 256 - std::to_integer<unsigned>(stored[0]);
    if (exponent < 8 || exponent > 12) return {};  // Windows goes up to 2 MiB
    return fmt::format("NTFS with clusters of 2^{} sectors: not read by this build", exponent);
}

Recognised recognised(Image& image, const Signature& s) {
    Recognised found{std::string(s.type), s.kind, std::string(s.words)};
    found.is_boot_sector = s.kind == locked && s.offset < 8;
    found.end = s.type == "iso9660" ? 0 : s.offset + s.bytes.size();
    if (s.type == "ntfs")
        if (std::string why = why_unsupported_ntfs(image); !why.empty())
            found.kind = unsupported, found.words = std::move(why);
    return found;
}

// What would be read is told after what would not, and swap, which holds nothing, last: its mark outlives it.
std::vector<Recognised> borne_out_headers(Image& image) {
    std::vector<Recognised> found;
    for (const Signature& s : signatures) {
        const bool is_known =
            std::any_of(found.begin(), found.end(), [&](const Recognised& r) { return r.type == s.type; });
        if (!is_known && holds(image, s) && is_borne_out(image, s)) found.push_back(recognised(image, s));
    }
    if (holds_udf(image)) found.push_back({"udf", unsupported, "UDF: not read by this build"});
    if (const auto raid = raid_at_end(image))
        found.push_back({.type = "md-raid",
                         .kind = unsupported,
                         .words = raid->words() + ": not read by this build",
                         .end = image.length(),
                         .raid = raid});
    // A UDIF disk image ends in a block that starts with "koly"; a dynamic VHD cut at the front still ends in
    // "conectix".
    if (image.length() >= 512 && holds(image, {image.length() - 512, "koly"sv, {}, {}, unsupported}))
        found.push_back({"udif", unsupported, "an Apple disk image (DMG): not read by this build", image.length()});
    const bool is_fat = std::any_of(found.begin(), found.end(),
                                    [](const Recognised& r) { return r.type == "fat" || r.type == "fat32"; });
    if (const std::uint64_t end = is_fat ? 0 : fat_table(image))
        found.push_back({"fat", damaged, "FAT by its boot sector, but it cannot be opened", end});
    std::stable_partition(found.begin(), found.end(), [](const Recognised& r) { return r.kind != damaged; });
    if (const std::uint64_t end = swap_page(image)) found.push_back({"swap", unsupported, "Linux swap", end, true});
    return found;
}

}  // namespace

std::vector<Recognised> recognise(Image& image) {
    std::vector<Recognised> found = borne_out_headers(image);
    if (!found.empty()) return found;
    const auto mark =
        std::find_if(signatures.begin(), signatures.end(), [&](const Signature& s) { return holds(image, s); });
    if (mark != signatures.end()) found.push_back(recognised(image, *mark)), found.back().is_borne_out = false;
    return found;
}

bool holds_beside_table(Image& image, std::uint64_t free_bytes) {
    const std::vector<Recognised> found = borne_out_headers(image);
    return std::any_of(found.begin(), found.end(), [&](const Recognised& r) { return r.end <= free_bytes; });
}

bool looks_blank(Image& image) {
    const std::size_t size = std::min<std::uint64_t>(image.length(), 64 << 10);
    Bytes first(size), last(size);
    if (size == 0 || !image.read(0, first) || !image.read(image.length() - size, last)) return false;
    const auto is_first = [&](std::byte b) { return b == first.front(); };
    return std::all_of(first.begin(), first.end(), is_first) && std::all_of(last.begin(), last.end(), is_first);
}

}  // namespace triage::tsk
