// SPDX-License-Identifier: Apache-2.0
#include "cli/signing.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/known_sets.h"
#include "engine/base/error.h"

namespace triage {
namespace {

constexpr std::size_t most_key_bytes = 16 << 10;

struct Descriptor {
    const int fd;
    ~Descriptor() {
        if (fd >= 0) ::close(fd);
    }
};

Secret read_private_file(const std::string& path) {
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
    struct stat status {};
    if (file.fd < 0 || ::fstat(file.fd, &status) != 0)
        throw Error(path, fmt::format("the signing key cannot be read: {}", std::strerror(errno)),
                    "make one with: triage keygen KEY");
    if ((status.st_mode & 0077) != 0)
        throw Error(path, "others than its owner may read or change this signing key",
                    "chmod 600 it, if it is not lost");
    Bytes bytes(most_key_bytes);
    const ssize_t got = ::read(file.fd, bytes.data(), bytes.size());
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return Secret(Secret::Kind::key_file, std::move(bytes));
}

}  // namespace

void add_sign_options(CLI::App& command, SignArguments& arguments) {
    command.add_option("--sign", arguments.key, "Sign the manifest with this key (`triage keygen`)")->type_name("KEY");
    command
        .add_option("--sign-passphrase", arguments.passphrase,
                    "Where the key's passphrase comes from: \"ask\" (as it is), a file, or \"fd:N\"")
        ->type_name("FROM");
}

std::shared_ptr<const SigningKey> read_signing_key(const SignArguments& arguments) {
    if (arguments.key.empty()) return nullptr;
    forbid_core_dumps();
    const Secret pem = read_private_file(arguments.key);
    const bool is_encrypted = SigningKey::is_encrypted(pem.bytes());
    std::optional<SigningKey> key =
        is_encrypted ? SigningKey::parse(pem.bytes(), read_passphrase(arguments.passphrase, false).bytes())
                     : SigningKey::parse(pem.bytes(), {});
    if (!key)
        throw Error(arguments.key, is_encrypted ? "the passphrase does not open this signing key"
                                                : "is no Ed25519 private key in PEM form");
    return std::make_shared<const SigningKey>(std::move(*key));
}

}  // namespace triage
