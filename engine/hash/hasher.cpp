// SPDX-License-Identifier: Apache-2.0
#include "engine/hash/hasher.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "engine/base/error.h"

namespace triage {
namespace {

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

[[noreturn]] void fail(Algorithm algorithm, std::string why) {
    throw Error(std::string(to_string(algorithm)), "OpenSSL " + why,
                "check the OpenSSL configuration of this machine (a FIPS-only one has no MD5)");
}

// Fetched once a process: looking an algorithm up through the providers costs more than hashing a small file.
// The methods are immutable and live as long as the process.
const EVP_MD* method_of(Algorithm algorithm) {
    static const std::array<const EVP_MD*, all_algorithms.size()> methods{
        EVP_MD_fetch(nullptr, "MD5", nullptr),
        EVP_MD_fetch(nullptr, "SHA1", nullptr),
        EVP_MD_fetch(nullptr, "SHA256", nullptr),
    };
    const EVP_MD* method = methods[static_cast<std::size_t>(algorithm)];
    if (method == nullptr) fail(algorithm, "does not provide this digest");
    return method;
}

class Descriptor {
  public:
    explicit Descriptor(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    // 0 at the end, negative on an error (errno).
    ssize_t read(MutableBytes buffer) const {
        for (;;) {
            const ssize_t got = ::read(fd_, buffer.data(), buffer.size());
            if (got >= 0 || errno != EINTR) return got;
        }
    }
    bool is_open() const { return fd_ >= 0; }

  private:
    int fd_;
};

}  // namespace

struct Hasher::Contexts {
    std::array<Context, all_algorithms.size()> of;
};

Hasher::Hasher(AlgorithmSet algorithms) : algorithms_(algorithms), contexts_(std::make_unique<Contexts>()) {
    for (const Algorithm a : all_algorithms)
        if (algorithms_.has(a)) contexts_->of[static_cast<std::size_t>(a)].reset(EVP_MD_CTX_new());
    begin();
}

Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::begin() {
    for (const Algorithm a : all_algorithms) {
        EVP_MD_CTX* context = contexts_->of[static_cast<std::size_t>(a)].get();
        if (!algorithms_.has(a)) continue;
        if (context == nullptr || EVP_DigestInit_ex2(context, method_of(a), nullptr) != 1) fail(a, "cannot begin");
    }
}

void Hasher::update(ByteView bytes) {
    for (const Algorithm a : all_algorithms) update(a, bytes);
}

void Hasher::update(Algorithm algorithm, ByteView bytes) {
    if (!algorithms_.has(algorithm)) return;
    EVP_MD_CTX* context = contexts_->of[static_cast<std::size_t>(algorithm)].get();
    if (EVP_DigestUpdate(context, bytes.data(), bytes.size()) != 1) fail(algorithm, "cannot go on");
}

Digests Hasher::finish() {
    Digests digests;
    for (const Algorithm a : all_algorithms) {
        if (!algorithms_.has(a)) continue;
        Digest digest;
        digest.algorithm = a;
        EVP_MD_CTX* context = contexts_->of[static_cast<std::size_t>(a)].get();
        auto* out = reinterpret_cast<unsigned char*>(digest.bytes.data());
        if (EVP_DigestFinal_ex(context, out, nullptr) != 1) fail(a, "cannot finish");
        digests.set(digest);
    }
    return digests;
}

Digests hash_of(ByteView bytes, AlgorithmSet algorithms) {
    Hasher hasher(algorithms);
    hasher.update(bytes);
    return hasher.finish();
}

std::string sha256_of_file(const std::string& path) {
    const Descriptor file(path);
    if (!file.is_open()) throw Error(path, std::strerror(errno));
    AlgorithmSet sha256;
    sha256.add(Algorithm::sha256);
    Hasher hasher(sha256);
    Bytes buffer(1 << 20);
    for (;;) {
        const ssize_t got = file.read(buffer);
        if (got < 0) throw Error(path, std::strerror(errno));
        if (got == 0) return hasher.finish().sha256->hex();
        hasher.update(ByteView(buffer).first(static_cast<std::size_t>(got)));
    }
}

}  // namespace triage
