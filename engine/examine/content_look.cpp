// SPDX-License-Identifier: Apache-2.0
#include "engine/examine/content_look.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/evidence/type_teller.h"
#include "engine/examine/content_type.h"

namespace triage {

void ContentLook::begin(bool with_entropy, Bytes* first_bytes) {
    type_ = {};
    first_bytes_ = first_bytes;
    is_begun_ = false;
    with_entropy_ = with_entropy;
    if (with_entropy) counts_.fill(0);
}

void ContentLook::add(ByteView bytes) {
    if (bytes.empty()) return;
    if (!is_begun_) begin_with(bytes);
    if (with_entropy_) count(bytes);
}

void ContentLook::begin_with(ByteView bytes) {
    type_ = type_of(bytes);
    is_begun_ = true;
    if (!first_bytes_) return;
    const ByteView first = bytes.first(std::min(bytes.size(), most_told_bytes));
    first_bytes_->assign(first.begin(), first.end());
}

// Four tables: equal bytes in a row would wait for each other's count.
void ContentLook::count(ByteView bytes) {
    std::array<std::array<std::uint32_t, 256>, 4> tables{};
    while (!bytes.empty()) {
        const ByteView part = bytes.first(std::min<std::size_t>(bytes.size(), 1u << 30));
        for (std::size_t i = 0; i < part.size(); ++i) ++tables[i % 4][static_cast<std::size_t>(part[i])];
        for (std::size_t byte = 0; byte < 256; ++byte)
            for (auto& table : tables) counts_[byte] += std::exchange(table[byte], 0);
        bytes = bytes.subspan(part.size());
    }
}

void ContentLook::tell(Examined& examined) const {
    examined.type = type_;
    if (with_entropy_) examined.entropy = entropy();
}

// Shannon's, in bits a byte.
double ContentLook::entropy() const {
    double total = 0, sum = 0;
    for (const std::uint64_t count : counts_) total += static_cast<double>(count);
    for (const std::uint64_t count : counts_)
        if (count > 0) sum -= static_cast<double>(count) / total * std::log2(static_cast<double>(count) / total);
    return std::max(0.0, sum);
}

}  // namespace triage
