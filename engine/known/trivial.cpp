// SPDX-License-Identifier: Apache-2.0
#include "engine/known/trivial.h"

#include <algorithm>
#include <vector>

#include "engine/hash/hasher.h"

namespace triage {
namespace {

using Row = std::array<std::byte, 32>;

// All sizes of one byte in one pass: the digests of each beginning.
void add_fills(std::byte fill, std::size_t largest, std::vector<Row>& rows) {
    const Bytes bytes(largest, fill);
    for (std::size_t size = 512; size <= largest; size *= 2) {
        const Digests digests = hash_of(ByteView(bytes).first(size));
        for (const Algorithm a : all_algorithms) rows.push_back(digests.get(a)->bytes);
    }
}

std::vector<Row> all_rows() {
    std::vector<Row> rows;
    const Digests empty = hash_of({});
    for (const Algorithm a : all_algorithms) rows.push_back(empty.get(a)->bytes);
    for (int fill = 0; fill < 256; ++fill)
        add_fills(static_cast<std::byte>(fill), fill == 0 || fill == 0xFF ? 1 << 20 : 4096, rows);
    std::sort(rows.begin(), rows.end());
    return rows;
}

}  // namespace

bool is_trivial(const Digest& digest) {
    static const std::vector<Row> rows = all_rows();
    return std::binary_search(rows.begin(), rows.end(), digest.bytes);
}

}  // namespace triage
