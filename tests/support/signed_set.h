// SPDX-License-Identifier: Apache-2.0
// Compiled sets as an attacker makes them: changed, then signed again, so that no checksum gives them away.
#pragma once

#include <algorithm>
#include <cstring>

#include "engine/known/checksum.h"
#include "engine/known/tks_layout.h"

namespace triage::test {

inline tks::Superblock superblock_of(const Bytes& bytes) {
    tks::Superblock s;
    std::memcpy(&s, bytes.data(), sizeof s);
    return s;
}
inline void put_superblock(Bytes& bytes, const tks::Superblock& s) { std::memcpy(bytes.data(), &s, sizeof s); }

// Believes the places that the superblock gives, and signs what is there.
inline void sign(Bytes& bytes) {
    if (bytes.size() < tks::superblock_bytes) return;
    tks::Superblock s = superblock_of(bytes);
    s.file_bytes = bytes.size();
    put_superblock(bytes, s);
    const bool has_sums = s.section_count > 0 && s.section_count <= tks::most_sections;
    const std::uint64_t sums = has_sums ? s.sections[s.section_count - 1].offset : bytes.size();
    if (sums > bytes.size()) return;
    for (std::uint64_t at = tks::superblock_bytes, block = 0; at < sums; at += tks::block_bytes, ++block) {
        if (bytes.size() - sums < block * 8 + 8) return;
        const std::uint64_t check = checksum_of(ByteView(bytes).subspan(at, std::min(tks::block_bytes, sums - at)));
        std::memcpy(&bytes[sums + block * 8], &check, 8);
    }
    const ByteView view(bytes);
    const auto digest = tks::content_digest(view.first(tks::superblock_bytes), view.subspan(sums));
    std::memcpy(bytes.data() + offsetof(tks::Superblock, content_digest), digest.data(), digest.size());
    const std::uint64_t check = checksum_of(view.first(tks::superblock_bytes - 8));
    std::memcpy(bytes.data() + tks::superblock_bytes - 8, &check, 8);
}

}  // namespace triage::test
