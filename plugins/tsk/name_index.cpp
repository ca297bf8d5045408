// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/name_index.h"

#include <dlfcn.h>

#include <cstring>
#include <utility>

namespace triage::tsk {
namespace {

constexpr std::size_t fewest_indexed = 64;  // names: with fewer, comparing with all is as fast

const char* text_of(const TSK_FS_NAME& name) { return name.name ? name.name : ""; }

std::uint64_t hash_of(std::uint64_t address, std::uint32_t name_hash) {
    const std::uint64_t mixed = (address ^ std::uint64_t{name_hash} << 32) * 0x9E37'79B9'7F4A'7C15;
    return mixed ^ mixed >> 32;
}
std::uint64_t hash_of(const TSK_FS_NAME& name) { return hash_of(name.meta_addr, tsk_fs_dir_hash(text_of(name))); }

bool is_same(const TSK_FS_NAME& a, const TSK_FS_NAME& b) {
    return a.meta_addr == b.meta_addr && std::strcmp(text_of(a), text_of(b)) == 0;
}

template <class Function>
Function* function_of_libtsk(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

NameIndex& index_of_thread() {
    thread_local NameIndex index;
    return index;
}

// libtsk compares nothing on FAT.
std::uint8_t add_comparing_none(TSK_FS_DIR* listing, const TSK_FS_NAME* name) {
    thread_local TSK_FS_INFO fat{};
    fat.ftype = TSK_FS_TYPE_FAT32;
    TSK_FS_INFO* const own = std::exchange(listing->fs_info, &fat);
    const std::uint8_t failed = add_comparing_all(listing, name);
    listing->fs_info = own;
    return failed;
}

// Adds nothing, since the name is there: at most it replaces it.
std::uint8_t add_comparing_one(const TSK_FS_DIR& listing, std::size_t place, const TSK_FS_NAME* name) {
    TSK_FS_DIR one = listing;
    one.names += place;
    one.names_used = one.names_alloc = 1;
    return add_comparing_all(&one, name);
}

}  // namespace

std::uint8_t add_comparing_all(TSK_FS_DIR* listing, const TSK_FS_NAME* name) {
    static auto* const add = function_of_libtsk<decltype(tsk_fs_dir_add)>("tsk_fs_dir_add");
    return add(listing, name);
}

std::uint8_t contains_comparing_all(TSK_FS_DIR* listing, TSK_INUM_T address, std::uint32_t name_hash) {
    static auto* const contains = function_of_libtsk<decltype(tsk_fs_dir_contains)>("tsk_fs_dir_contains");
    return contains(listing, address, name_hash);
}

std::optional<std::size_t> NameIndex::place_of(const TSK_FS_DIR& listing, const TSK_FS_NAME& name) {
    follow(listing);
    for (std::size_t slot = hash_of(name);; ++slot) {
        const std::uint32_t stored = slots_[slot & (slots_.size() - 1)];
        if (stored == 0) return std::nullopt;
        if (is_same(listing.names[stored - 1], name)) return stored - 1;
    }
}

std::optional<std::uint8_t> NameIndex::flags_of(const TSK_FS_DIR& listing, std::uint64_t address,
                                                std::uint32_t name_hash) {
    follow(listing);
    const TSK_FS_NAME* found = nullptr;
    for (std::size_t slot = hash_of(address, name_hash);; ++slot) {
        const std::uint32_t stored = slots_[slot & (slots_.size() - 1)];
        if (stored == 0) break;
        const TSK_FS_NAME& name = listing.names[stored - 1];
        if (name.meta_addr != address || tsk_fs_dir_hash(text_of(name)) != name_hash) continue;
        if (found) return std::nullopt;
        found = &name;
    }
    return found ? static_cast<std::uint8_t>(found->flags) : std::uint8_t{0};
}

void NameIndex::follow(const TSK_FS_DIR& listing) {
    const bool is_known =
        listing_ == &listing && known_ > 0 && known_ <= listing.names_used && listing.names[known_ - 1].name == last_;
    if (!is_known) listing_ = &listing, known_ = 0, slots_.assign(4 * fewest_indexed, 0);
    if (known_ == listing.names_used) return;
    if (listing.names_used > slots_.size() / 2) grow(listing);
    while (known_ < listing.names_used) insert(listing, known_++);
    last_ = listing.names[known_ - 1].name;
}

void NameIndex::grow(const TSK_FS_DIR& listing) {
    std::size_t size = slots_.size();
    while (listing.names_used > size / 4) size *= 2;
    slots_.assign(size, 0);
    for (std::size_t place = 0; place < known_; ++place) insert(listing, place);
}

void NameIndex::insert(const TSK_FS_DIR& listing, std::size_t place) {
    std::size_t slot = hash_of(listing.names[place]);
    while (slots_[slot & (slots_.size() - 1)] != 0) ++slot;
    slots_[slot & (slots_.size() - 1)] = static_cast<std::uint32_t>(place + 1);
}

}  // namespace triage::tsk

std::uint8_t tsk_fs_dir_add(TSK_FS_DIR* listing, const TSK_FS_NAME* name) {
    using namespace triage::tsk;
    if (listing->names_used < fewest_indexed || TSK_FS_TYPE_ISFAT(listing->fs_info->ftype)) {
        index_of_thread().forget(*listing);
        return add_comparing_all(listing, name);
    }
    const auto place = index_of_thread().place_of(*listing, *name);
    return place ? add_comparing_one(*listing, *place, name) : add_comparing_none(listing, name);
}

std::uint8_t tsk_fs_dir_contains(TSK_FS_DIR* listing, TSK_INUM_T address, std::uint32_t name_hash) {
    using namespace triage::tsk;
    std::optional<std::uint8_t> flags;
    if (listing->names_used >= fewest_indexed) flags = index_of_thread().flags_of(*listing, address, name_hash);
    return flags ? *flags : contains_comparing_all(listing, address, name_hash);
}
