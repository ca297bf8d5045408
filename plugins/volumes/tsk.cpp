// SPDX-License-Identifier: Apache-2.0
// Partition tables through The Sleuth Kit: DOS with extended partitions, GPT, Apple, BSD, Sun. Runs in a worker.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>

#include "engine/evidence/volume.h"
#include "plugins/tsk/image.h"

namespace triage {
namespace {

using namespace tsk;

struct CloseVolumeSystem {
    void operator()(TSK_VS_INFO* vs) const { tsk_vs_close(vs); }
};
using VolumeSystemHandle = std::unique_ptr<TSK_VS_INFO, CloseVolumeSystem>;

constexpr std::size_t most_volumes = 10'000;

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

// First sector → role, for the partitions of a GPT. libtsk gives their names only.
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
        roles[*load_le<std::uint64_t>(entry, 32)] = role_of_type(type);
    }
    return roles;
}

void report(VolumeList& list, std::string detail) {
    Problem problem;
    problem.kind = ProblemKind::damaged;
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

VolumeSystemHandle open_system(Image& image, VolumeList& list) {
    take_error();
    VolumeSystemHandle vs(tsk_vs_open(image.handle(), 0, TSK_VS_TYPE_DETECT));
    if (vs && is_protective(*vs)) {
        VolumeSystemHandle gpt(tsk_vs_open(image.handle(), 0, TSK_VS_TYPE_GPT));
        take_error();
        if (gpt) {
            report(list, "the first GPT is damaged; the backup at the end of the media is followed");
            return gpt;
        }
    }
    // libtsk names the candidates: "Cannot determine partition type (GPT or DOS at 0)".
    if (vs || take_error().find(" or ") == std::string::npos) return vs;
    std::string answering;
    VolumeSystemHandle first;
    for (TSK_VS_TYPE_ENUM type : types_by_preference) {
        VolumeSystemHandle one(tsk_vs_open(image.handle(), 0, type));
        if (!one) continue;
        answering += std::string(answering.empty() ? "" : ", ") + tsk_vs_type_toname(type);
        if (!first) first = std::move(one);
    }
    take_error();
    // Only one table is followed, so what only another one names is not looked at as a volume of its own.
    report(list, "several partition tables answer (" + answering + "); the first is followed");
    return first;
}

// A file system that starts at the first byte beside a partition table: hybrid ISO images, formatted-over disks.
bool has_filesystem_at_start(Image& image) {
    const auto holds = [&](std::uint64_t offset, std::string_view magic) {
        std::array<std::byte, 16> bytes{};
        const MutableBytes there = MutableBytes(bytes).first(magic.size());
        return offset + magic.size() <= image.length() && image.read(offset, there) && as_text(there) == magic;
    };
    return holds(0x8001, "CD001") || holds(3, "NTFS    ") || holds(3, "EXFAT   ") || holds(0x36, "FAT1") ||
           holds(0x52, "FAT32");
}

Volume whole_media(const Image& image) { return {"-", VolumeRole::filesystem, 0, image.length(), {}}; }

void add_parts(const TSK_VS_INFO& vs, Image& image, VolumeList& list) {
    const std::uint64_t sector = vs.block_size;
    const auto roles =
        vs.vstype == TSK_VS_TYPE_GPT ? roles_in_gpt(image, vs.block_size) : std::map<std::uint64_t, VolumeRole>{};
    for (const TSK_VS_PART_INFO* part = vs.part_list; part; part = part->next) {
        if (part->flags & TSK_VS_PART_FLAG_META) continue;
        if (list.volumes.size() >= most_volumes) {
            Problem problem;
            problem.kind = ProblemKind::capped;
            problem.detail = fmt::format("more than {} partitions; the rest is not looked at", most_volumes);
            list.problems.push_back(problem);
            return;
        }
        Volume volume;
        volume.description = part->desc ? part->desc : "";
        const std::optional<std::uint64_t> start = checked_multiply(part->start, sector);
        if (!start || *start >= image.length()) {
            Problem problem;
            problem.kind = ProblemKind::damaged;
            problem.first_sector = part->start, problem.sectors = part->len;
            problem.detail = "a partition starts past the end of the media";
            list.problems.push_back(problem);
            continue;
        }
        volume.start = *start;
        const std::uint64_t length = checked_multiply(part->len, sector).value_or(~0ull);
        volume.length = std::min(length, image.length() - *start);
        if (length > volume.length && !(part->flags & TSK_VS_PART_FLAG_UNALLOC)) {
            Problem problem;
            problem.kind = ProblemKind::damaged;
            problem.first_sector = part->start, problem.sectors = part->len;
            problem.detail =
                fmt::format("a partition goes on for {} bytes behind the end of the media", length - volume.length);
            list.problems.push_back(std::move(problem));
        }
        if (part->flags & TSK_VS_PART_FLAG_UNALLOC) volume.role = VolumeRole::gap;
        else if (const auto role = roles.find(part->start); role != roles.end()) volume.role = role->second;
        else if (volume.description.find("(0x82)") != std::string::npos) volume.role = VolumeRole::swap;
        if (volume.length > 0) list.volumes.push_back(std::move(volume));
    }
}

void name_volumes(std::vector<Volume>& volumes) {
    std::stable_sort(volumes.begin(), volumes.end(),
                     [](const Volume& a, const Volume& b) { return a.start < b.start; });
    int partitions = 0, gaps = 0;
    for (Volume& volume : volumes)
        if (volume.name.empty())
            volume.name =
                volume.role == VolumeRole::gap ? fmt::format("gap{}", gaps++) : fmt::format("p{}", partitions++);
}

class TskVolumes : public VolumeSystem {
  public:
    std::string_view name() const override { return "tsk"; }
    std::string_view describes() const override {
        return "DOS (MBR) with extended partitions, GPT, Apple, BSD, Sun (The Sleuth Kit)";
    }

    VolumeList list(const MediaReader& media) const override {
        VolumeList list;
        Image image(media, 0, media.size());
        const VolumeSystemHandle vs = open_system(image, list);
        list.system = vs ? tsk_vs_type_toname(vs->vstype) : "-";
        if (vs) add_parts(*vs, image, list);
        const bool has_partition = std::any_of(list.volumes.begin(), list.volumes.end(),
                                               [](const Volume& v) { return v.role != VolumeRole::gap; });
        const bool starts_at_zero = std::any_of(list.volumes.begin(), list.volumes.end(), [](const Volume& v) {
            return v.role != VolumeRole::gap && v.start == 0;
        });
        // A table without partitions protects nothing: the media itself is looked at.
        if (!has_partition || (!starts_at_zero && has_filesystem_at_start(image)))
            list.volumes.insert(list.volumes.begin(), whole_media(image));
        for (const BadRange& flaw : image.take_flaws()) {
            Problem problem = problem_of(flaw, image.sector_size());
            problem.detail = "partition table: " + flaw.detail;
            list.problems.push_back(std::move(problem));
        }
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
