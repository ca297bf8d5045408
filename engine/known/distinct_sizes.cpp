// SPDX-License-Identifier: Apache-2.0
#include "engine/known/distinct_sizes.h"

#include <bit>

#include "engine/known/record_row.h"

namespace triage {

bool DistinctSizes::add(std::optional<std::uint64_t> size) {
    is_complete_ = is_complete_ && size.value_or(0) > 0;
    if (!is_complete_) return false;
    if (*size >= small_sizes) {
        count_ += large_.insert(*size).second;
        return is_complete_ = large_.size() <= most_large;
    }
    const std::size_t word = *size / 64;
    const std::uint64_t bit = std::uint64_t{1} << *size % 64;
    if (word >= small_.size()) small_.resize(word + 1);
    count_ += (small_[word] & bit) == 0;
    small_[word] |= bit;
    return true;
}

bool DistinctSizes::has(std::uint64_t size) const {
    if (size >= small_sizes) return large_.contains(size);
    return size / 64 < small_.size() && (small_[size / 64] >> size % 64 & 1) != 0;
}

void DistinctSizes::write(const std::function<void(ByteView)>& take) const {
    if (!is_complete_) return;
    Bytes row;
    const auto put = [&](std::uint64_t size) {
        row.clear();
        put_le(row, size, sizeof size);
        take(row);
    };
    for (std::uint64_t word = 0; word < small_.size(); ++word)
        for (std::uint64_t left = small_[word]; left != 0; left &= left - 1)
            put(word * 64 + static_cast<unsigned>(std::countr_zero(left)));
    for (const std::uint64_t size : large_) put(size);
}

}  // namespace triage
