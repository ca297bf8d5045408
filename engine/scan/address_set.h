// SPDX-License-Identifier: Apache-2.0
// Which metadata addresses of a volume have been met: a bit an address, in pages, so that ten million files cost about
// a megabyte and a hostile address costs one page.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>

namespace triage {

class AddressSet {
  public:
    // True when the address was not in the set before.
    bool insert(std::uint64_t address) {
        std::unique_ptr<Page>& page = pages_[address / page_bits];
        if (!page) page = std::make_unique<Page>();
        std::uint64_t& word = (*page)[address % page_bits / 64];
        const std::uint64_t bit = 1ull << (address % 64);
        const bool is_new = (word & bit) == 0;
        word |= bit;
        return is_new;
    }

  private:
    static constexpr std::uint64_t page_bits = 4096;
    using Page = std::array<std::uint64_t, page_bits / 64>;
    std::unordered_map<std::uint64_t, std::unique_ptr<Page>> pages_;
};

}  // namespace triage
