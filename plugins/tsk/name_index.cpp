// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/name_index.h"

#include <dlfcn.h>

#include <cstring>
#include <functional>
#include <string_view>
#include <utility>

namespace triage::tsk {
namespace {

constexpr std::size_t fewest_indexed = 64;  // names: with fewer, comparing with all is as fast

std::string_view text_of(const TSK_FS_NAME& name) { return name.name ? name.name : ""; }

std::uint64_t hash_of(const TSK_FS_NAME& name) {
    return std::hash<std::string_view>{}(text_of(name)) ^ name.meta_addr * 0x9E37'79B9'7F4A'7C15;
}

bool is_same(const TSK_FS_NAME& a, const TSK_FS_NAME& b) {
    return a.meta_addr == b.meta_addr && text_of(a) == text_of(b);
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
    static auto* const add = reinterpret_cast<decltype(&tsk_fs_dir_add)>(dlsym(RTLD_NEXT, "tsk_fs_dir_add"));
    return add(listing, name);
}

std::optional<std::size_t> NameIndex::place_of(const TSK_FS_DIR& listing, const TSK_FS_NAME& name) {
    follow(listing);
    for (std::size_t slot = hash_of(name);; ++slot) {
        const std::uint32_t stored = slots_[slot & (slots_.size() - 1)];
        if (stored == 0) return std::nullopt;
        if (is_same(listing.names[stored - 1], name)) return stored - 1;
    }
}

void NameIndex::follow(const TSK_FS_DIR& listing) {
    const bool is_known = listing_ == &listing && known_ > 0 && known_ <= listing.names_used &&
                          hash_of(listing.names[known_ - 1]) == last_hash_;
    if (!is_known) listing_ = &listing, known_ = 0, slots_.assign(4 * fewest_indexed, 0);
    if (known_ == listing.names_used) return;
    if (listing.names_used > slots_.size() / 2) grow(listing);
    while (known_ < listing.names_used) insert(listing, known_++);
    last_hash_ = hash_of(listing.names[known_ - 1]);
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
    thread_local NameIndex index;
    if (listing->names_used < fewest_indexed || TSK_FS_TYPE_ISFAT(listing->fs_info->ftype)) {
        index.forget(*listing);
        return add_comparing_all(listing, name);
    }
    const auto place = index.place_of(*listing, *name);
    return place ? add_comparing_one(*listing, *place, name) : add_comparing_none(listing, name);
}
