// SPDX-License-Identifier: Apache-2.0
#include "engine/hash/uuid.h"

#include <algorithm>

#include "engine/hash/hasher.h"

namespace triage {
namespace {

AlgorithmSet only_sha1() {
    AlgorithmSet set;
    set.add(Algorithm::sha1);
    return set;
}

}  // namespace

// A report takes some ten names an entry: each thread keeps its hasher.
Uuid uuid_of_name(const Uuid& space, std::string_view name) {
    thread_local Hasher hasher(only_sha1());
    hasher.begin();
    hasher.update(space.bytes);
    hasher.update(as_bytes(name));
    Uuid uuid;
    const Digests digests = hasher.finish();
    std::copy_n(digests.sha1->bytes.begin(), uuid.bytes.size(), uuid.bytes.begin());
    uuid.bytes[6] = (uuid.bytes[6] & std::byte{0x0f}) | std::byte{0x50};
    uuid.bytes[8] = (uuid.bytes[8] & std::byte{0x3f}) | std::byte{0x80};
    return uuid;
}

void append_uuid(std::string& text, const Uuid& uuid) {
    const ByteView bytes(uuid.bytes);
    std::size_t first = 0;
    for (const std::size_t last : {4, 6, 8, 10, 16}) {
        if (first > 0) text += '-';
        append_hex(text, bytes.subspan(first, last - first));
        first = last;
    }
}

}  // namespace triage
