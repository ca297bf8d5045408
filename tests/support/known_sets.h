// SPDX-License-Identifier: Apache-2.0
// Compiled sets for tests, in files without a name.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <random>
#include <stdexcept>
#include <vector>

#include "engine/known/known_set.h"
#include "engine/known/set_writer.h"

namespace triage::test {

inline int memory_file() {
    const int fd = ::memfd_create("triage-test", MFD_CLOEXEC);
    if (fd < 0) throw std::runtime_error("no memory file");
    return fd;
}

inline Digest random_digest(Algorithm algorithm, std::mt19937_64& random) {
    Digest digest{algorithm, {}};
    for (std::size_t i = 0; i < digest_size(algorithm); ++i) digest.bytes[i] = static_cast<std::byte>(random());
    return digest;
}

struct SetOptions {
    KnownSetIdentity identity;
    std::vector<std::string> alert_categories;
    std::uint64_t memory = 64 << 20;
    const SetKey* key = nullptr;
};

// The bytes of a set of these records, in a file whose descriptor the caller owns.
inline int compile(const std::vector<KnownRecord>& records, const SetOptions& options = {}) {
    SetWriter writer({options.memory, "/tmp", options.key});
    writer.begin_source();
    for (const KnownRecord& r : records) writer.add(r);
    const int fd = memory_file();
    writer.write(fd, options.identity, options.alert_categories);
    return fd;
}

inline KnownSet set_of(const std::vector<KnownRecord>& records, const SetOptions& options = {}) {
    return KnownSet::open(compile(records, options), options.identity.source_path);
}

inline std::vector<Match> matches_in(const KnownSet& set, const Digests& digests, std::uint64_t size,
                                     std::uint32_t set_index = 0) {
    const KnownQuery query{&digests, size};
    std::vector<Match> found;
    set.lookup({&query, 1}, set_index, {&found, 1});
    return found;
}

}  // namespace triage::test
