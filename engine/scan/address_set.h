// SPDX-License-Identifier: Apache-2.0
// Which metadata addresses of a volume have been met. Groups of 32 neighbours stand in hash tables, so that ten million
// files cost some 8 MB where their addresses are dense, and 16 to 24 bytes each where a file system scatters them.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace triage {

class AddressSet {
  public:
    AddressSet();
    // True when the address was not in the set before.
    bool insert(std::uint64_t address);

  private:
    struct Group {
        std::uint32_t number_low, number_high;
        std::uint32_t members;  // a bit an address; 0: the slot is empty
        std::uint64_t number() const { return std::uint64_t{number_high} << 32 | number_low; }
    };
    // Many small tables: what one of them holds twice while it grows is little. Linear probing, at most 3/4 full.
    class Table {
      public:
        Group& group(std::uint64_t number, std::uint64_t hash, std::uint64_t seed);

      private:
        Group& slot_of(std::uint64_t number, std::uint64_t hash);
        void grow(std::uint64_t seed);
        std::vector<Group> slots_;
        std::size_t used_ = 0;
    };
    std::array<Table, 64> tables_;
    std::uint64_t seed_;  // addresses come from evidence: nobody can choose them so that they collide
};

}  // namespace triage
