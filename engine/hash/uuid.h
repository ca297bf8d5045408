// SPDX-License-Identifier: Apache-2.0
// UUIDs made of names (RFC 4122, section 4.3, version 5 with SHA-1): one name in one space has the same everywhere.
// Pure; any thread.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"

namespace triage {

struct Uuid {
    std::array<std::byte, 16> bytes{};
    friend bool operator==(const Uuid&, const Uuid&) = default;
};

// RFC 4122, appendix C: the space of names that are URLs.
inline constexpr Uuid uuids_of_urls{{std::byte{0x6b}, std::byte{0xa7}, std::byte{0xb8}, std::byte{0x11},
                                     std::byte{0x9d}, std::byte{0xad}, std::byte{0x11}, std::byte{0xd1},
                                     std::byte{0x80}, std::byte{0xb4}, std::byte{0x00}, std::byte{0xc0},
                                     std::byte{0x4f}, std::byte{0xd4}, std::byte{0x30}, std::byte{0xc8}}};

Uuid uuid_of_name(const Uuid& space, std::string_view name);
void append_uuid(std::string& text, const Uuid& uuid);  // "74738ff5-5367-5958-9aee-98fffdcd1876"

}  // namespace triage
