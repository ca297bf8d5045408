// SPDX-License-Identifier: Apache-2.0
#include "engine/known/distinct_sizes.h"

#include "engine/known/record_row.h"

namespace triage {

bool DistinctSizes::add(std::optional<std::uint64_t> size) {
    is_complete_ = is_complete_ && size.value_or(0) > 0;
    if (!is_complete_) return false;
    if (*size >= small_sizes) {
        count_ += large_.insert(*size).second;
        return is_complete_ = large_.size() <= most_large;
    }
    if (has_small_.empty()) has_small_.resize(small_sizes);
    count_ += !has_small_[*size];
    has_small_[*size] = true;
    return true;
}

bool DistinctSizes::has(std::uint64_t size) const {
    return size < has_small_.size() ? has_small_[size] : large_.contains(size);
}

void DistinctSizes::write(const std::function<void(ByteView)>& take) const {
    if (!is_complete_) return;
    Bytes row;
    const auto put = [&](std::uint64_t size) {
        row.clear();
        put_le(row, size, sizeof size);
        take(row);
    };
    for (std::uint64_t size = 0; size < has_small_.size(); ++size)
        if (has_small_[size]) put(size);
    for (const std::uint64_t size : large_) put(size);
}

}  // namespace triage
