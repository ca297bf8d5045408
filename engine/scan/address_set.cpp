// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/address_set.h"

#include <random>
#include <utility>

namespace triage {
namespace {

constexpr std::uint64_t group_size = 32;
constexpr std::size_t fewest_slots = 8;

// The finaliser of MurmurHash3 over a seeded number.
std::uint64_t hash_of(std::uint64_t number, std::uint64_t seed) {
    std::uint64_t h = number ^ seed;
    h = (h ^ h >> 33) * 0xFF51'AFD7'ED55'8CCD;
    h = (h ^ h >> 33) * 0xC4CE'B9FE'1A85'EC53;
    return h ^ h >> 33;
}

}  // namespace

AddressSet::AddressSet() {
    std::random_device random;
    seed_ = std::uint64_t{random()} << 32 | random();
}

bool AddressSet::insert(std::uint64_t address) {
    const std::uint64_t number = address / group_size, hash = hash_of(number, seed_);
    std::uint32_t& members = tables_[hash % tables_.size()].group(number, hash, seed_).members;
    const std::uint32_t bit = 1u << (address % group_size);
    const bool is_new = (members & bit) == 0;
    members |= bit;
    return is_new;
}

// The group of this number, which the caller gives a member.
AddressSet::Group& AddressSet::Table::group(std::uint64_t number, std::uint64_t hash, std::uint64_t seed) {
    if (slots_.empty()) slots_.resize(fewest_slots);
    if (Group& known = slot_of(number, hash); known.members != 0) return known;
    if ((used_ + 1) * 4 > slots_.size() * 3) grow(seed);
    ++used_;
    Group& added = slot_of(number, hash);
    added.number_low = static_cast<std::uint32_t>(number), added.number_high = static_cast<std::uint32_t>(number >> 32);
    return added;
}

// That holds the group, or the empty one where it would stand.
AddressSet::Group& AddressSet::Table::slot_of(std::uint64_t number, std::uint64_t hash) {
    // The table was chosen by the low bits.
    std::size_t at = static_cast<std::size_t>((hash >> 32) * slots_.size() >> 32);
    while (slots_[at].members != 0 && slots_[at].number() != number) at = at + 1 < slots_.size() ? at + 1 : 0;
    return slots_[at];
}

void AddressSet::Table::grow(std::uint64_t seed) {
    const std::vector<Group> before = std::exchange(slots_, std::vector<Group>(slots_.size() + slots_.size() / 2));
    for (const Group& group : before)
        if (group.members != 0) slot_of(group.number(), hash_of(group.number(), seed)) = group;
}

}  // namespace triage
