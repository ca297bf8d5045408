// SPDX-License-Identifier: Apache-2.0
// A hostile set file: opened, walked and asked. Its checksums are made right first, or nothing behind them were
// reached.
#include <unistd.h>

#include <cstring>

#include "engine/base/error.h"
#include "engine/known/checksum.h"
#include "engine/known/tks_layout.h"
#include "tests/support/known_sets.h"

namespace {

using namespace triage;

// Believes the places that the superblock gives, and signs what is there.
void sign(Bytes& bytes) {
    tks::Superblock s;
    if (bytes.size() < tks::superblock_bytes) return;
    std::memcpy(&s, bytes.data(), sizeof s);
    s.file_bytes = bytes.size();
    const bool has_sums = s.section_count > 0 && s.section_count <= tks::most_sections;
    const std::uint64_t sums = has_sums ? s.sections[s.section_count - 1].offset : bytes.size();
    for (std::uint64_t at = tks::superblock_bytes, block = 0; at < sums && sums <= bytes.size();
         at += tks::block_bytes, ++block) {
        if (sums + block * 8 + 8 > bytes.size()) return;
        const std::uint64_t check = checksum_of(ByteView(bytes).subspan(at, std::min(tks::block_bytes, sums - at)));
        std::memcpy(&bytes[sums + block * 8], &check, 8);
    }
    std::memcpy(bytes.data(), &s, sizeof s);
    if (sums > bytes.size()) return;
    const ByteView view(bytes);
    const auto digest = tks::content_digest(view.first(tks::superblock_bytes), view.subspan(sums));
    std::memcpy(bytes.data() + offsetof(tks::Superblock, content_digest), digest.data(), digest.size());
    const std::uint64_t check = checksum_of(view.first(tks::superblock_bytes - 8));
    std::memcpy(bytes.data() + tks::superblock_bytes - 8, &check, 8);
}

void ask(int fd) {
    const KnownSet set = KnownSet::open(fd, "fuzz.tks");
    set.records_without(AlgorithmSet::from_bits(1));
    for (const Algorithm a : all_algorithms) {
        KnownSet::Walk walk(set, a);
        for (int i = 0; walk.digest() && i < 100; ++i, walk.next()) {
            Digests digests;
            digests.set(*walk.digest());
            test::matches_in(set, digests, 3);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto* first = reinterpret_cast<const std::byte*>(data);
    Bytes bytes(first, first + size);
    sign(bytes);
    const int fd = test::memory_file();
    if (::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) return 0;
    try {
        ask(fd);
    } catch (const Error&) {
        // refused
    }
    return 0;
}
