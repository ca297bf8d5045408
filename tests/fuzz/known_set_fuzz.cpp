// SPDX-License-Identifier: Apache-2.0
// A hostile set file: opened, walked and asked. Its checksums are made right first, or nothing behind them were
// reached.
#include <unistd.h>

#include <random>

#include "engine/base/error.h"
#include "tests/support/known_sets.h"
#include "tests/support/signed_set.h"

namespace {

using namespace triage;

void ask(int fd) {
    const KnownSet set = KnownSet::open(fd, "fuzz.tks");
    set.records_without(AlgorithmSet::from_bits(1));
    set.for_each_size([](std::optional<std::uint64_t>) { return true; });
    for (const Algorithm a : all_algorithms) {
        KnownSet::Walk walk(set, a);
        for (int i = 0; walk.digest() && i < 100; ++i, walk.next()) {
            Digests digests;
            digests.set(*walk.digest());
            test::matches_in(set, digests, 3);
        }
    }
}

// Values that lengths, offsets and counts lie with.
std::uint64_t lie(std::mt19937& random, std::uint64_t truth) {
    const std::uint64_t lies[] = {0,          1,          truth + 1,     truth - 1,   4095, 4096,
                                  0x20000000, 0xFFFFFFFF, 0x1'0000'0000, ~truth >> 1, ~0ull};
    return lies[random() % std::size(lies)];
}

// What stands in the superblock and at the beginning of the small sections decides what is read, and is a thousandth of
// the bytes: changes aim at it.
void aim(Bytes& bytes, std::mt19937& random) {
    tks::Superblock s = test::superblock_of(bytes);
    tks::Section& section = s.sections[random() % std::clamp<std::uint32_t>(s.section_count, 1, tks::most_sections)];
    const auto change = [&](auto& field) {
        field = static_cast<std::remove_reference_t<decltype(field)>>(lie(random, field));
    };
    switch (random() % 12) {
        case 0: return change(s.records), test::put_superblock(bytes, s);
        case 1: return change(s.mentions), test::put_superblock(bytes, s);
        case 2: return change(section.offset), test::put_superblock(bytes, s);
        case 3: return change(section.length), test::put_superblock(bytes, s);
        case 4: return change(section.rows), test::put_superblock(bytes, s);
        case 5: return change(section.dropped), test::put_superblock(bytes, s);
        case 6: return change(section.bits), test::put_superblock(bytes, s);
        case 7: return change(section.attached), test::put_superblock(bytes, s);
        case 8: return change(section.link_bytes), test::put_superblock(bytes, s);
        case 9: return change(s.record_widths.first_mention), test::put_superblock(bytes, s);
        case 10: return change(s.mention_widths.label), test::put_superblock(bytes, s);
        default: break;
    }
    if (section.length < 4 || section.offset > bytes.size() || section.length > bytes.size() - section.offset) return;
    const std::uint64_t word = random() % 2 ? section.length / 4 - 1 : random() % (section.length / 4);
    std::uint32_t value = 0;
    std::memcpy(&value, &bytes[section.offset + word * 4], 4);
    change(value);
    std::memcpy(&bytes[section.offset + word * 4], &value, 4);
}

}  // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
    std::mt19937 random(seed);
    if (size < tks::superblock_bytes || random() % 4 == 0) return LLVMFuzzerMutate(data, size, most);
    auto* first = reinterpret_cast<std::byte*>(data);
    Bytes bytes(first, first + size);
    aim(bytes, random);
    std::copy(bytes.begin(), bytes.end(), first);
    return size;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto* first = reinterpret_cast<const std::byte*>(data);
    Bytes bytes(first, first + size);
    test::sign(bytes);
    const int fd = test::memory_file();
    if (::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) return 0;
    try {
        ask(fd);
    } catch (const Error&) {
        // refused
    }
    return 0;
}
