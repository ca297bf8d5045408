// SPDX-License-Identifier: Apache-2.0
#include "engine/known/columns.h"

namespace triage {
namespace {

constexpr std::size_t interned_texts = 1024;  // categories are few; labels are many and seldom repeat

}  // namespace

void PositionColumn::add(std::uint64_t position) {
    const bool follows = !runs_.empty() && position == runs_.back().position + (count_ - runs_.back().first);
    if (!follows) runs_.push_back({count_, position});
    ++count_;
}

std::uint64_t PositionColumn::of(RecordIndex record) const {
    const auto after =
        std::partition_point(runs_.begin(), runs_.end(), [&](const Run& r) { return r.first <= record; });
    const Run& run = *std::prev(after);
    return run.position + (record - run.first);
}

void SizeColumn::add(RecordIndex record, std::optional<std::uint64_t> size) {
    if (!size && sizes_.empty()) return;
    sizes_.resize(record, none);
    sizes_.push_back(size.value_or(none));
}

std::optional<std::uint64_t> SizeColumn::of(RecordIndex record) const {
    if (record >= sizes_.size() || sizes_[record] == none) return std::nullopt;
    return sizes_[record];
}

void TextColumn::add(RecordIndex record, std::string_view text) {
    if (text.empty() && ids_.empty()) return;
    ids_.resize(record, 0);
    ids_.push_back(text.empty() ? 0 : store(text));
}

std::string_view TextColumn::of(RecordIndex record) const {
    return record < ids_.size() ? text(ids_[record]) : std::string_view{};
}

std::uint32_t TextColumn::store(std::string_view text) {
    const auto next = static_cast<std::uint32_t>(ends_.size());
    if (interned_.size() < interned_texts) {
        const auto [place, is_new] = interned_.try_emplace(std::string(text), next);
        if (!is_new) return place->second;
    }
    arena_ += text;
    ends_.push_back(arena_.size());
    return next;
}

std::string_view TextColumn::text(std::uint32_t id) const {
    if (id == 0) return {};
    return std::string_view(arena_).substr(ends_[id - 1], ends_[id] - ends_[id - 1]);
}

}  // namespace triage
