// SPDX-License-Identifier: Apache-2.0
// Raw images and devices, and raw images split into files: image.001 … (or .000, .00, .01), image.aa … as split(1)
// names them. The map is trivial: the segments one after the other. Comes last and recognises everything.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "engine/media/container.h"

namespace triage {
namespace {

// Names in letters are common extensions (.py, .cc): a set is not believed to skip more than this many.
constexpr std::uint64_t largest_letter_gap = 26;
constexpr std::size_t largest_suffix = 9;

struct SplitName {
    std::string stem;  // with the dot
    std::size_t width = 0;
    bool is_letters = false;
    std::uint64_t number = 0;
    bool same_set(const SplitName& other) const {
        return stem == other.stem && width == other.width && is_letters == other.is_letters;
    }
};

std::optional<std::uint64_t> value_of(std::string_view suffix, char first, std::uint64_t base) {
    std::uint64_t value = 0;
    for (const char c : suffix) {
        if (c < first || static_cast<std::uint64_t>(c - first) >= base) return std::nullopt;
        value = value * base + static_cast<std::uint64_t>(c - first);
    }
    return value;
}

std::optional<SplitName> split_name(const std::string& path) {
    const std::string leaf = std::filesystem::path(path).filename().native();
    const std::size_t dot = leaf.rfind('.');
    if (dot == std::string::npos) return std::nullopt;
    const std::string_view suffix = std::string_view(leaf).substr(dot + 1);
    if (suffix.size() < 2 || suffix.size() > largest_suffix) return std::nullopt;
    SplitName name{leaf.substr(0, dot + 1), suffix.size(), false, 0};
    auto value = value_of(suffix, '0', 10);
    if (!value && suffix.size() <= 3) {
        value = value_of(suffix, 'a', 26);
        name.is_letters = true;
    }
    if (!value) return std::nullopt;
    name.number = *value;
    return name;
}

// Sets are numbered from 0 (.000, .aa) or from 1 (.001).
bool can_begin(const SplitName& name) { return name.number == 0 || (name.number == 1 && !name.is_letters); }

using Siblings = std::map<std::uint64_t, std::string>;

Siblings siblings_of(const std::string& path, const SplitName& name) {
    const std::filesystem::path full(path);
    const std::filesystem::path folder = full.has_parent_path() ? full.parent_path() : std::filesystem::path(".");
    Siblings found{{name.number, path}};
    std::error_code error;
    for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        const std::string leaf = it->path().filename().native();
        const auto other = split_name(leaf);
        std::error_code ignored;
        if (!other || !other->same_set(name) || !it->is_regular_file(ignored)) continue;
        found.emplace(other->number, full.has_parent_path() ? (folder / leaf).native() : leaf);
    }
    return found;
}

// Plain names such as report.2023 are not a set: only three digits speak for themselves, others need a beginning.
bool is_set(const Siblings& found, const SplitName& name) {
    SplitName first = name;
    first.number = found.begin()->first;
    return found.size() > 1 && (can_begin(first) || (!name.is_letters && name.width == 3));
}

std::string segment_text(std::uint64_t first, std::uint64_t last) {
    return first == last ? fmt::format("segment {} is missing", first)
                         : fmt::format("segments {} to {} are missing", first, last);
}

Problem damaged(std::string detail) {
    Problem problem;
    problem.detail = std::move(detail);
    return problem;
}

// The names of the files of one set, when they are one.
std::optional<std::vector<SplitName>> names_of(const std::vector<Segment>& segments) {
    std::vector<SplitName> names;
    for (const Segment& segment : segments) {
        auto name = split_name(segment.path);
        if (!name || (!names.empty() && !names.front().same_set(*name))) return std::nullopt;
        names.push_back(std::move(*name));
    }
    return names;
}

struct Usable {
    std::size_t count = 0;  // segments before the first gap
    std::uint64_t first_missing = 0;
    std::uint64_t last_missing = 0;
};

// The segments before the first gap in the numbers. Where a set begins after 1 its first segments are missing; of a
// file alone only a name with three digits says so.
Usable usable_of(const std::vector<Segment>& segments) {
    const auto names = names_of(segments);
    Usable usable{segments.size(), 0, 0};
    if (!names || names->empty()) return usable;
    const SplitName& first = names->front();
    const bool is_numbered = segments.size() > 1 || (!first.is_letters && first.width == 3);
    if (!can_begin(first) && is_numbered) return {0, first.is_letters ? 0u : 1u, first.number - 1};
    for (std::size_t i = 1; i < names->size(); ++i)
        if ((*names)[i].number != (*names)[i - 1].number + 1)
            return {i, (*names)[i - 1].number + 1, (*names)[i].number - 1};
    return usable;
}

class RawContainer final : public Container {
  public:
    std::string_view name() const override { return "raw"; }
    std::string_view describes() const override { return "raw images and devices, whole or split (.001, .000, .aa)"; }
    bool recognises(std::string_view, ByteView) const override { return true; }

    std::vector<std::string> segment_paths(const std::string& path) const override {
        const auto name = split_name(path);
        if (!name) return {path};
        const Siblings found = siblings_of(path, *name);
        if (!is_set(found, *name)) return {path};
        std::vector<std::string> set;
        std::uint64_t last = found.begin()->first;
        for (const auto& [number, sibling] : found) {
            if (name->is_letters && number > last + largest_letter_gap + 1) break;
            set.push_back(sibling);
            last = number;
        }
        // The given file is not part of the set that its neighbours form: it stands alone.
        return last < name->number ? std::vector{path} : set;
    }

    Result<OpenedMedia> open(const SegmentFiles& files) const override {
        const std::vector<Segment>& segments = files.segments();
        const Usable usable = usable_of(segments);
        const bool stands_alone = usable.count == 0 && segments.size() == 1;
        if (usable.count == 0 && !stands_alone)
            return Failure{segments.empty() ? "no segment was given"
                                            : segment_text(usable.first_missing, usable.last_missing) +
                                                  ": where the others belong is unknown"};
        OpenedMedia media;
        media.format = "raw";
        map_segments(segments, stands_alone ? 1 : usable.count, media);
        if (media.map.media_size == 0) return Failure{"the file is empty"};
        if (auto flaw = find_flaw(media.map, segments)) return Failure{*flaw};
        if (stands_alone)
            media.problems.push_back(damaged("its name is that of a later segment; " +
                                             segment_text(usable.first_missing, usable.last_missing)));
        else if (usable.count < segments.size())
            media.problems.push_back(damaged(fmt::format("{}; what comes before is used, the {} files after it are not",
                                                         segment_text(usable.first_missing, usable.last_missing),
                                                         segments.size() - usable.count)));
        media.description = usable.count > 1 ? fmt::format("split raw, {} segments", usable.count) : "raw";
        return media;
    }

  private:
    static void map_segments(const std::vector<Segment>& segments, std::size_t count, OpenedMedia& media) {
        for (std::size_t i = 0; i < count; ++i) {
            if (segments[i].size == 0 && count > 1)
                media.problems.push_back(damaged(fmt::format("segment {} is empty", i + 1)));
            if (segments[i].size == 0) continue;
            BlockRun run;
            run.offset = media.map.media_size;
            run.length = segments[i].size;
            run.segment = static_cast<std::uint32_t>(i);
            media.map.media_size += run.length;
            media.map.runs.push_back(std::move(run));
        }
    }
};

}  // namespace

const Container& raw_container() {
    static const RawContainer container;
    return container;
}

}  // namespace triage
