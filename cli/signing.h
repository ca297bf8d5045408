// SPDX-License-Identifier: Apache-2.0
// The key that signs cases, as the commands take it: --sign and --sign-passphrase. One thread.
#pragma once

#include <memory>
#include <string>

#include "cli/command.h"
#include "engine/base/crypto.h"

namespace triage {

struct SignArguments {
    std::string key, passphrase = "ask";
};
void add_sign_options(CLI::App& command, SignArguments& arguments);

// Null where no key is named. Throws Error: no such file, one that others may read, no Ed25519 key, a wrong passphrase.
std::shared_ptr<const SigningKey> read_signing_key(const SignArguments& arguments);

}  // namespace triage
