// SPDX-License-Identifier: Apache-2.0
#include "engine/known/label_heap.h"

#include "engine/base/error.h"
#include "engine/known/record_row.h"

namespace triage {

constexpr std::uint64_t node_bytes = 100;  // about what an entry takes beside its text

std::uint64_t LabelHeap::offset_of(const std::string& text) {
    if (text.empty()) return 0;
    const auto known = offsets_.find(text);
    if (known != offsets_.end()) return known->second;
    used_ += text.size() + node_bytes;
    if (used_ > memory_) offsets_.clear(), used_ = 0;
    return offsets_[text] = store(text);
}

std::uint64_t LabelHeap::store(std::string_view text) {
    const std::uint64_t offset = heap_.size();
    if (offset > most_position) throw Error("known set", "more than a terabyte of labels");
    Bytes length;
    std::uint64_t rest = text.size();
    for (; rest >= 0x80; rest >>= 7) length.push_back(static_cast<std::byte>(rest | 0x80));
    length.push_back(static_cast<std::byte>(rest));
    heap_.append(length);
    heap_.append(as_bytes(text));
    return offset;
}

}  // namespace triage
