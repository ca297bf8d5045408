// SPDX-License-Identifier: Apache-2.0
// The key of a protected set. Digests are stored as HMAC-SHA-256 of themselves, cut to 16 bytes, and everything that
// can be read (identity, records, labels) under AES-256-GCM in blocks: the file alone neither tells what is in it nor
// answers whether a file is (docs/known-set-format.md, "Protection"). Any number of threads may use one.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/crypto.h"
#include "engine/hash/digest.h"
#include "engine/known/tks_layout.h"

namespace triage {

using KeyedDigest = std::array<std::byte, 16>;

// What the user gives: the content of a key file, or a passphrase. Wiped at its end.
class Secret {
  public:
    enum class Kind : std::uint32_t { key_file = 1, passphrase = 2 };
    Secret(Kind kind, Bytes bytes) : kind_(kind), bytes_(std::move(bytes)) { lock_in_memory(bytes_); }
    Secret(Secret&&) noexcept = default;
    ~Secret() { wipe(bytes_); }
    Kind kind() const { return kind_; }
    ByteView bytes() const { return bytes_; }

  private:
    Kind kind_;
    Bytes bytes_;
};

class SetKey {
  public:
    // A new salt, which `describe` writes into the superblock.
    explicit SetKey(const Secret& secret);
    // For a set that exists. Throws Error when its parameters are unreasonable.
    SetKey(const Secret& secret, const tks::Superblock& superblock);

    void describe(tks::Superblock& superblock) const;
    KeyedDigest keyed(const Digest& digest) const;
    Bytes seal(tks::SectionKind section, std::uint64_t block, ByteView plain) const;
    [[nodiscard]] bool open(tks::SectionKind section, std::uint64_t block, ByteView sealed, MutableBytes plain) const;

  private:
    struct Salted {
        Secret::Kind kind;
        std::array<std::byte, 32> salt;
        std::uint32_t log2_n = 0, r = 0, p = 0;
    };
    SetKey(const Secret& secret, const Salted& salted);
    static Salted new_salt(Secret::Kind kind);
    static Salted salt_of(Secret::Kind kind, const tks::Superblock& superblock);

    Salted salted_;
    SecretKey master_, digest_key_, seal_key_;
    Hmac hmac_;
    Aead aead_;
};

}  // namespace triage
