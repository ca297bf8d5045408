// SPDX-License-Identifier: Apache-2.0
// One read, all digests: OpenSSL's EVP behind a value. A Hasher belongs to one thread at a time and is reused for many
// contents; the only adaptor of OpenSSL's digests.
#pragma once

#include <memory>

#include "engine/hash/digest.h"

namespace triage {

class Hasher {
  public:
    explicit Hasher(AlgorithmSet algorithms);
    ~Hasher();
    Hasher(Hasher&&) noexcept;
    Hasher& operator=(Hasher&&) noexcept;

    void begin();  // forgets what came before
    void update(ByteView bytes);
    // The same bytes, for one algorithm only: lets the digests of one large content be computed side by side.
    void update(Algorithm algorithm, ByteView bytes);
    Digests finish();  // of everything since begin()

    AlgorithmSet algorithms() const { return algorithms_; }

  private:
    struct Contexts;
    AlgorithmSet algorithms_;
    std::unique_ptr<Contexts> contexts_;
};

Digests hash_of(ByteView bytes, AlgorithmSet algorithms = AlgorithmSet::all());
// SHA-256 of a file that the program itself wrote or was given (case files, lists). Lower-case hex.
std::string sha256_of_file(const std::string& path);

}  // namespace triage
