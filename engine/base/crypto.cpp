// SPDX-License-Identifier: Apache-2.0
#include "engine/base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "engine/base/error.h"

namespace triage {
namespace {

[[noreturn]] void fail(const char* what) { throw Error("OpenSSL", what); }

const unsigned char* in(ByteView bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* out(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }

struct FreeMdContext {
    void operator()(EVP_MD_CTX* c) const { EVP_MD_CTX_free(c); }
};
using MdContext = std::unique_ptr<EVP_MD_CTX, FreeMdContext>;

struct FreeCipherContext {
    void operator()(EVP_CIPHER_CTX* c) const { EVP_CIPHER_CTX_free(c); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeCipherContext>;

std::size_t page_bytes() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

}  // namespace

// A page of its own: locking and leaving out of dumps work on pages.
SecretKey::SecretKey() {
    void* page = ::mmap(nullptr, page_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) throw Error("key", "no memory for it");
    data_ = static_cast<std::byte*>(page);
    ::mlock(page, page_bytes());  // may be more than RLIMIT_MEMLOCK allows
    ::madvise(page, page_bytes(), MADV_DONTDUMP);
}

SecretKey::~SecretKey() {
    if (data_ == nullptr) return;
    wipe(bytes());
    ::munmap(data_, page_bytes());
}

SecretKey::SecretKey(SecretKey&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}

void forbid_core_dumps() {
    ::prctl(PR_SET_DUMPABLE, 0);
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
}

void fill_random(MutableBytes bytes) {
    if (RAND_bytes(out(bytes.data()), static_cast<int>(bytes.size())) != 1) fail("no random bytes");
}

void wipe(MutableBytes bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

void lock_in_memory(ByteView bytes) { ::mlock(bytes.data(), bytes.size()); }  // RLIMIT_MEMLOCK may be too small

SecretKey derive_from_passphrase(ByteView passphrase, ByteView salt, unsigned log2_n, unsigned r, unsigned p) {
    SecretKey key;
    constexpr std::uint64_t most_memory = 1ull << 30;
    const int ok = EVP_PBE_scrypt(reinterpret_cast<const char*>(passphrase.data()), passphrase.size(), in(salt),
                                  salt.size(), 1ull << log2_n, r, p, most_memory, out(key.bytes().data()), 32);
    if (ok != 1) fail("scrypt failed");
    return key;
}

// The states after the padded key: each message starts from a copy of them.
struct Hmac::Keyed {
    MdContext inner{EVP_MD_CTX_new()}, outer{EVP_MD_CTX_new()};
};

Hmac::Hmac(const SecretKey& key) : keyed_(std::make_unique<Keyed>()) {
    constexpr std::size_t block = 64;  // of SHA-256
    std::array<std::byte, block> pad{};
    for (const auto& [context, value] : {std::pair{&keyed_->inner, 0x36}, {&keyed_->outer, 0x5c}}) {
        pad.fill(static_cast<std::byte>(value));
        for (std::size_t i = 0; i < key.bytes().size(); ++i) pad[i] ^= key.bytes()[i];
        if (EVP_DigestInit_ex(context->get(), EVP_sha256(), nullptr) != 1 ||
            EVP_DigestUpdate(context->get(), pad.data(), pad.size()) != 1)
            fail("HMAC failed");
    }
    wipe(pad);
}
Hmac::~Hmac() = default;
Hmac::Hmac(Hmac&&) noexcept = default;

std::array<std::byte, 32> Hmac::of(ByteView first, ByteView second) const {
    thread_local const MdContext context(EVP_MD_CTX_new());
    std::array<std::byte, 32> digest{};
    const bool ok = EVP_MD_CTX_copy_ex(context.get(), keyed_->inner.get()) == 1 &&
                    EVP_DigestUpdate(context.get(), first.data(), first.size()) == 1 &&
                    EVP_DigestUpdate(context.get(), second.data(), second.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), out(digest.data()), nullptr) == 1 &&
                    EVP_MD_CTX_copy_ex(context.get(), keyed_->outer.get()) == 1 &&
                    EVP_DigestUpdate(context.get(), digest.data(), digest.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), out(digest.data()), nullptr) == 1;
    if (!ok) fail("HMAC failed");
    return digest;
}

SecretKey derive(const SecretKey& from, std::string_view purpose) {
    SecretKey key;
    auto bytes = Hmac(from).of(as_bytes(purpose));
    std::copy(bytes.begin(), bytes.end(), key.bytes().begin());
    wipe(bytes);
    return key;
}

SecretKey derive(ByteView secret, ByteView salt) {
    SecretKey salted;
    std::copy(salt.begin(), salt.begin() + 32, salted.bytes().begin());
    SecretKey key;
    auto bytes = Hmac(salted).of(secret);  // HKDF-Extract (RFC 5869)
    std::copy(bytes.begin(), bytes.end(), key.bytes().begin());
    wipe(bytes);
    return key;
}

namespace {
// Counts the keys of this process, for the threads that remember one.
std::uint64_t next_serial() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}
}  // namespace

Aead::Aead(const SecretKey& key) : key_(key), serial_(next_serial()) {}

Bytes Aead::seal(const Nonce& nonce, ByteView plain) const {
    const CipherContext c(EVP_CIPHER_CTX_new());
    Bytes sealed(plain.size() + gcm_tag_bytes);
    int written = 0;
    const bool ok =
        EVP_EncryptInit_ex(c.get(), EVP_aes_256_gcm(), nullptr, in(key_.bytes()), in(nonce)) == 1 &&
        EVP_EncryptUpdate(c.get(), out(sealed.data()), &written, in(plain), static_cast<int>(plain.size())) == 1 &&
        EVP_EncryptFinal_ex(c.get(), out(sealed.data() + written), &written) == 1 &&
        EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_GET_TAG, gcm_tag_bytes, sealed.data() + plain.size()) == 1;
    if (!ok) fail("AES-GCM failed");
    return sealed;
}

bool Aead::open(const Nonce& nonce, ByteView sealed, MutableBytes plain) const {
    if (sealed.size() != plain.size() + gcm_tag_bytes) return false;
    struct Keyed {
        CipherContext context{EVP_CIPHER_CTX_new()};
        std::uint64_t serial = 0;
    };
    thread_local Keyed keyed;
    EVP_CIPHER_CTX* c = keyed.context.get();
    if (keyed.serial != serial_) {
        if (EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), nullptr, in(key_.bytes()), nullptr) != 1) fail("AES-GCM failed");
        keyed.serial = serial_;
    }
    std::array<std::byte, gcm_tag_bytes> tag;
    std::copy(sealed.end() - gcm_tag_bytes, sealed.end(), tag.begin());
    int written = 0;
    return EVP_DecryptInit_ex(c, nullptr, nullptr, nullptr, in(nonce)) == 1 &&
           EVP_DecryptUpdate(c, out(plain.data()), &written, in(sealed), static_cast<int>(plain.size())) == 1 &&
           EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, gcm_tag_bytes, tag.data()) == 1 &&
           EVP_DecryptFinal_ex(c, out(plain.data() + written), &written) == 1;
}

}  // namespace triage
