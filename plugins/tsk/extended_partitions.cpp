// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/extended_partitions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>

namespace triage::tsk {
namespace {

constexpr std::size_t most_tables = 10'000;

struct Link {
    std::uint64_t start = 0, length = 0;  // sectors
};

// The extended partitions that a table names. Nothing when the sector carries no table.
std::optional<std::vector<Link>> links_in(ByteView sector) {
    if (*load_le<std::uint16_t>(sector, 510) != 0xAA55) return std::nullopt;
    std::vector<Link> links;
    for (std::size_t at = 446; at < 510; at += 16) {
        const unsigned type = *load_le<std::uint8_t>(sector, at + 4);
        const Link link{*load_le<std::uint32_t>(sector, at + 8), *load_le<std::uint32_t>(sector, at + 12)};
        if ((type == 0x05 || type == 0x0F || type == 0x85) && link.length > 0) links.push_back(link);
    }
    return links;
}

class Chain {
  public:
    Chain(Image& image, std::uint32_t sector_size, std::vector<Problem>& problems)
        : image_(image), sector_size_(sector_size), problems_(problems) {}

    // To the first fault: what stands behind it is a matter of chance.
    void follow(const Link& container) {
        std::vector<std::uint64_t> pending{container.start};
        while (!pending.empty()) {
            const std::uint64_t at = pending.back();
            pending.pop_back();
            if (at - container.start >= container.length) return report(at, "stands outside its extended partition");
            if (at >= image_.length() / sector_size_) return report(at, "stands behind the end of the media");
            if (!visited_.insert(at).second) return report(at, "is named twice");
            if (visited_.size() > most_tables) return report(at, "is one of too many");
            std::array<std::byte, 512> sector{};
            if (!image_.read(at * sector_size_, sector)) continue;
            const auto links = links_in(sector);
            if (!links) return report(at, "does not end in 55 AA");
            for (const Link& link : *links) pending.push_back(container.start + link.start);
        }
    }

  private:
    void report(std::uint64_t at, std::string_view what) {
        Problem problem;
        problem.detail = fmt::format("the table of an extended partition {}; partitions may be missing", what);
        const std::uint64_t scale = std::max(1u, sector_size_ / image_.media().map().sector_size);
        problem.first_sector = at * scale, problem.sectors = scale;
        problems_.push_back(std::move(problem));
    }

    Image& image_;
    std::uint32_t sector_size_;
    std::vector<Problem>& problems_;
    std::set<std::uint64_t> visited_;
};

}  // namespace

std::vector<Problem> check_extended_partitions(Image& image, std::uint32_t sector_size) {
    std::vector<Problem> problems;
    std::array<std::byte, 512> first{};
    if (!image.read(0, first)) return problems;
    Chain chain(image, sector_size, problems);
    for (const Link& container : links_in(first).value_or(std::vector<Link>{})) chain.follow(container);
    return problems;
}

}  // namespace triage::tsk
