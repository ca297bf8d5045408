// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/apfs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

namespace triage::tsk {
namespace {

constexpr std::uint32_t smallest_block = 4096, largest_block = 65536;
constexpr std::uint32_t superblock_type = 1, checkpoint_map_type = 12;
constexpr std::uint32_t most_blocks = 1 << 16;    // macOS makes some hundreds
constexpr std::uint32_t is_scattered = 1u << 31;  // of the count of blocks: a B-tree says where they are

std::uint32_t type_of(ByteView block) { return *load_le<std::uint32_t>(block, 24) & 0xFFFF; }
std::uint64_t transaction_of(ByteView block) { return *load_le<std::uint64_t>(block, 16); }

}  // namespace

bool is_sound_apfs_object(ByteView block) {
    constexpr std::uint64_t modulus = 0xFFFF'FFFF;
    std::uint64_t low = 0, high = 0;
    for (std::size_t at = 8; at + 4 <= block.size(); at += 4) {
        low = (low + *load_le<std::uint32_t>(block, at)) % modulus;
        high = (high + low) % modulus;
    }
    const std::uint64_t first = modulus - (low + high) % modulus, second = modulus - (low + first) % modulus;
    return load_le<std::uint64_t>(block, 0) == (second << 32 | first);
}

namespace {

// libtsk takes the highest transaction whose superblock among the checkpoints is sound. Empty when it is the newest.
std::string newer_checkpoint(Image& image, ByteView superblock) {
    const std::uint32_t count = *load_le<std::uint32_t>(superblock, 104);
    const std::uint64_t base = *load_le<std::uint64_t>(superblock, 112);
    if (count & is_scattered) return "its checkpoints are scattered: whether the newest is listed is not known";
    if (count > most_blocks) return fmt::format("it claims {} blocks of checkpoints", count);
    std::uint64_t newest = transaction_of(superblock), listed = 0;
    Bytes block(superblock.size());
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto at = checked_multiply(base, block.size());
        const auto place = at ? checked_add(*at, i * block.size()) : std::nullopt;
        if (!place || *place > image.length() || image.length() - *place < block.size())
            return "its checkpoints go on behind the end of its volume";
        if (!image.read(*place, block)) continue;  // which is a flaw of its own
        const std::uint32_t type = type_of(block);
        if (type != superblock_type && type != checkpoint_map_type) continue;
        newest = std::max(newest, transaction_of(block));
        if (type == superblock_type && is_sound_apfs_object(block)) listed = std::max(listed, transaction_of(block));
    }
    if (listed == 0) listed = transaction_of(superblock);
    if (listed >= newest) return {};
    return fmt::format("an older state of it is listed, that of transaction {} of {}: the newest is damaged", listed,
                       newest);
}

}  // namespace

std::vector<std::string> apfs_container_flaws(Image& image) {
    Bytes superblock(smallest_block);
    if (!image.read(0, superblock)) return {};
    const std::uint32_t block_bytes = *load_le<std::uint32_t>(superblock, 36);
    if (block_bytes < smallest_block || block_bytes > largest_block) return {"its superblock is damaged"};
    superblock.resize(block_bytes);
    if (!image.read(0, superblock)) return {};
    if (!is_sound_apfs_object(superblock)) return {"its superblock contradicts its checksum"};
    std::vector<std::string> flaws;
    const std::uint64_t blocks = *load_le<std::uint64_t>(superblock, 40), there = image.length() / block_bytes;
    if (blocks > there)
        flaws.push_back(fmt::format("it goes on for {} blocks of {} bytes behind the end of its volume", blocks - there,
                                    block_bytes));
    if (std::string newer = newer_checkpoint(image, superblock); !newer.empty()) flaws.push_back(std::move(newer));
    return flaws;
}

namespace {

// Nothing where they cannot be read, which is a flaw of its own.
std::uint64_t features_at(Image& image, std::uint64_t offset) {
    std::array<std::byte, 8> features{};
    return image.read(offset, features) ? *load_le<std::uint64_t>(features, 0) : 0;
}

std::string unknown_features(std::string_view of_what, std::uint64_t unknown) {
    if (unknown == 0) return {};
    return fmt::format("{} with incompatible features that are not known ({:#x}): not read by this build", of_what,
                       unknown);
}

}  // namespace

// nx_incompatible_features. Version 1 is that of a preview, which no macOS reads any more.
std::string why_unsupported_apfs_container(Image& image) {
    constexpr std::uint64_t version_2 = 2, fusion = 0x100;
    const std::uint64_t features = features_at(image, 64);
    if (features & fusion) return "APFS over two disks (Fusion): not read by this build";
    return unknown_features("APFS container", features & ~version_2);
}

// apfs_incompatible_features. The extents of a sealed volume are in a tree of their own, which libtsk does not look
// for.
std::string why_unsupported_apfs_volume(Image& image, std::uint64_t superblock) {
    constexpr std::uint64_t ignores_case = 1, has_dataless_snapshots = 2, changed_key = 4, ignores_normalisation = 8,
                            sealed = 0x20, reserves_space = 0x80;  // in extents behind the end of a file
    const std::uint64_t features = features_at(image, superblock + 56);
    if (features & sealed) return "sealed APFS volume: not read by this build";
    return unknown_features("APFS volume", features & ~(ignores_case | has_dataless_snapshots | changed_key |
                                                        ignores_normalisation | reserves_space));
}

namespace {

// What istat prints. Names in it may be anything.
std::string words_about(TSK_FS_INFO* fs, std::uint64_t address) {
    char* text = nullptr;
    std::size_t size = 0;
    std::FILE* out = open_memstream(&text, &size);
    if (!out) throw std::bad_alloc();
    fs->istat(fs, TSK_FS_ISTAT_RUNLIST, out, address, 0, 0);
    std::fclose(out);
    take_error();
    const std::unique_ptr<char, decltype(&std::free)> held(text, std::free);
    return text ? std::string(text, size) : std::string();
}

}  // namespace

bool is_dataless(TSK_FS_INFO* fs, std::uint64_t address) {
    constexpr std::string_view label = "\nBSD flags:";
    constexpr unsigned long dataless = 0x40000000;
    const std::string words = words_about(fs, address);
    for (std::size_t at = words.find(label); at != std::string::npos; at = words.find(label, at + 1))
        if (std::strtoul(words.c_str() + at + label.size(), nullptr, 0) & dataless) return true;
    return false;
}

}  // namespace triage::tsk
