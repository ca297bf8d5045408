// SPDX-License-Identifier: Apache-2.0
// Partition tables through The Sleuth Kit: DOS with extended partitions, GPT, Apple, BSD, Sun. Runs in a worker.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>

#include "engine/evidence/volume.h"
#include "plugins/tsk/extended_partitions.h"
#include "plugins/tsk/recognise.h"

namespace triage {
namespace {

using namespace tsk;

struct CloseVolumeSystem {
    void operator()(TSK_VS_INFO* vs) const { tsk_vs_close(vs); }
};
using VolumeSystemHandle = std::unique_ptr<TSK_VS_INFO, CloseVolumeSystem>;

constexpr std::size_t most_volumes = 10'000;
constexpr std::uint64_t most_overlap = 16;            // bytes of all volumes, in multiples of the media
constexpr std::uint64_t largest_gpt_table = 4 << 20;  // bytes; 16 KiB is usual

constexpr std::array types_by_preference{TSK_VS_TYPE_GPT, TSK_VS_TYPE_DOS, TSK_VS_TYPE_MAC, TSK_VS_TYPE_SUN,
                                         TSK_VS_TYPE_BSD};

// GPT partition types (UEFI specification 2.10, section 5.3.3; systemd's discoverable partitions), as stored.
using Guid = std::array<std::byte, 16>;
Guid guid(std::string_view stored_hex) {
    Guid value{};
    const std::optional<Bytes> bytes = from_hex(stored_hex);
    if (bytes && bytes->size() == value.size()) std::copy(bytes->begin(), bytes->end(), value.begin());
    return value;
}
VolumeRole role_of_type(const Guid& type) {
    if (type == guid("16e3c9e35c0bb84d817df92df00215ae")) return VolumeRole::reserved;  // Microsoft reserved
    if (type == guid("4861682149646f6e744e656564454649")) return VolumeRole::reserved;  // BIOS boot
    if (type == guid("6dfd5706aba4c44384e50933c84b4f4f")) return VolumeRole::swap;      // Linux swap
    return VolumeRole::filesystem;
}

// First sector → role, for the partitions of a GPT. libtsk gives their names only. Where two start, which contradict
// each other, a file system is expected.
std::map<std::uint64_t, VolumeRole> roles_in_gpt(Image& image, std::uint32_t sector_size) {
    std::map<std::uint64_t, VolumeRole> roles;
    std::array<std::byte, 92> header{};
    if (!image.read(sector_size, header) || as_text(header).substr(0, 8) != "EFI PART") return roles;
    const std::uint64_t table = *load_le<std::uint64_t>(header, 72);
    const std::uint32_t count = std::min(*load_le<std::uint32_t>(header, 80), 1024u);
    const std::uint32_t size = *load_le<std::uint32_t>(header, 84);
    if (size < 128 || size > 4096 || table > image.length() / sector_size) return roles;
    for (std::uint32_t i = 0; i < count; ++i) {
        std::array<std::byte, 48> entry{};
        if (!image.read(table * sector_size + std::uint64_t{i} * size, entry)) break;
        Guid type{};
        std::copy_n(entry.begin(), type.size(), type.begin());
        const VolumeRole role = role_of_type(type);
        const auto [known, is_new] = roles.emplace(*load_le<std::uint64_t>(entry, 32), role);
        if (!is_new && known->second != role) known->second = VolumeRole::filesystem;
    }
    return roles;
}

void report(VolumeList& list, std::string detail, ProblemKind kind = ProblemKind::damaged) {
    Problem problem;
    problem.kind = kind;
    problem.detail = std::move(detail);
    list.problems.push_back(std::move(problem));
}

// The protective partition of a GPT alone: the GPT is damaged, and libtsk falls back to what protects it.
bool is_protective(const TSK_VS_INFO& vs) {
    if (vs.vstype != TSK_VS_TYPE_DOS) return false;
    for (const TSK_VS_PART_INFO* part = vs.part_list; part; part = part->next)
        if ((part->flags & TSK_VS_PART_FLAG_ALLOC) && part->desc && std::strstr(part->desc, "(0xee)")) return true;
    return false;
}

VolumeSystemHandle open_as(Image& image, TSK_VS_TYPE_ENUM type) {
    VolumeSystemHandle vs(tsk_vs_open(image.handle(), 0, type));
    take_error();
    return vs;
}

// libtsk's detection takes the partition that protects a damaged GPT for all there is, and never frees that of a sound
// one.
VolumeSystemHandle open_protected_gpt(Image& image) {
    const VolumeSystemHandle dos = open_as(image, TSK_VS_TYPE_DOS);
    if (!dos || !is_protective(*dos)) return nullptr;
    for (const TSK_VS_TYPE_ENUM other : {TSK_VS_TYPE_BSD, TSK_VS_TYPE_SUN, TSK_VS_TYPE_MAC})
        if (open_as(image, other)) return nullptr;
    return open_as(image, TSK_VS_TYPE_GPT);
}

VolumeSystemHandle open_any_system(Image& image, VolumeList& list) {
    if (VolumeSystemHandle gpt = open_protected_gpt(image)) return gpt;
    take_error();
    VolumeSystemHandle vs(tsk_vs_open(image.handle(), 0, TSK_VS_TYPE_DETECT));
    // libtsk names the candidates: "Cannot determine partition type (GPT or DOS at 0)".
    if (vs || take_error().find(" or ") == std::string::npos) return vs;
    std::string answering;
    VolumeSystemHandle first;
    for (TSK_VS_TYPE_ENUM type : types_by_preference) {
        VolumeSystemHandle one = open_as(image, type);
        if (!one) continue;
        answering += std::string(answering.empty() ? "" : ", ") + tsk_vs_type_toname(type);
        if (!first) first = std::move(one);
    }
    // Only one table is followed, so what only another one names is not looked at as a volume of its own.
    report(list, "several partition tables answer (" + answering + "); the first is followed");
    return first;
}

// IEEE 802.3, reflected: the CRC-32 of a GPT.
std::uint32_t crc32(ByteView bytes) {
    std::uint32_t crc = ~0u;
    for (const std::byte byte : bytes) {
        crc ^= std::to_integer<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

// libtsk checks neither checksum: a partition that was wiped from the table would be a gap like any other.
bool are_checksums_right(Image& image, std::uint32_t sector_size) {
    Bytes header(sector_size);
    if (!image.read(sector_size, header)) return false;
    const std::uint32_t length = *load_le<std::uint32_t>(header, 12), sum = *load_le<std::uint32_t>(header, 16);
    if (length < 92 || length > header.size()) return false;
    std::fill_n(header.begin() + 16, 4, std::byte{0});
    if (crc32(ByteView(header).first(length)) != sum) return false;
    const std::uint64_t table = *load_le<std::uint64_t>(header, 72);
    const std::uint64_t bytes =
        std::uint64_t{*load_le<std::uint32_t>(header, 80)} * *load_le<std::uint32_t>(header, 84);
    if (bytes > largest_gpt_table || table > image.length() / sector_size) return false;
    Bytes entries(bytes);
    return image.read(table * sector_size, entries) && crc32(entries) == *load_le<std::uint32_t>(header, 88);
}

// libtsk follows the backup of a sound GPT too, where an MBR names other partitions before the one that protects it.
void check_backup(Image& image, std::uint32_t sector_size, VolumeList& list) {
    std::array<std::byte, 92> first{}, backup{};
    if (!are_checksums_right(image, sector_size) || !image.read(sector_size, first) ||
        !image.read((image.length() / sector_size - 1) * sector_size, backup))
        return report(list, "the first GPT is damaged; the backup at the end of the media is followed");
    const bool is_alike = std::equal(first.begin() + 80, first.end(), backup.begin() + 80);  // the table's
    if (!is_alike) report(list, "the backup of the GPT, which is followed, differs from the first");
}

VolumeSystemHandle open_system(Image& image, VolumeList& list) {
    VolumeSystemHandle vs = open_any_system(image, list);
    if (!vs || vs->vstype != TSK_VS_TYPE_GPT || !list.problems.empty()) return vs;
    if (vs->is_backup) check_backup(image, vs->block_size, list);
    else if (!are_checksums_right(image, vs->block_size))
        report(list, "a checksum of the first GPT is wrong: partitions may be missing");
    return vs;
}

// Where the first partition starts; 0 when one starts with the media.
std::uint64_t free_bytes_at_start(const VolumeList& list) {
    std::uint64_t start = ~0ull;
    for (const Volume& volume : list.volumes)
        if (volume.role != VolumeRole::gap) start = std::min(start, volume.start);
    return start;
}

Volume whole_media(const Image& image) { return {"-", VolumeRole::filesystem, 0, image.length(), {}}; }

// BSD and Sun labels describe the whole disk as a slice of its own (c or d; 2), over all others. Its bytes are theirs:
// it is no volume, and what lies in none of them is a gap. A header at its start that no other slice holds is found by
// `holds_beside_table`. libtsk leaves it out for Sun's "backup" at sector 0 only.
bool is_whole_disk_slice(const TSK_VS_INFO& vs, const TSK_VS_PART_INFO& slice) {
    const bool is_bsd = vs.vstype == TSK_VS_TYPE_BSD;
    if (!is_bsd && vs.vstype != TSK_VS_TYPE_SUN) return false;
    if (slice.start != 0 || (slice.slot_num != 2 && !(is_bsd && slice.slot_num == 3))) return false;
    bool has_others = false;
    for (const TSK_VS_PART_INFO* part = vs.part_list; part; part = part->next) {
        if (part == &slice || !(part->flags & TSK_VS_PART_FLAG_ALLOC)) continue;
        const bool is_inside =
            part->start >= slice.start && part->len <= slice.len && part->start - slice.start <= slice.len - part->len;
        if (!is_inside) return false;
        // Of two that cover the same bytes, the later one is left out.
        if (part->start == slice.start && part->len == slice.len && part->slot_num > slice.slot_num) return false;
        has_others = true;
    }
    return has_others;
}

bool holds_bsd_label(Image& image, std::uint64_t offset) {
    std::array<std::byte, 136> label{};
    constexpr std::uint32_t magic = 0x82564557;
    return image.read(offset, label) && load_le<std::uint32_t>(label, 0) == magic &&
           load_le<std::uint32_t>(label, 132) == magic;
}

// A BSD disk label or a Sun VTOC in the second sector of a DOS partition divides it further.
bool is_divided_further(Image& image, std::uint64_t start) {
    std::array<std::byte, 512> sector{};
    if (start > image.length() || image.length() - start < 1024 || !image.read(start + 512, sector)) return false;
    return holds_bsd_label(image, start + 512) ||
           (*load_le<std::uint32_t>(sector, 12) == 0x600ddeee && *load_le<std::uint16_t>(sector, 508) == 0xdabe);
}

// Apple's map lists itself, drivers and free space as partitions (Inside Macintosh: Devices, chapter 3).
VolumeRole role_in_apple_map(std::string_view type) {
    if (type == "Apple_Free") return VolumeRole::gap;
    const bool is_reserved = type == "Apple_partition_map" || type == "Apple_Patches" ||
                             type.substr(0, 12) == "Apple_Driver" || type == "Apple_FWDriver";
    return is_reserved ? VolumeRole::reserved : VolumeRole::filesystem;
}

// libtsk takes Apple's partitions for free space by a status of 0: one of another type holds what its type says.
bool is_unallocated(const TSK_VS_INFO& vs, const TSK_VS_PART_INFO& part) {
    if (vs.vstype == TSK_VS_TYPE_MAC && part.slot_num >= 0 && part.desc)
        return role_in_apple_map(part.desc) == VolumeRole::gap;
    return part.flags & TSK_VS_PART_FLAG_UNALLOC;
}

bool is_swap(std::string_view description) {
    return description.find("(0x82)") != std::string_view::npos || description == "Swap (0x01)" ||
           description == "swap (0x03)";
}

using Roles = std::map<std::uint64_t, VolumeRole>;

VolumeRole role_of(const TSK_VS_INFO& vs, const TSK_VS_PART_INFO& part, const Roles& roles_in_gpt) {
    if (is_unallocated(vs, part)) return VolumeRole::gap;
    const std::string_view description = part.desc ? part.desc : "";
    if (vs.vstype == TSK_VS_TYPE_MAC) return role_in_apple_map(description);
    if (vs.vstype != TSK_VS_TYPE_GPT) return is_swap(description) ? VolumeRole::swap : VolumeRole::filesystem;
    const auto role = roles_in_gpt.find(part.start);  // the description is a name that anyone may give
    return role != roles_in_gpt.end() ? role->second : VolumeRole::filesystem;
}

void report_part(VolumeList& list, const TSK_VS_INFO& vs, const TSK_VS_PART_INFO& part, const Image& image,
                 std::string detail) {
    report(list, std::move(detail));
    const std::uint64_t scale = std::max(1u, vs.block_size / image.media().map().sector_size);
    list.problems.back().first_sector = part.start * scale, list.problems.back().sectors = part.len * scale;
}

void add_part(const TSK_VS_INFO& vs, const TSK_VS_PART_INFO& part, const Roles& roles, Image& image, VolumeList& list) {
    Volume volume;
    volume.description = part.desc ? part.desc : "";
    volume.role = role_of(vs, part, roles);
    const bool is_gap = volume.role == VolumeRole::gap;
    const std::optional<std::uint64_t> start = checked_multiply(part.start, vs.block_size);
    if (!start || *start >= image.length()) {
        if (!is_gap) report_part(list, vs, part, image, "a partition starts past the end of the media");
        return;
    }
    const std::uint64_t length = checked_multiply(part.len, vs.block_size).value_or(~0ull);
    volume.start = *start;
    volume.length = std::min(length, image.length() - *start);
    if (length > volume.length && !is_gap)
        report_part(
            list, vs, part, image,
            fmt::format("a partition goes on for {} bytes behind the end of the media", length - volume.length));
    if (vs.vstype == TSK_VS_TYPE_DOS && !is_gap && is_divided_further(image, volume.start))
        report(list, "a partition is divided further by a BSD or Sun label: its slices are not looked at",
               ProblemKind::unsupported);
    if (volume.length > 0) list.volumes.push_back(std::move(volume));
}

void add_parts(const TSK_VS_INFO& vs, Image& image, VolumeList& list) {
    const Roles roles = vs.vstype == TSK_VS_TYPE_GPT ? roles_in_gpt(image, vs.block_size) : Roles{};
    std::uint64_t bytes = 0;
    for (const TSK_VS_PART_INFO* part = vs.part_list; part; part = part->next) {
        if ((part->flags & TSK_VS_PART_FLAG_META) || is_whole_disk_slice(vs, *part)) continue;
        if (list.volumes.size() >= most_volumes)
            return report(list, fmt::format("more than {} partitions; the rest is not looked at", most_volumes),
                          ProblemKind::capped);
        const std::size_t before = list.volumes.size();
        add_part(vs, *part, roles, image, list);
        const bool is_volume = list.volumes.size() > before && list.volumes.back().role != VolumeRole::gap;
        if (is_volume) bytes = checked_add(bytes, list.volumes.back().length).value_or(~0ull);
        if (bytes / most_overlap > image.length())
            return report(list, "partitions lie over each other; those behind the sixteenth layer are not looked at",
                          ProblemKind::capped);
    }
}

// A hybrid MBR may name more than the GPT that is followed does.
void add_hybrid_entries(Image& image, std::uint32_t sector_size, VolumeList& list) {
    constexpr unsigned protective = 0xee;
    std::array<std::byte, 512> sector{};
    if (!image.read(0, sector) || load_le<std::uint16_t>(sector, 510) != 0xaa55) return;
    for (std::size_t at = 446; at < 510; at += 16) {
        const unsigned type = std::to_integer<unsigned>(sector[at + 4]);
        const std::uint64_t start = std::uint64_t{*load_le<std::uint32_t>(sector, at + 8)} * sector_size;
        const std::uint64_t length = std::uint64_t{*load_le<std::uint32_t>(sector, at + 12)} * sector_size;
        const bool is_listed = std::any_of(list.volumes.begin(), list.volumes.end(), [&](const Volume& v) {
            return v.role != VolumeRole::gap && v.start == start;
        });
        if (type == 0 || type == protective || length == 0 || is_listed) continue;
        if (start >= image.length()) {
            report(list, "a partition of the hybrid MBR starts past the end of the media");
            continue;
        }
        Volume volume;
        volume.start = start, volume.length = std::min(length, image.length() - start);
        if (length > volume.length)
            report(list, fmt::format("a partition of the hybrid MBR goes on for {} bytes behind the end of the media",
                                     length - volume.length));
        volume.description = fmt::format("hybrid MBR (0x{:02x})", type);
        std::erase_if(list.volumes, [](const Volume& v) { return v.role == VolumeRole::gap; });  // the caller adds them
        list.volumes.push_back(std::move(volume));
    }
}

// Gaps get their names when all are known (engine/scan/check.h): these stand until then.
void name_volumes(std::vector<Volume>& volumes) {
    std::stable_sort(volumes.begin(), volumes.end(),
                     [](const Volume& a, const Volume& b) { return a.start < b.start; });
    int partitions = 0, gaps = 0;
    for (Volume& volume : volumes)
        if (volume.name.empty())
            volume.name =
                volume.role == VolumeRole::gap ? fmt::format("gap{}", gaps++) : fmt::format("p{}", partitions++);
}

// A BSD label stands at byte 64 of the first sector on some machines (Alpha; GNU parted writes it there). libtsk looks
// at the start of the second sector.
void show_bsd_label(Image& image) {
    constexpr std::uint64_t here = 64, there = 512;
    Bytes label(404);  // with 16 slices
    if (holds_bsd_label(image, here) && !holds_bsd_label(image, there) && image.read(here, label))
        image.show_instead(there, std::move(label));
}

VolumeList read_table(Image& image) {
    VolumeList list;
    show_bsd_label(image);
    const bool is_hidden = hide_long_chains(image);  // it may have been all that the table names
    const VolumeSystemHandle vs = open_system(image, list);
    list.system = vs ? tsk_vs_type_toname(vs->vstype) : "-";
    if (vs) add_parts(*vs, image, list);
    if (vs && vs->vstype == TSK_VS_TYPE_GPT) add_hybrid_entries(image, vs->block_size, list);
    if (is_hidden || (vs && vs->vstype == TSK_VS_TYPE_DOS))
        for (Problem& problem : check_extended_partitions(image, image.sector_size()))
            list.problems.push_back(std::move(problem));
    for (const BadRange& flaw : image.take_flaws()) {
        Problem problem = problem_of(flaw, image.media().map().sector_size);
        problem.detail = "partition table: " + flaw.detail;
        list.problems.push_back(std::move(problem));
    }
    return list;
}

bool holds_something_known(const MediaReader& media, const VolumeList& list) {
    return std::any_of(list.volumes.begin(), list.volumes.end(), [&](const Volume& volume) {
        Image part(media, volume.start, volume.length);
        return volume.role != VolumeRole::gap && !recognise(part).empty();
    });
}

// A raw image does not record the size of its sectors, in which a table counts. What 512 bytes make no sense of is
// read again with 4096, and believed when a partition then starts with a header.
VolumeList read_table_of_any_sector_size(const MediaReader& media) {
    Image image(media, 0, media.size());
    VolumeList list = read_table(image);
    if (image.sector_size() != 512 || holds_something_known(media, list)) return list;
    Image of_large_sectors(media, 0, media.size(), 4096);
    VolumeList other = read_table(of_large_sectors);
    return holds_something_known(media, other) ? other : list;
}

class TskVolumes : public VolumeSystem {
  public:
    std::string_view name() const override { return "tsk"; }
    std::string_view describes() const override {
        return "DOS (MBR) with extended partitions, GPT, Apple, BSD, Sun (The Sleuth Kit)";
    }

    VolumeList list(const MediaReader& media) const override {
        VolumeList list = read_table_of_any_sector_size(media);
        Image image(media, 0, media.size());
        const bool has_partition = std::any_of(list.volumes.begin(), list.volumes.end(),
                                               [](const Volume& v) { return v.role != VolumeRole::gap; });
        if (const auto raid = has_partition ? raid_at_end(image) : std::nullopt; raid && !raid->is_mirror())
            report(list, raid->words() + ", by its end: its partitions may not be what the array holds",
                   ProblemKind::unsupported);
        // A table without partitions protects nothing: the media itself is looked at. So it is when it was formatted
        // or encrypted as a whole beside a table: hybrid ISO images, a stale table, a boot sector written over ext's.
        const std::uint64_t free_bytes = free_bytes_at_start(list);
        if (!has_partition || (free_bytes > 0 && holds_beside_table(image, free_bytes)))
            list.volumes.insert(list.volumes.begin(), whole_media(image));
        name_volumes(list.volumes);
        return list;
    }
};

}  // namespace

const VolumeSystem& tsk_volumes() {
    static const TskVolumes system;
    return system;
}

}  // namespace triage
