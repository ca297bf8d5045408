// SPDX-License-Identifier: Apache-2.0
#include "engine/known/conflicts.h"

#include <algorithm>

namespace triage {

void Conflicts::next_digest() {
    for (Matter& matter : matters_) {
        matter.is_known = matter.is_disputed = false;
        matter.records.clear();
    }
}

void Conflicts::add(const Content& content) {
    for (const Algorithm a : all_algorithms) {
        const auto i = static_cast<std::size_t>(a);
        if (content.algorithms.has(a)) say(matters_[i], content.beginnings[i], content.record);
    }
    if (content.size_plus_one != 0) say(matters_[3], content.size_plus_one, content.record);
}

std::uint64_t Conflicts::count() const {
    return static_cast<std::uint64_t>(std::count(in_conflict_.begin(), in_conflict_.end(), true));
}

void Conflicts::say(Matter& matter, std::uint64_t value, std::uint32_t record) {
    if (!matter.is_known) matter.is_known = true, matter.value = value;
    if (!matter.is_disputed && value == matter.value) {
        if (matter.records.size() < most_remembered) matter.records.push_back(record);
        return;
    }
    matter.is_disputed = true;
    for (const std::uint32_t other : matter.records) mark(other);
    matter.records.clear();
    mark(record);
}

void Conflicts::mark(std::uint32_t record) {
    if (record >= in_conflict_.size()) in_conflict_.resize(std::size_t{record} + 1 + in_conflict_.size() / 2);
    in_conflict_[record] = true;
}

}  // namespace triage
