// SPDX-License-Identifier: Apache-2.0
// The only adaptor of OpenSSL beside the digests: keyed digests, authenticated encryption, key derivation,
// signatures, random bytes, memory for keys. Objects may be used from any number of threads; errors of the library
// throw Error.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "engine/base/bytes.h"

namespace triage {

// 32 bytes of key in memory that is locked where the system allows it, left out of core dumps, wiped at its end.
class SecretKey {
  public:
    SecretKey();
    ~SecretKey();
    SecretKey(SecretKey&& other) noexcept;
    SecretKey& operator=(SecretKey&&) = delete;
    MutableBytes bytes() { return {data_, 32}; }
    ByteView bytes() const { return {data_, 32}; }

  private:
    std::byte* data_ = nullptr;
};

// In a process that is no worker, before anything of OpenSSL is used. Throws std::bad_alloc where there is no memory to
// set it up: its version 3.0 would crash in its first use.
void set_up_crypto();

// From now on this process leaves no core and cannot be attached to by others of its user.
void forbid_core_dumps();

void fill_random(MutableBytes out);
void wipe(MutableBytes bytes);
// Keeps the pages of a secret out of swap, where the system allows it.
void lock_in_memory(ByteView bytes);

// scrypt (RFC 7914) with N = 2^log2_n.
SecretKey derive_from_passphrase(ByteView passphrase, ByteView salt, unsigned log2_n, unsigned r, unsigned p);

// HMAC-SHA-256 (RFC 2104), about 0.3 µs for a digest.
class Hmac {
  public:
    explicit Hmac(const SecretKey& key);
    ~Hmac();
    Hmac(Hmac&&) noexcept;
    std::array<std::byte, 32> of(ByteView first, ByteView second = {}) const;  // of both, one after the other

  private:
    struct Keyed;
    std::unique_ptr<Keyed> keyed_;
};
SecretKey derive(const SecretKey& from, std::string_view purpose);
SecretKey derive(ByteView secret, ByteView salt);  // from a key file's bytes

// AES-256-GCM (NIST SP 800-38D). A nonce is used once with a key.
using Nonce = std::array<std::byte, 12>;
inline constexpr std::size_t gcm_tag_bytes = 16;
class Aead {
  public:
    explicit Aead(const SecretKey& key);
    Bytes seal(const Nonce& nonce, ByteView plain) const;  // plain bytes' length and a tag
    // Into `plain`, which is shorter by the tag. False when it was changed. Each thread keeps the key that it used last
    // expanded, which costs more than to decrypt a kilobyte.
    [[nodiscard]] bool open(const Nonce& nonce, ByteView sealed, MutableBytes plain) const;

  private:
    const SecretKey& key_;
    const std::uint64_t serial_;  // of this object: another may come to lie at its address
};

// Ed25519 (RFC 8032): what is signed may be checked by any other implementation. Keys travel as PEM.
class PublicKey {
  public:
    static std::optional<PublicKey> parse(std::string_view pem);  // nothing of what is no Ed25519 public key
    std::string pem() const;
    std::string fingerprint() const;  // hex SHA-256 of the key's DER form (SubjectPublicKeyInfo)
    [[nodiscard]] bool verifies(ByteView message, ByteView signature) const;
    friend bool operator==(const PublicKey&, const PublicKey&) = default;

  private:
    friend class SigningKey;
    std::array<std::byte, 32> raw_{};
};

class SigningKey {
  public:
    static SigningKey generate();
    // PKCS #8. Nothing of what is no Ed25519 key, or is under another passphrase.
    static std::optional<SigningKey> parse(ByteView pem, ByteView passphrase);
    static bool is_encrypted(ByteView pem);
    Bytes pem(ByteView passphrase) const;  // under AES-256 when there is a passphrase; to be wiped
    const PublicKey& public_key() const { return public_; }
    Bytes sign(ByteView message) const;  // 64 bytes

  private:
    SecretKey seed_;
    PublicKey public_;
};

}  // namespace triage
