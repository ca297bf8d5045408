// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/md_raid.h"

#include <fmt/format.h>

#include <array>

namespace triage::tsk {
namespace {

constexpr std::uint32_t magic = 0xa92b4efc;

std::optional<RaidMember> member(std::uint32_t level, std::uint32_t members) {
    return RaidMember{static_cast<std::int32_t>(level), members};
}

// In the last but one 4 KiB, at a multiple of them, little-endian. It says where it stands itself.
std::optional<RaidMember> version_1_0(Image& image) {
    const std::uint64_t sectors = image.length() / 512;
    if (sectors < 24) return std::nullopt;
    const std::uint64_t at = (sectors - 16) & ~std::uint64_t{7};
    std::array<std::byte, 256> block{};
    if (!image.read(at * 512, block) || load_le<std::uint32_t>(block, 0) != magic ||
        load_le<std::uint32_t>(block, 4) != 1 || load_le<std::uint64_t>(block, 144) != at)
        return std::nullopt;
    return member(*load_le<std::uint32_t>(block, 72), *load_le<std::uint32_t>(block, 92));
}

// In the last whole 64 KiB, in the byte order of the machine that made it.
std::optional<RaidMember> version_0_90(Image& image) {
    constexpr std::uint64_t reserved = 64 << 10;
    if (image.length() < 2 * reserved) return std::nullopt;
    std::array<std::byte, 64> block{};
    if (!image.read(image.length() / reserved * reserved - reserved, block)) return std::nullopt;
    const bool is_big_endian = load_be<std::uint32_t>(block, 0) == magic;
    const auto word = [&](std::uint64_t number) {
        return is_big_endian ? *load_be<std::uint32_t>(block, 4 * number) : *load_le<std::uint32_t>(block, 4 * number);
    };
    if (word(0) != magic || word(1) != 0 || word(2) < 90 || word(2) > 91) return std::nullopt;
    return member(word(7), word(10));
}

}  // namespace

std::string RaidMember::words() const {
    if (level == -1) return fmt::format("a member of a linear Linux RAID ({} members)", members);
    if (level == multipath) return "a path to a Linux multipath device";
    return fmt::format("a member of a Linux RAID (level {}, {} members)", level, members);
}

std::optional<RaidMember> raid_at_end(Image& image) {
    const std::optional<RaidMember> found = version_1_0(image);
    return found ? found : version_0_90(image);
}

}  // namespace triage::tsk
