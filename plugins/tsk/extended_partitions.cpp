// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/extended_partitions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace triage::tsk {
namespace {

constexpr std::size_t most_tables = 2'000, table_at = 446, table_end = 510, entry_bytes = 16;

struct Link {
    std::uint64_t start = 0, length = 0;  // sectors
};

bool is_extended(ByteView entry) {
    const auto type = std::to_integer<unsigned>(entry[4]);
    return type == 0x05 || type == 0x0F || type == 0x85;
}

// The extended partitions that a table names. Nothing when the sector carries no table.
std::optional<std::vector<Link>> links_in(ByteView sector) {
    if (*load_le<std::uint16_t>(sector, 510) != 0xAA55) return std::nullopt;
    std::vector<Link> links;
    for (std::size_t at = table_at; at < table_end; at += entry_bytes) {
        const Link link{*load_le<std::uint32_t>(sector, at + 8), *load_le<std::uint32_t>(sector, at + 12)};
        if (is_extended(sector.subspan(at)) && link.length > 0) links.push_back(link);
    }
    return links;
}

class Chain {
  public:
    Chain(Image& image, std::uint32_t sector_size, std::vector<Problem>& problems)
        : image_(image), sector_size_(sector_size), problems_(problems) {}

    // In the order of libtsk, and at least as far as it goes; the first fault is told.
    void follow(const Link& container) {
        has_fault_ = false;
        std::vector<std::uint64_t> pending{container.start};
        while (!pending.empty()) {
            const std::uint64_t at = pending.back();
            pending.pop_back();
            if (at - container.start >= container.length) report(at, "stands outside its extended partition");
            if (at >= image_.length() / sector_size_) {
                report(at, "stands behind the end of the media");
                continue;
            }
            if (!visited_.insert(at).second) {
                report(at, "is named twice");
                continue;
            }
            if (visited_.size() > most_tables) return cap(at);
            std::array<std::byte, 512> sector{};
            if (!image_.read(at * sector_size_, sector)) continue;
            const auto links = links_in(sector);
            if (!links) report(at, "does not end in 55 AA");
            else
                for (auto link = links->rbegin(); link != links->rend(); ++link)
                    pending.push_back(container.start + link->start);
        }
    }

  private:
    void report(std::uint64_t at, std::string_view what) {
        if (!std::exchange(has_fault_, true)) add(at, what, ProblemKind::damaged);
    }
    void cap(std::uint64_t at) { add(at, fmt::format("is one of more than {}", most_tables), ProblemKind::capped); }
    void add(std::uint64_t at, std::string_view what, ProblemKind kind) {
        Problem problem;
        problem.kind = kind;
        problem.detail = fmt::format("the table of an extended partition {}; partitions may be missing", what);
        const std::uint64_t scale = std::max(1u, sector_size_ / image_.media().map().sector_size);
        problem.first_sector = at * scale, problem.sectors = scale;
        problems_.push_back(std::move(problem));
    }

    Image& image_;
    std::uint32_t sector_size_;
    std::vector<Problem>& problems_;
    std::set<std::uint64_t> visited_;
    bool has_fault_ = false;
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

bool hide_long_chains(Image& image) {
    Image looked_at(image.media(), image.start(), image.length());  // what it cannot read may be no table at all
    const std::vector<Problem> problems = check_extended_partitions(looked_at, image.sector_size());
    if (std::none_of(problems.begin(), problems.end(), [](const Problem& p) { return p.kind == ProblemKind::capped; }))
        return false;
    Bytes table(table_end - table_at);
    image.read(table_at, table);
    for (std::size_t at = 0; at < table.size(); at += entry_bytes)
        if (is_extended(ByteView(table).subspan(at))) std::fill_n(table.data() + at, entry_bytes, std::byte{0});
    image.show_instead(table_at, std::move(table));
    return true;
}

}  // namespace triage::tsk
