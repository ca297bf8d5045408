// SPDX-License-Identifier: Apache-2.0
#include "engine/base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <new>

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

// OpenSSL does not tell that its default context could not be made. Then it remembers no other one either.
void set_up_crypto() {
    OSSL_LIB_CTX* probe = OSSL_LIB_CTX_new();
    if (probe == nullptr) throw std::bad_alloc();
    OSSL_LIB_CTX* const before = OSSL_LIB_CTX_set0_default(probe);
    const bool is_set_up = OSSL_LIB_CTX_set0_default(before) == probe;
    OSSL_LIB_CTX_free(probe);
    if (!is_set_up) throw std::bad_alloc();
}

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

namespace {

template <auto free>
struct FreeBy {
    template <class T>
    void operator()(T* object) const {
        free(object);
    }
};
using Key = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, FreeBy<BIO_free_all>>;
using Pkcs8 = std::unique_ptr<PKCS8_PRIV_KEY_INFO, FreeBy<PKCS8_PRIV_KEY_INFO_free>>;
using SealedPkcs8 = std::unique_ptr<X509_SIG, FreeBy<X509_SIG_free>>;

// PBKDF2-HMAC-SHA256 (OWASP Password Storage Cheat Sheet, 2023): what the `openssl` program reads back by itself.
constexpr int pbkdf2_iterations = 600'000;
constexpr std::size_t ed25519_signature_bytes = 64;

Bio reader_of(ByteView bytes) { return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()))); }
Bio secret_writer() { return Bio(BIO_new(BIO_s_secmem())); }  // wiped when it is freed

Bytes bytes_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    const ByteView view(reinterpret_cast<const std::byte*>(data), static_cast<std::size_t>(size));
    return {view.begin(), view.end()};
}

Key key_of(const std::array<std::byte, 32>& raw) {
    Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, in(raw), raw.size()));
    if (!key) fail("no Ed25519");
    return key;
}

Key key_of(const SecretKey& seed) {
    Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, in(seed.bytes()), seed.bytes().size()));
    if (!key) fail("no Ed25519");
    return key;
}

// OpenSSL's own would ask at the terminal.
int give_passphrase(char* buffer, int capacity, int, void* passphrase) {
    const ByteView given = *static_cast<const ByteView*>(passphrase);
    if (given.empty() || given.size() > static_cast<std::size_t>(capacity)) return -1;
    std::copy(given.begin(), given.end(), reinterpret_cast<std::byte*>(buffer));
    return static_cast<int>(given.size());
}

bool write_sealed(BIO* bio, EVP_PKEY* key, ByteView passphrase) {
    const Pkcs8 plain(EVP_PKEY2PKCS8(key));
    std::array<std::byte, 16> salt{};
    fill_random(salt);
    const SealedPkcs8 sealed(PKCS8_encrypt(-1, EVP_aes_256_cbc(), reinterpret_cast<const char*>(passphrase.data()),
                                           static_cast<int>(passphrase.size()), out(salt.data()),
                                           static_cast<int>(salt.size()), pbkdf2_iterations, plain.get()));
    return sealed && PEM_write_bio_PKCS8(bio, sealed.get()) == 1;
}

}  // namespace

std::optional<PublicKey> PublicKey::parse(std::string_view pem) {
    const Key key(PEM_read_bio_PUBKEY(reader_of(as_bytes(pem)).get(), nullptr, nullptr, nullptr));
    PublicKey parsed;
    std::size_t size = parsed.raw_.size();
    if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519 ||
        EVP_PKEY_get_raw_public_key(key.get(), out(parsed.raw_.data()), &size) != 1 || size != parsed.raw_.size())
        return {};
    return parsed;
}

std::string PublicKey::pem() const {
    const Bio bio(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_PUBKEY(bio.get(), key_of(raw_).get()) != 1) fail("cannot write a public key");
    const Bytes bytes = bytes_of(bio.get());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string PublicKey::fingerprint() const {
    const Bio bio(BIO_new(BIO_s_mem()));
    if (i2d_PUBKEY_bio(bio.get(), key_of(raw_).get()) != 1) fail("cannot write a public key");
    const Bytes der = bytes_of(bio.get());
    std::array<std::byte, 32> digest{};
    if (EVP_Digest(der.data(), der.size(), out(digest.data()), nullptr, EVP_sha256(), nullptr) != 1) fail("SHA-256");
    return to_hex(digest);
}

bool PublicKey::verifies(ByteView message, ByteView signature) const {
    const Key key = key_of(raw_);
    const MdContext context(EVP_MD_CTX_new());
    return signature.size() == ed25519_signature_bytes &&
           EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
           EVP_DigestVerify(context.get(), in(signature), signature.size(), in(message), message.size()) == 1;
}

SigningKey SigningKey::generate() {
    SigningKey key;
    fill_random(key.seed_.bytes());
    std::size_t size = key.public_.raw_.size();
    if (EVP_PKEY_get_raw_public_key(key_of(key.seed_).get(), out(key.public_.raw_.data()), &size) != 1)
        fail("no Ed25519");
    return key;
}

bool SigningKey::is_encrypted(ByteView pem) {
    const std::string_view text(reinterpret_cast<const char*>(pem.data()), pem.size());
    return text.find("-----BEGIN ENCRYPTED PRIVATE KEY-----") != std::string_view::npos;
}

std::optional<SigningKey> SigningKey::parse(ByteView pem, ByteView passphrase) {
    const Key key(PEM_read_bio_PrivateKey(reader_of(pem).get(), nullptr, give_passphrase, &passphrase));
    if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519) return {};
    SigningKey parsed;
    std::size_t secret = parsed.seed_.bytes().size(), open = parsed.public_.raw_.size();
    if (EVP_PKEY_get_raw_private_key(key.get(), out(parsed.seed_.bytes().data()), &secret) != 1 ||
        EVP_PKEY_get_raw_public_key(key.get(), out(parsed.public_.raw_.data()), &open) != 1)
        return {};
    return parsed;
}

Bytes SigningKey::pem(ByteView passphrase) const {
    const Bio bio = secret_writer();
    const Key key = key_of(seed_);
    const bool ok = passphrase.empty() ? PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0,
                                                                       nullptr, nullptr) == 1
                                       : write_sealed(bio.get(), key.get(), passphrase);
    if (!ok) fail("cannot write a private key");
    return bytes_of(bio.get());
}

Bytes SigningKey::sign(ByteView message) const {
    const Key key = key_of(seed_);
    const MdContext context(EVP_MD_CTX_new());
    Bytes signature(ed25519_signature_bytes);
    std::size_t size = signature.size();
    if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
        EVP_DigestSign(context.get(), out(signature.data()), &size, in(message), message.size()) != 1 ||
        size != signature.size())
        fail("cannot sign");
    return signature;
}

}  // namespace triage
