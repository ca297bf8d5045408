// SPDX-License-Identifier: Apache-2.0
#include "engine/known/set_key.h"

#include "engine/base/error.h"

namespace triage {
namespace {

// 64 MiB and about 0.2 s a guess (OWASP Password Storage Cheat Sheet, 2024, asks for N = 2^17, r = 8, p = 1).
constexpr std::uint32_t scrypt_log2_n = 17, scrypt_r = 8, scrypt_p = 1;

Nonce nonce_of(tks::SectionKind section, std::uint64_t block) {
    Nonce nonce{};
    nonce[0] = static_cast<std::byte>(section);
    for (std::size_t i = 0; i < 8; ++i) nonce[4 + i] = static_cast<std::byte>(block >> (8 * i));
    return nonce;
}

}  // namespace

SetKey::Salted SetKey::new_salt(Secret::Kind kind) {
    Salted salted{kind, {}, 0, 0, 0};
    fill_random(salted.salt);
    if (kind == Secret::Kind::passphrase) salted.log2_n = scrypt_log2_n, salted.r = scrypt_r, salted.p = scrypt_p;
    return salted;
}

SetKey::Salted SetKey::salt_of(Secret::Kind kind, const tks::Superblock& s) {
    if (s.key_kind != static_cast<std::uint32_t>(kind))
        throw Error("known set", s.key_kind == 2 ? "is protected by a passphrase, not by a key file"
                                                 : "is protected by a key file, not by a passphrase");
    if (s.scrypt_log2_n > 20 || s.scrypt_r > 32 || s.scrypt_p > 16)
        throw Error("known set", "asks for more work to derive its key than any honest one");
    return {kind, s.salt, s.scrypt_log2_n, s.scrypt_r, s.scrypt_p};
}

SetKey::SetKey(const Secret& secret, const Salted& salted)
    : salted_(salted),
      master_(salted.kind == Secret::Kind::passphrase
                  ? derive_from_passphrase(secret.bytes(), salted.salt, salted.log2_n, salted.r, salted.p)
                  : derive(secret.bytes(), salted.salt)),
      digest_key_(derive(master_, "triage known set: digests")),
      seal_key_(derive(master_, "triage known set: sections")),
      hmac_(digest_key_),
      aead_(seal_key_) {}

SetKey::SetKey(const Secret& secret) : SetKey(secret, new_salt(secret.kind())) {}
SetKey::SetKey(const Secret& secret, const tks::Superblock& superblock)
    : SetKey(secret, salt_of(secret.kind(), superblock)) {}

void SetKey::describe(tks::Superblock& superblock) const {
    superblock.flags |= tks::flag_protected;
    superblock.key_kind = static_cast<std::uint32_t>(salted_.kind);
    superblock.salt = salted_.salt;
    superblock.scrypt_log2_n = salted_.log2_n, superblock.scrypt_r = salted_.r, superblock.scrypt_p = salted_.p;
}

KeyedDigest SetKey::keyed(const Digest& digest) const {
    const auto algorithm = static_cast<std::byte>(digest.algorithm);
    const auto whole = hmac_.of({&algorithm, 1}, digest.view());
    KeyedDigest cut;
    std::copy(whole.begin(), whole.begin() + cut.size(), cut.begin());
    return cut;
}

Bytes SetKey::seal(tks::SectionKind section, std::uint64_t block, ByteView plain) const {
    return aead_.seal(nonce_of(section, block), plain);
}

bool SetKey::open(tks::SectionKind section, std::uint64_t block, ByteView sealed, MutableBytes plain) const {
    return aead_.open(nonce_of(section, block), sealed, plain);
}

}  // namespace triage
