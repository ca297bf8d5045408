// SPDX-License-Identifier: Apache-2.0
// Which contents of a volume are read already: a metadata address with an attribute of it. Every name of a content asks
// here, in any order and whatever became of the other contents of its address: a rule may skip one and not another.
// Costs what an AddressSet costs, once for each attribute that neighbours have. One thread uses it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "engine/scan/address_set.h"

namespace triage {

class ContentSet {
  public:
    // True when the content was not in the set before.
    bool insert(std::uint64_t address, std::uint32_t attribute) {
        constexpr unsigned address_bits = 48;  // what a reference of NTFS has; other file systems count from 1
        const std::uint64_t number = number_of(attribute);
        if (address >> address_bits != 0 || number > most_numbers) return others_.insert({address, attribute}).second;
        return contents_.insert(number << address_bits | address);
    }

  private:
    static constexpr std::uint64_t most_numbers = 0xFFFF;

    // Attributes are few, and 32 bits wide (type and id): they are numbered as they come.
    std::uint64_t number_of(std::uint32_t attribute) {
        if (const auto known = numbers_.find(attribute); known != numbers_.end()) return known->second;
        if (numbers_.size() > most_numbers) return most_numbers + 1;
        return numbers_.emplace(attribute, numbers_.size()).first->second;
    }

    AddressSet contents_;
    std::map<std::uint32_t, std::uint64_t> numbers_;
    std::set<std::pair<std::uint64_t, std::uint32_t>> others_;  // only hostile volumes have any
};

}  // namespace triage
