// SPDX-License-Identifier: Apache-2.0
// The truth about a content: OpenSSL's one-shot function, which the program does not use.
#pragma once

#include <openssl/sha.h>

#include <array>
#include <span>
#include <string>

#include "engine/base/bytes.h"

namespace triage::test {

inline std::string sha256_of(ByteView bytes) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
    return to_hex(std::as_bytes(std::span(digest)));
}

}  // namespace triage::test
