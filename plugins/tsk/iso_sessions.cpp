// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/iso_sessions.h"

#include <algorithm>
#include <array>

namespace triage::tsk {
namespace {

constexpr std::uint64_t data = IsoSectors::data;
// No gap between sessions is as long as a CD, on which they are common: 900 MiB.
constexpr std::uint64_t most_sectors = 460'800, most_sessions = 99;
constexpr unsigned primary = 1, supplementary = 2;

bool is_descriptor(ByteView sector) { return as_text(sector).substr(1, 5) == "CD001"; }
unsigned type_of(ByteView descriptor) { return std::to_integer<unsigned>(descriptor[0]); }

// A descriptor whose root directory was written behind it: not one of an image that is a file on the disc.
bool begins_session(Image& image, const IsoSectors& sectors, std::uint64_t sector) {
    std::array<std::byte, data> descriptor{};
    if (!image.read(sectors.place_of(sector), descriptor) || !is_descriptor(descriptor) ||
        type_of(descriptor) != primary)
        return false;
    const std::uint64_t root = *load_le<std::uint32_t>(descriptor, 158);
    std::array<std::byte, 34> self{};
    return root > sector && image.read(sectors.place_of(root), self) && load_le<std::uint32_t>(self, 2) == root &&
           load_le<std::uint16_t>(self, 32) == 1;  // a name of one byte, 0
}

}  // namespace

bool IsoSectors::read(Image& image, std::uint64_t at, MutableBytes out) const {
    if (stride() == data) return image.read(at, out);
    while (!out.empty()) {
        const std::uint64_t sector = at / data, inside = at % data;
        const MutableBytes piece = out.first(std::min<std::size_t>(out.size(), data - inside));
        const auto start = checked_multiply(sector, stride());
        if (!start || !image.read(*start + before + inside, piece)) return false;
        at += piece.size();
        out = out.subspan(piece.size());
    }
    return true;
}

std::optional<IsoSectors> find_iso_sectors(Image& image) {
    std::array<std::byte, 8> head{};
    for (const IsoSectors& sectors : {IsoSectors{}, {16, 288}, {24, 280}})
        if (image.read(sectors.place_of(first_iso_descriptor), head) && is_descriptor(head)) return sectors;
    return std::nullopt;
}

std::vector<std::uint64_t> later_iso_sessions(const Image& of) {
    Image image(of.media(), of.start(), of.length());  // the gaps between sessions may be unreadable, and are no flaw
    std::vector<std::uint64_t> found;
    const std::optional<IsoSectors> sectors = find_iso_sectors(image);
    std::array<std::byte, data> first{};
    if (!sectors || !image.read(sectors->place_of(first_iso_descriptor), first)) return found;
    const std::uint64_t begin = std::max<std::uint64_t>(*load_le<std::uint32_t>(first, 80), first_iso_descriptor + 1);
    const std::uint64_t end = std::min(image.length() / sectors->stride(), begin + most_sectors);
    constexpr std::uint64_t at_once = 64;
    Bytes piece;
    for (std::uint64_t at = begin; at < end; at += at_once) {
        piece.assign(std::min(at_once, end - at) * sectors->stride(), std::byte{0});
        image.read(at * sectors->stride(), piece);  // what of it cannot be read holds no descriptor
        for (std::uint64_t i = 0; i * sectors->stride() < piece.size() && found.size() < most_sessions; ++i)
            if (is_descriptor(ByteView(piece).subspan(sectors->place_of(i), data)) &&
                begins_session(image, *sectors, at + i))
                found.push_back(at + i);
    }
    return found;
}

void show_iso_session(Image& image, std::uint64_t descriptors) {
    constexpr std::uint64_t most_descriptors = 64;
    const std::optional<IsoSectors> sectors = find_iso_sectors(image);
    if (!sectors) return;
    const auto all = static_cast<std::uint32_t>(image.length() / sectors->stride());
    Bytes shown, sector(sectors->stride());
    for (std::uint64_t i = 0; i < most_descriptors; ++i) {
        if (!image.read(sectors->place_of(descriptors + i) - sectors->before, sector)) break;
        const MutableBytes descriptor = MutableBytes(sector).subspan(sectors->before, data);
        if (!is_descriptor(descriptor)) break;
        const unsigned type = type_of(descriptor);
        for (std::size_t byte = 0; byte < 4 && (type == primary || type == supplementary); ++byte)
            descriptor[80 + byte] = descriptor[87 - byte] = static_cast<std::byte>(all >> 8 * byte);
        shown.insert(shown.end(), sector.begin(), sector.end());
        if (type == 255) break;  // the terminator
    }
    image.show_instead(sectors->place_of(first_iso_descriptor) - sectors->before, std::move(shown));
}

}  // namespace triage::tsk
