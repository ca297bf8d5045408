// SPDX-License-Identifier: Apache-2.0
// A public key that stands beside a case, and its signature: 64 bytes, then PEM. What is read says itself again, and
// signs nothing that it did not sign.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "engine/base/crypto.h"

using namespace triage;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView bytes = std::as_bytes(std::span(data, size));
    const ByteView signature = bytes.first(std::min<std::size_t>(64, size)), pem = bytes.subspan(signature.size());
    const auto key = PublicKey::parse(as_text(pem));
    if (!key) return 0;
    if (PublicKey::parse(key->pem()) != key || key->fingerprint().size() != 64) std::abort();
    static_cast<void>(key->verifies(pem, signature));
    return 0;
}
